import BulkheadTestSupport
import Glibc
import Testing

/// `bulkhead serve` as a program.
@Suite(.timeLimit(.minutes(2))) struct ServeTests {
    private func connect(to port: Int) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
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
}
