import BulkheadHTTP
import BulkheadTestSupport
import Testing

/// Against a server that does to clients what servers do.
@Suite(.timeLimit(.minutes(1))) struct HTTPClientTests {
    private static let server = """
        import socket, sys, threading

        listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))

        def serve(connection):
            try:
                path = connection.recv(65536).split()[1]
                if path == b"/silent":
                    connection.recv(65536)
                elif path == b"/flood":
                    connection.sendall(b"HTTP/1.1 200 OK\\r\\n\\r\\n")
                    while True:
                        connection.sendall(b"x" * 65536)
                elif path == b"/nonsense":
                    connection.sendall(b"\\x00\\x01\\x02\\r\\n\\r\\n")
                elif path == b"/ok":
                    connection.sendall(b"HTTP/1.1 404 Not Found\\r\\nContent-Length: 2\\r\\n\\r\\n{}")
            except OSError:
                pass
            connection.close()

        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        """

    static let failures: [(path: String, problem: String)] = [
        ("/silent", "has not answered in time"), ("/flood", "answers without an end"),
        ("/nonsense", "failed"), ("/close", "closed the connection without an answer"),
    ]

    @Test func answersAndFailuresAreTold() async throws {
        let port = try FreePort.take()
        let closed = try await ask(port, "/ok")
        #expect(closed.1?.contains("can't be reached: connection refused") == true, "\(closed)")

        let server = try RunningProcess("python3", ["-c", Self.server, "\(port)"])
        #expect(await eventually { LocalPort.isListening(on: port) })
        let answer = try await ask(port, "/ok")
        #expect(answer.0 == HTTPReply(status: 404, body: "{}"), "\(answer)")
        for (path, problem) in Self.failures {
            let failure = try await ask(port, path)
            #expect(failure.1?.contains(problem) == true, "\(path): \(failure)")
        }
        await server.end()
    }

    private func ask(_ port: Int, _ path: String) async throws -> (HTTPReply?, String?) {
        let request = try HTTPRequest(method: "GET", url: "http://127.0.0.1:\(port)\(path)", place: "test")
        do throws(HTTPFailure) {
            return (try await HTTPClient.send(request, timeout: .milliseconds(1500)), nil)
        } catch {
            return (nil, error.description)
        }
    }
}
