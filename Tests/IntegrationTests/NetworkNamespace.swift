import BulkheadSystem
import BulkheadTestSupport
import Foundation

/// A network of a test's own: loopback and nothing else, in which datagrams to and from a port can be lost. It is gone with the last
/// process in it. It takes root, and nftables.
final class NetworkNamespace: Sendable {
    struct Problem: Error, CustomStringConvertible { let description: String }

    private let holder: RunningProcess

    init() async throws {
        holder = try RunningProcess(
            "unshare",
            [
                "-n", "sh", "-c",
                "ip link set lo up && nft add table inet loss && nft 'add chain inet loss input "
                    + "{ type filter hook input priority 0; }' && echo ready && exec sleep 600",
            ])
        let holder = holder
        guard await eventually(within: .seconds(20), { holder.outputText.contains("ready") || !holder.isRunning }),
            holder.isRunning
        else { throw Problem(description: "no network of its own: \(holder.errorText)") }
    }

    /// Whether this user and this kernel can have one.
    static let isAvailable: Bool = {
        guard getuid() == 0 else { return false }
        let words = [
            "unshare", "-n", "sh", "-c",
            "ip link set lo up && nft add table inet a && nft 'add chain inet a b { type filter hook input priority 0; }' "
                + "&& nft 'add rule inet a b udp dport 9 numgen random mod 100 < 5 drop'",
        ]
        let run = ProgramRun("/usr/bin/env", words, environment: ProcessInfo.processInfo.environment)
        return (try? run.run(within: .seconds(20)))?.isSuccess == true
    }()

    private func within(_ command: [String]) -> [String] { ["--net=/proc/\(holder.pid)/ns/net"] + command }

    /// Starts `program`, found in PATH; its process id is the program's own.
    func start(_ program: String, _ arguments: [String]) throws -> RunningProcess {
        try RunningProcess("nsenter", within([program] + arguments))
    }

    /// Starts `bulkhead`, which sees nothing of the user's.
    func bulkhead(_ arguments: [String]) throws -> RunningProcess {
        let folder = BulkheadProgram.runtimeFolder
        return try start(
            "env",
            [
                "XDG_RUNTIME_DIR=\(folder)", "XDG_STATE_HOME=\(folder)/state", "XDG_CACHE_HOME=\(folder)/cache",
                BulkheadProgram.path("bulkhead"),
            ] + arguments)
    }

    /// From now on so many of a hundred datagrams from and to `port` are lost, whichever these are.
    func lose(percent: Int, of port: Int) async throws {
        try await change("flush chain inet loss input")
        for end in ["dport", "sport"] {
            try await change("add rule inet loss input udp \(end) \(port) numgen random mod 100 < \(percent) drop")
        }
    }

    /// Nothing is lost any more.
    func heal() async throws { try await change("flush chain inet loss input") }

    private func change(_ rule: String) async throws {
        let nft = try start("nft", [rule])
        guard await nft.wait() == 0 else { throw Problem(description: "nft \(rule): \(nft.errorText)") }
    }

    func end() async { await holder.end(signal: SIGKILL) }
}
