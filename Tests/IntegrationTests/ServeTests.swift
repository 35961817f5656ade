import BulkheadTestSupport
import Foundation
import Glibc
import Testing

/// `bulkhead serve` as a program.
@Suite(.timeLimit(.minutes(2))) struct ServeTests {
    private func connect(to port: Int) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        try #require(descriptor >= 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0)
        return descriptor
    }

    /// Out of descriptors, the server says so and rests; when some are free again it goes on.
    @Test func serverOutOfDescriptorsRests() async throws {
        let server = try RunningProcess(
            "sh",
            [
                "-c", "ulimit -n 40; exec \"$0\" serve --listen 127.0.0.1:0 --max-connections 500",
                BulkheadProgram.path("bulkhead"),
            ])
        #expect(await eventually(within: .seconds(20)) { server.outputText.contains("Ready") })
        let port = try #require(server.outputText.firstMatch(of: #/rtmp://127\.0\.0\.1:(\d+)/#).flatMap { Int($0.1) })
        let peers = try (0..<60).map { _ in try connect(to: port) }
        #expect(
            await eventually(within: .seconds(20)) { server.outputText.contains("takes no more connections") },
            "\(server.outputText)")
        for peer in peers { close(peer) }
        // C0 and C1 are answered once the server has accepted the connection.
        let late = try connect(to: port)
        let opening = [3] + [UInt8](repeating: 0, count: 1536)
        #expect(send(late, opening, opening.count, 0) == opening.count)
        let isAnswered = await eventually(within: .seconds(20)) {
            var entry = pollfd(fd: late, events: Int16(POLLIN), revents: 0)
            return poll(&entry, 1, 0) == 1
        }
        #expect(isAnswered)
        close(late)
        #expect(server.outputText.split(separator: "\n").count { $0.contains("takes no more connections") } == 1)
        await server.end()
    }

    /// A token that the command makes lets FFmpeg publish; without it nobody may. What the file says is in no list of processes.
    @Test func tokensOfTheCommandAreTaken() async throws {
        let folder = try TemporaryFolder()
        let secret = folder.path("secret")
        try "a-secret-of-this-test\n".write(toFile: secret, atomically: true, encoding: .utf8)
        let configuration = folder.path("serve.yml")
        try """
        publish-secret-file: \(secret)
        relays: [{pull: rtmp://127.0.0.1:9/live/word-that-is-secret, name: live/other, on-demand: true}]
        """.write(toFile: configuration, atomically: true, encoding: .utf8)
        let server = try await EmbeddedServer(["--config", configuration])
        let arguments = try String(contentsOfFile: "/proc/\(server.pid)/cmdline", encoding: .utf8)
        #expect(arguments.contains("bulkhead-origin") && !arguments.contains("word-that-is-secret"))

        let token = try BulkheadProgram.start([
            "serve", "token", "publish", "live/show", "--secret-file", secret, "--for", "1m", "--url",
            server.url("show"),
        ])
        #expect(await token.wait() == 0, "\(token.errorText)")
        let url = token.outputText.split(separator: "\n").first.map(String.init) ?? ""
        #expect(url.hasPrefix(server.url("show") + "?expires="), "\(url)")
        func publish(to url: String) throws -> RunningProcess {
            try RunningProcess(
                "ffmpeg",
                [
                    "-v", "error", "-nostdin", "-re", "-f", "lavfi", "-i", "testsrc=s=160x90:r=10", "-t", "1", "-c:v",
                    "libx264", "-preset", "ultrafast", "-f", "flv", url,
                ])
        }
        let stranger = try publish(to: server.url("show"))
        #expect(await stranger.wait() != 0)
        let holder = try publish(to: url)
        #expect(await holder.wait() == 0, "\(holder.errorText)")
        #expect(server.log.contains("may not publish: it has no token") && server.publishCount == 1, "\(server.log)")
        #expect(!server.log.contains("token=") && !server.log.contains("a-secret-of-this-test"))
        await server.end()
    }

    @Test(
        arguments: [
            (["serve", "--config", "/nonexistent/serve.yml"], "can't be read"),
            (["serve", "--publish-secret-file", "/nonexistent/secret", "--listen", "127.0.0.1:0"], "no such file"),
            (["serve", "token", "watch", "live/x", "--secret-file", "/dev/null"], "to publish or to play"),
            (["serve", "token", "play", "x", "--secret-file", "/dev/null"], "is no stream's name"),
            (["serve", "token", "play", "live/x", "--secret-file", "/dev/null"], "fewer than 16 characters"),
            (["serve", "token", "play", "live/x", "--secret-file", "/dev/null", "--for", "0s"], "--for wants"),
        ])
    func whatCanNotBeUsedIsSaid(arguments: [String], words: String) async throws {
        let command = try BulkheadProgram.start(arguments)
        #expect(await command.wait() != 0)
        #expect(command.errorText.contains(words), "\(command.errorText)")
    }
}
