"""Clients that break the rules. Arguments: port, password. Prints one line of JSON for each step: what it came to."""
import base64
import hashlib
import json
import socket
import struct
import sys
import time

import websocket

port, password = int(sys.argv[1]), sys.argv[2]
url = f"ws://127.0.0.1:{port}/"


def tell(step, value):
    print(json.dumps([step, value]), flush=True)


def code_of_close(connection):
    try:
        while True:
            opcode, data = connection.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                return struct.unpack("!H", data[:2])[0] if len(data) >= 2 else 0
    except (websocket.WebSocketException, OSError):
        return None


def digest(text):
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def identified(subscriptions=4095):
    connection = websocket.create_connection(url, timeout=20)
    hello = json.loads(connection.recv())["d"]["authentication"]
    answer = digest(digest(password + hello["salt"]) + hello["challenge"])
    data = {"rpcVersion": 1, "authentication": answer, "eventSubscriptions": subscriptions}
    connection.send(json.dumps({"op": 1, "d": data}))
    json.loads(connection.recv())
    return connection


def refused(**options):
    try:
        websocket.create_connection(url, timeout=20, **options).close()
        return None
    except websocket.WebSocketBadStatusException as error:
        return error.status_code


tell("foreign page", refused(origin="http://evil.example"))
tell("foreign host", refused(host="evil.example"))
tell("own page", refused(origin=f"http://127.0.0.1:{port}"))
connection = websocket.create_connection(url, timeout=20)
connection.send_binary(b"\x81\xa2op\x01")
tell("binary on JSON", code_of_close(connection))
connection = websocket.create_connection(url, timeout=20)
connection.send(json.dumps({"op": 6, "d": {"requestType": "GetVersion", "requestId": 1}}))
tell("not identified", code_of_close(connection))
connection = websocket.create_connection(url, timeout=20, subprotocols=["x", "obswebsocket.json"])
tell("subprotocol", connection.subprotocol)
connection.close()
connection = identified()
connection.send(json.dumps({"op": 1, "d": {"rpcVersion": 1}}))
tell("identify twice", code_of_close(connection))
connection = identified()
try:
    connection.send("x" * (10 << 20))
except OSError:
    pass
closed = code_of_close(connection)
tell("10 MiB", closed in (None, 1009, 1002))
connection = identified(0)
connection.send(json.dumps({"op": 6, "d": {"requestType": "GetVersion", "requestId": None}}))
tell("null id", json.loads(connection.recv())["d"]["requestId"])
connection.close()

# One that asks and never reads is closed, and nobody else waits for it.
silent = identified()
silent.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
request = json.dumps({"op": 6, "d": {"requestType": "GetVersion", "requestId": 1}})
end = time.monotonic() + 60
try:
    silent.sock.settimeout(1)
    while time.monotonic() < end:
        try:
            silent.send(request)
        except (TimeoutError, websocket.WebSocketTimeoutException):
            continue
    tell("never reads", "kept")
except (OSError, websocket.WebSocketException):
    tell("never reads", "closed")

# Wrong passwords: five are looked at, then nobody from here comes in for ten seconds.
codes = []
for _ in range(6):
    connection = websocket.create_connection(url, timeout=20)
    connection.recv()
    connection.send(json.dumps({"op": 1, "d": {"rpcVersion": 1, "authentication": "x"}}))
    codes.append(code_of_close(connection))
tell("wrong passwords", codes)
connection = websocket.create_connection(url, timeout=20)
hello = json.loads(connection.recv())["d"]["authentication"]
answer = digest(digest(password + hello["salt"]) + hello["challenge"])
connection.send(json.dumps({"op": 1, "d": {"rpcVersion": 1, "authentication": answer}}))
tell("then the right one", code_of_close(connection))
