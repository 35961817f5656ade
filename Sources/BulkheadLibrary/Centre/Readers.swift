import BulkheadLibraryProtocol
import BulkheadLibraryStore
import BulkheadModel
import NIOHTTP1

/// Reads a node's database in this process.
struct LocalReader: NodeReader {
    let node: NodeID
    let store: any NodeStore

    func page(after revision: Int64, limit: Int, isWhole: Bool) async throws -> NodePage {
        try await Blocking.run { [node, store] in
            let page = try store.page(after: revision, limit: limit, isWhole: isWhole)
            return NodePage(
                node: node, epoch: page.counters.epoch, changed: page.counters.changed, rows: page.rows,
                hasMore: page.rows.count == limit)
        }
    }

    func confirm(_ confirmations: [Receipt]) async throws {
        try await Blocking.run { [store] in try store.confirm(confirmations) }
    }

    func beginEpoch(insteadOf epoch: Epoch) async throws {
        _ = try await Blocking.run { [store] in try store.beginEpoch(insteadOf: epoch) }
    }
}

/// Reads a node's database through the node: SQLite has no network.
struct RemoteReader: NodeReader {
    let call: PeerCall

    func page(after revision: Int64, limit: Int, isWhole: Bool) async throws -> NodePage {
        let target = "/node/records?after=\(revision)&limit=\(limit)&whole=\(isWhole ? 1 : 0)"
        let body = try await call.send(.GET, target)
        do { return try JSONLine.decode(NodePage.self, from: body) } catch {
            throw PeerFailure(description: "\(call.address) answers what is no page of records")
        }
    }

    func confirm(_ confirmations: [Receipt]) async throws {
        _ = try await call.send(.POST, "/node/published", body: JSONLine.encode(confirmations))
    }

    func beginEpoch(insteadOf epoch: Epoch) async throws {
        _ = try await call.send(.POST, "/node/epoch", body: JSONLine.encode([epoch]))
    }
}

/// Reads a node's PostgreSQL itself, by a role that sees two views and calls one function.
struct DatabaseReader: NodeReader {
    let reader: PostgresReader

    func page(after revision: Int64, limit: Int, isWhole: Bool) async throws -> NodePage {
        try await Blocking.run { [reader] in try reader.page(after: revision, limit: limit, isWhole: isWhole) }
    }

    func confirm(_ confirmations: [Receipt]) async throws {
        try await Blocking.run { [reader] in try reader.confirm(confirmations) }
    }

    func beginEpoch(insteadOf epoch: Epoch) async throws {
        throw PeerFailure(
            description:
                "its database was restored from a backup, which only the node can say: stop it, and say restored")
    }
}
