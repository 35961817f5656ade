import BulkheadTestSupport
import Foundation

/// A hook server as people write them for nginx-rtmp: Python, forms, status codes. What it answers is in the stream's name.
final class HookPeer: Sendable {
    private static let script = #"""
        import http.server, json, sys, threading, time, urllib.parse

        log = open(sys.argv[2], "a", buffering=1)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                if self.headers["Content-Type"] == "application/json":
                    form = json.loads(body)
                else:
                    form = dict(urllib.parse.parse_qsl(body, keep_blank_values=True, strict_parsing=True))
                log.write(json.dumps({"path": self.path, **form}) + "\n")
                name = form["name"]
                status, location = 200, None
                if form["call"] in ("publish", "play", "update_publish", "update_play"):
                    if name.startswith("bad"): status = 403
                    if name.startswith("broken"): status = 500
                    if name.startswith("slow"): time.sleep(30)
                    if name.startswith("renamed"): status, location = 302, "other"
                    if name.startswith("circle"): status, location = 302, "http://127.0.0.1:1/circle"
                    if name.startswith("strange"): status, location = 302, "a\x01b"
                    if name.startswith("away"): status, location = 302, "rtmp://" + form["to"] + "/live/away"
                    if form["call"].startswith("update") and name.startswith("brief"): status = 404
                if name.startswith("lingering") and form["call"].endswith("_done"): time.sleep(30)
                self.send_response(status)
                if location: self.send_header("Location", location)
                if name.startswith("long"):
                    self.end_headers()
                    try:
                        while True: self.wfile.write(b"x" * 65536)
                    except OSError: return
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments): pass

        http.server.ThreadingHTTPServer.daemon_threads = True
        http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
        """#

    let port: Int
    private let folder: TemporaryFolder
    private let process: RunningProcess

    init() async throws {
        port = try FreePort.take()
        folder = try TemporaryFolder()
        process = try RunningProcess("python3", ["-c", Self.script, "\(port)", folder.path("log")])
        let port = port
        guard await eventually(within: .seconds(20), { LocalPort.isListening(on: port) }) else {
            throw NginxServer.StartError.notStarted(process.errorText)
        }
    }

    /// The fields of each call, in order.
    var calls: [[String: String]] {
        let text = (try? String(contentsOfFile: folder.path("log"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap {
            (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: String]
        }
    }

    func has(_ call: String, _ name: String) async -> Bool {
        await eventually { self.calls.contains { $0["call"] == call && $0["name"] == name } }
    }

    func end() async { await process.end() }
}
