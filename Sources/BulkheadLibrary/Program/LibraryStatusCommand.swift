import ArgumentParser
import BulkheadLibraryProtocol
import BulkheadLibraryStore
import BulkheadModel
import NIOHTTP1

/// `bulkhead library status`: the two flags of a node, in words.
struct LibraryStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "What a node has, and what the centre knows of it.")

    @Argument(help: ArgumentHelp("The node's address on this machine.", valueName: "url"))
    var address = "http://127.0.0.1:8090"

    @Flag(help: "Write JSON.")
    var json = false

    func run() async throws {
        guard let address = PeerAddress(address), let node = NodeID("nobody") else {
            throw ValidationError("\"\(self.address)\" is no address: write http://127.0.0.1:8090")
        }
        let status: NodeStatus
        do {
            let body = try await PeerCall(address: address, speaker: .node, node: node, key: []).send(
                .GET, "/node/status")
            if json { return print(String(decoding: body, as: UTF8.self), terminator: "") }
            status = try JSONLine.decode(NodeStatus.self, from: body)
        } catch let failure as PeerFailure { throw StartError("\(failure)") } catch {
            throw StartError("\(address) is no node of a library")
        }
        print("node        \(status.node), \(status.recordings) recordings, \(status.players) players")
        print("signal      \(status.signal) (changed \(status.changed), signalled \(status.signalled))")
        print("data        \(status.unpublished == 0 ? "all published" : "\(status.unpublished) not published")")
        for row in status.rows {
            let columns = [row.state, row.data, "\(row.published)/\(row.revision)"]
            let widths = [9, 14, 10]
            let line = zip(columns, widths).map { text, width in
                text + String(repeating: " ", count: max(1, width - text.count))
            }.joined()
            print("  " + line + row.path)
        }
    }
}

/// `bulkhead library restored`: after a backup of a node's database was put back.
struct LibraryRestoredCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restored",
        abstract: "Say that a node's database was restored from a backup, before the node starts.")

    @Option(help: ArgumentHelp("The node's folder.", valueName: "folder"))
    var folder: String

    @Option(
        help: ArgumentHelp(
            "The node's PostgreSQL, as its settings name it (default: the folder's SQLite).", valueName: "words"))
    var database: String?

    func run() throws {
        let media = try database == nil ? MediaFolder(used: folder) : LibraryServeCommand.mediaFolder(folder)
        let lock = try FolderLock(media)
        let store = try LibraryStores.node(database, media.ownPath("node.sqlite"))
        do throws(StoreError) { _ = try store.beginEpoch(insteadOf: nil) } catch { throw StartError("\(error)") }
        withExtendedLifetime(lock) {}
        print("The centre will read all of \(folder) again.")
    }
}
