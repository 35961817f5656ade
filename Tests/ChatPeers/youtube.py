"""YouTube's live chat, from the shapes of its documentation, over HTTPS. Prints its port, then each page that is asked for.

Tokens are numbers of messages: `T3` goes on behind the third. Messages come with time; a question that comes too early is told
so, as the API does.
"""

import json
import ssl
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

certificate, key = sys.argv[1:3]
VIDEO, CHAT, INTERVAL = "6p_JM-I7FUg", "Cg0KCzZwX0pNLUk3RlVnKicKGFVDdmpnWHZCbGJRaXlkZmZaVTdtMV9h", 0.5
start = time.time()
asked_at = 0.0
pages = 0


def stamp():
    return time.strftime("%Y-%m-%dT%H:%M:%S.123456+00:00", time.gmtime())


def item(number):
    snippet = {"type": "textMessageEvent", "publishedAt": stamp(), "displayMessage": f"line {number}",
               "textMessageDetails": {"messageText": f"line {number}"}}
    if number == 4:
        snippet = {"type": "superChatEvent", "publishedAt": stamp(), "superChatDetails": {
            "amountMicros": "5000000", "currency": "USD", "userComment": "line 4", "tier": 3}}
    if number == 6:
        snippet = {"type": "messageDeletedEvent", "publishedAt": stamp(),
                   "messageDeletedDetails": {"deletedMessageId": "id4"}}
    return {"kind": "youtube#liveChatMessage", "id": f"id{number}", "snippet": snippet,
            "authorDetails": {"channelId": "u", "displayName": "Ann"}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def fail(self, status, reason):
        self.reply(status, {"error": {"code": status, "errors": [{"reason": reason}]}})

    def do_GET(self):
        global asked_at, pages
        address = urlparse(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        if self.headers.get("x-goog-api-key") != "KEY" or "key" in query:
            return self.fail(400, "API_KEY_INVALID")
        if address.path == "/youtube/v3/videos":
            items = [{"liveStreamingDetails": {"activeLiveChatId": CHAT}}] if query["id"] == VIDEO else []
            return self.reply(200, {"items": items})
        if address.path != "/youtube/v3/liveChat/messages" or query.get("liveChatId") != CHAT:
            return self.fail(404, "liveChatNotFound")
        token = query.get("pageToken", "")
        print(f"page {token or '-'}", flush=True)
        now = time.time()
        if token and now - asked_at < INTERVAL * 0.9:
            print("too early", flush=True)
            return self.fail(403, "rateLimitExceeded")
        asked_at = now
        pages += 1
        if pages == 3:
            # The connection breaks in the midst of an answer.
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"items":[')
            self.wfile.flush()
            self.close_connection = True
            return
        if pages == 5:
            return self.fail(503, "backendError")
        first = int(token[1:]) if token.startswith("T") else 0
        last = min(first + 2, 8)
        self.reply(200, {
            "pollingIntervalMillis": int(INTERVAL * 1000), "nextPageToken": f"T{last}",
            "items": [item(number) for number in range(first + 1, last + 1)]})

    def log_message(self, *arguments):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(f"port {server.server_address[1]}", flush=True)
server.serve_forever()
