import Foundation

/// `bulkhead serve` on a port of its own.
package final class EmbeddedServer: Sendable {
    package let port: Int
    private let process: RunningProcess

    /// Returns when it listens.
    /// - Parameter port: 0 for any that is free.
    package init(_ arguments: [String] = [], port: Int = 0) async throws {
        process = try BulkheadProgram.start(["serve", "--listen", "127.0.0.1:\(port)"] + arguments)
        let process = process
        guard
            await eventually(within: .seconds(20), { Self.port(in: process.outputText) != nil || !process.isRunning }),
            let port = Self.port(in: process.outputText)
        else { throw NginxServer.StartError.notStarted(process.errorText) }
        self.port = port
    }

    package func url(_ key: String) -> String { "rtmp://127.0.0.1:\(port)/live/\(key)" }

    package var log: String { process.outputText }

    package var pid: Int32 { process.pid }

    /// Waits until somebody waits for the stream `key`.
    package func hasViewer(of key: String) async -> Bool {
        await eventually(within: .seconds(20)) { self.log.contains("live/\(key):") && self.log.contains("is playing") }
    }

    /// How often a publisher began.
    package var publishCount: Int { log.split(separator: "\n").count { $0.hasSuffix(" is publishing") } }

    package func end(signal: Int32 = SIGTERM) async { await process.end(signal: signal) }

    private static func port(in text: String) -> Int? {
        text.firstMatch(of: #/rtmp://127\.0\.0\.1:(\d+)/#).flatMap { Int($0.1) }
    }
}
