"""YouTube's live chat with `streamList`, over HTTP/2 (by h2) with TLS: what `stream_list.proto` says, written by hand.

Prints its port, then what is asked for. Tokens are numbers of messages: `T3` goes on behind the third.
"""

import json
import socket
import ssl
import sys
import threading
import time

import h2.config
import h2.connection
import h2.events

certificate, key = sys.argv[1:3]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
context.set_alpn_protocols(["h2"])
listener = socket.create_server(("127.0.0.1", 0))
lock = threading.Lock()
streams = 0


def say(text):
    with lock:
        print(text, flush=True)


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def page(first, last):
    """Messages of numbers, and the token behind them, as gRPC frames them."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    body = b"".join(
        field(1007, field(101, f"id{number}")
              + field(2, field(1, 1) + field(4, stamp) + field(19, field(1, f"line {number}")))
              + field(3, field(10101, "u") + field(103, "Ann")))
        for number in range(first, last + 1)) + field(100602, f"T{last}")
    return b"\0" + len(body).to_bytes(4, "big") + body


def token_of(message):
    """That of a request: field 99, whose tag is 9a 06."""
    at = message.find(b"\x9a\x06")
    return message[at + 3 : at + 3 + message[at + 2]].decode() if at >= 0 else ""


def serve(connection, http, send):
    global streams
    requests = {}
    while True:
        data = connection.recv(65536)
        if not data:
            return
        for event in http.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                requests[event.stream_id] = (dict(event.headers), b"")
            elif isinstance(event, h2.events.DataReceived):
                head, body = requests[event.stream_id]
                requests[event.stream_id] = (head, body + event.data)
            elif isinstance(event, h2.events.StreamEnded):
                head, body = requests.pop(event.stream_id)
                stream, path = event.stream_id, head[":path"]
                if head.get("x-goog-api-key") != "KEY":
                    answer = json.dumps({"error": {"errors": [{"reason": "forbidden"}]}}).encode()
                    http.send_headers(stream, [(":status", "403")])
                    http.send_data(stream, answer, end_stream=True)
                elif path.startswith("/youtube/v3/liveChat/messages?"):
                    say("list")
                    token = path.split("pageToken=")[1] if "pageToken=" in path else "T0"
                    answer = json.dumps({"nextPageToken": token, "items": [], "pollingIntervalMillis": 5000}).encode()
                    http.send_headers(stream, [(":status", "200")])
                    http.send_data(stream, answer, end_stream=True)
                else:
                    token = token_of(body)
                    say(f"stream {token}")
                    streams += 1
                    first = int(token[1:] or 0) + 1
                    http.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
                    pushed = page(first, first + 1)
                    half = len(pushed) // 2
                    http.send_data(stream, pushed[:half])
                    send()
                    time.sleep(0.1)
                    http.send_data(stream, pushed[half:] + page(first + 2, first + 2))
                    send()
                    time.sleep(0.1)
                    if streams == 1:
                        # The connection breaks.
                        return
                    if streams == 2:
                        http.send_headers(
                            stream, [("grpc-status", "14"), ("grpc-message", "away for a moment")], end_stream=True)
        send()


def accept(plain):
    try:
        connection = context.wrap_socket(plain, server_side=True)
        http = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        http.initiate_connection()
        send = lambda: connection.sendall(http.data_to_send())
        send()
        serve(connection, http, send)
    except OSError:
        pass
    finally:
        plain.close()


say(f"port {listener.getsockname()[1]}")
while True:
    threading.Thread(target=accept, args=(listener.accept()[0],), daemon=True).start()
