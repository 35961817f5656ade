import BulkheadMedia
package import BulkheadModel
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadSRT
import BulkheadSelection
import Synchronization

/// The servers of one link, shared by its lanes.
package final class LinkServers: Sendable {
    private let table: Mutex<ServerTable>
    let clock: LinkClock
    let count: Int
    /// How many of them the link works with at a time.
    let laneCount: Int

    /// - Parameter clock: for what the table counts, and for waiting.
    package init(_ table: ServerTable, clock: LinkClock) {
        count = table.servers.count
        laneCount = table.laneCount
        self.table = Mutex(table)
        self.clock = clock
    }

    /// The servers that `destination` names.
    /// - Parameter patience: how long a server is tried that was never reached.
    package convenience init(
        _ destination: DestinationSettings, name: String, patience: Duration = .zero, clock: LinkClock
    ) throws(BroadcastError) {
        var servers: [ServerTable.Server] = []
        for settings in destination.servers {
            var options = PublishOptions()
            if !settings.tlsAuthorityFile.isEmpty {
                options.connection.tls.authoritiesPath = settings.tlsAuthorityFile
            }
            let target: LinkTarget
            do { target = try LinkTarget(settings) } catch {
                throw BroadcastError(code: .serverAddress, "a server of \(name) can't be used: \(error)")
            }
            servers.append(
                ServerTable.Server(
                    target: target, options: options,
                    candidate: Candidate(
                        name: "\(target)", priority: settings.priority, weight: settings.weight)))
        }
        // One that waits to be called can't be asked whether it could take over.
        if servers.count > 1, servers.contains(where: \.target.isCalled) {
            throw BroadcastError(
                code: .serverAddress, "\(name) can't choose between a caller that is waited for and other servers",
                advice: "give the SRT listener a link of its own")
        }
        self.init(
            ServerTable(
                servers, rule: destination.rule, lanes: destination.isRedundant ? 2 : 1, unreached: patience),
            clock: clock)
    }

    func read<Value>(_ body: (ServerTable, Duration) -> Value) -> Value {
        let now = clock.now()
        return table.withLock { body($0, now) }
    }

    func update<Value>(_ body: (inout ServerTable, Duration) -> Value) -> Value {
        let now = clock.now()
        return table.withLock { body(&$0, now) }
    }

    /// The servers' stream keys, passphrases and stream IDs.
    package var secrets: [String] { table.withLock { $0.servers.flatMap(\.target.secrets) } }

    func server(_ index: Int) -> ServerTable.Server { table.withLock { $0.servers[index] } }
    func name(_ index: Int) -> String { server(index).name }

    static var chance: Double { .random(in: 0...1) }

    /// Shakes hands with the servers at `indices`, all at once, and takes in what comes of it.
    ///
    /// - Parameters:
    ///   - patience: what has not answered by then counts as failing.
    ///   - onNews: called with each server that fails now and worked before, or the other way round.
    func probe(
        _ indices: [Int], patience: Duration, on group: LinkLoop,
        onNews: @escaping @Sendable (Int, Result<Duration, PublishError>) -> Void = { _, _ in }
    ) async {
        await withTaskGroup(of: (Int, Result<Duration, PublishError>).self) { tasks in
            for index in indices {
                let server = server(index)
                var options = server.options.connection
                options.timeout = min(options.timeout, patience)
                tasks.addTask { [options] in
                    switch server.target {
                    case .rtmp(let target):
                        (index, await RTMPProbe.measure(target, options: options, group: group.group))
                    case .srt(let address):
                        (index, await SRTProbe.measure(address, timeout: options.timeout, group: group.group))
                    }
                }
            }
            for await (index, result) in tasks {
                // Whoever is cancelled has learned nothing.
                if case .failure(.cancelled) = result { continue }
                let isNews = update { $0.probed(index, result, at: $1, chance: Self.chance) }
                if isNews { onNews(index, result) }
            }
        }
    }
}
