"""Bilibili's open platform with one room, from the shapes of its documentation: HTTPS and WebSockets (by wsproto) at one port.

Prints its port, then a line for each thing that is asked of it. What each game is sent stands in `course`.
"""

import hashlib
import hmac
import json
import socket
import ssl
import struct
import sys
import threading
import time
import zlib

import h11
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Ping, Request

certificate, key = sys.argv[1:3]
ACCESS_KEY, SECRET, CODE, APPLICATION = "AK", "SECRET", "ABCDEF", 1234567890

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]
games = 0
lock = threading.Lock()


def say(text):
    with lock:
        print(text, flush=True)


def packet(operation, body, version=0):
    return struct.pack(">IHHII", 16 + len(body), 16, version, operation, 1) + body


def message(cmd, **data):
    body = json.dumps({"cmd": "LIVE_OPEN_PLATFORM_" + cmd, "data": data}).encode()
    return packet(5, body)


def comment(number):
    return message("DM", msg_id=f"m{number}", msg=f"line {number}", uname="安", open_id="o", timestamp=int(time.time()))


def course(game, send):
    """What a game is sent once its token was taken."""
    now = int(time.time())
    if game == 1:
        # Three in a frame, packed, and two in a plain one; then the echo of a heartbeat with more behind it.
        send(packet(5, zlib.compress(comment(1) + comment(2) + comment(3)), version=2))
        send(message("SUPER_CHAT", message_id=7, message="short", rmb=30, start_time=now, end_time=now + 60)
             + message("SUPER_CHAT", message_id=8, message="long", rmb=100, start_time=now, end_time=now + 600))
        send(packet(3, b"\0\0\0\x07", version=1) + b"[object Object]")
        return "abort"
    if game == 2:
        send(comment(3) + comment(4))
        send(message("SUPER_CHAT_DEL", message_ids=[8]))
        send(message("INTERACTION_END", game_id="game-2"))
        return "wait"
    if game == 3:
        # 64 MiB in 64 kB.
        send(comment(5))
        send(packet(5, zlib.compress(b"\0" * (64 << 20), 9), version=2))
        return "wait"
    send(comment(6))
    return "wait"


def answer(path, headers, body):
    """To a request over HTTP."""
    global games
    names = ["x-bili-accesskeyid", "x-bili-content-md5", "x-bili-signature-method", "x-bili-signature-nonce",
             "x-bili-signature-version", "x-bili-timestamp"]
    signed = "\n".join(f"{name}:{headers.get(name, '')}" for name in names)
    code = hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).hexdigest()
    if headers.get("x-bili-accesskeyid") != ACCESS_KEY or headers.get("authorization") != code:
        return {"code": 4002, "message": "signature"}
    if headers["x-bili-content-md5"] != hashlib.md5(body).hexdigest():
        return {"code": 4012, "message": "md5"}
    asked = json.loads(body)
    say(f"{path} {asked.get('game_id', '')}".strip())
    if path == "/v2/app/start":
        if asked != {"code": CODE, "app_id": APPLICATION}:
            return {"code": 7007, "message": "code"}
        games += 1
        return {"code": 0, "message": "0", "data": {
            "game_info": {"game_id": f"game-{games}"},
            "websocket_info": {
                "auth_body": json.dumps({"game": games}),
                # Nobody listens at the first, and the second has no time.
                "wss_link": ["wss://localhost:1/sub", f"wss://localhost:{port}/busy", f"wss://localhost:{port}/sub"]},
            "anchor_info": {"room_id": 5, "uname": "anchor"}}}
    return {"code": 0, "message": "0"}


def serve_socket(connection, first):
    """A WebSocket: `first` are the bytes that have come."""
    protocol = WSConnection(ConnectionType.SERVER)
    game, buffer = None, b""
    data = first
    while True:
        protocol.receive_data(data)
        for event in protocol.events():
            if isinstance(event, Request):
                connection.sendall(protocol.send(AcceptConnection()))
                # A ping, and then a message in two frames are a server's right.
                connection.sendall(protocol.send(Ping(payload=b"are you there")))
            elif isinstance(event, CloseConnection):
                return
            elif isinstance(event, BytesMessage):
                buffer += event.data
                if not event.message_finished:
                    continue
                _, _, _, operation, _ = struct.unpack(">IHHII", buffer[:16])
                body, buffer = buffer[16:], b""
                if operation == 7:
                    game = json.loads(body)["game"]

                    def send(frame):
                        half = len(frame) // 2
                        connection.sendall(protocol.send(BytesMessage(frame[:half], message_finished=False)))
                        connection.sendall(protocol.send(BytesMessage(frame[half:])))

                    send(packet(8, b'{"code":0}', version=1))
                    if course(game, send) == "abort":
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        time.sleep(0.2)
                        return
                elif operation == 2:
                    say(f"beat {game}")
        data = connection.recv(65536)
        if not data:
            return


def serve(plain):
    try:
        connection = context.wrap_socket(plain, server_side=True)
        data = connection.recv(65536)
        if data.startswith(b"GET /sub "):
            return serve_socket(connection, data)
        if data.startswith(b"GET /busy "):
            # With its end in one packet.
            connection.sendall(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
            return
        http = h11.Connection(h11.SERVER)
        http.receive_data(data)
        request, body = None, b""
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                http.receive_data(connection.recv(65536))
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += event.data
            else:
                break
        headers = {name.decode(): value.decode() for name, value in request.headers}
        text = json.dumps(answer(request.target.decode(), headers, body)).encode()
        connection.sendall(http.send(h11.Response(
            status_code=200, headers=[("content-length", str(len(text))), ("connection", "close")])))
        connection.sendall(http.send(h11.Data(data=text)))
        connection.close()
    except (OSError, h11.RemoteProtocolError):
        pass
    finally:
        plain.close()


say(f"port {port}")
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
