import ArgumentParser
import BulkheadHTTP
import BulkheadLibraryProtocol
import BulkheadLibraryStore
import BulkheadModel
import BulkheadSystem
import Glibc
import NIOHTTP1

/// A centre elsewhere.
struct RemoteCentre: SignalTaker {
    let call: PeerCall

    func take(_ signal: Signal) async throws {
        _ = try await call.send(.POST, "/centre/signals", body: JSONLine.encode(signal))
    }
}

/// `bulkhead library node`: one machine's recordings.
struct LibraryNodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "Keep and serve one machine's recordings, and tell a centre elsewhere of them.")

    @Option(help: ArgumentHelp("The node's settings, in YAML.", valueName: "file"))
    var config: String

    @Flag(help: "Write one JSON object for each event instead of sentences.")
    var json = false

    func run() async throws {
        var settings = try Configuration(config)
        let (id, address) = (try settings.node("id"), try settings.listenAddress())
        let media = try LibraryServeCommand.mediaFolder(settings.place(try settings.text("folder")))
        let key = try LibraryKey.read(settings.place(try settings.text("key-file")))
        let (centre, tls) = (try settings.address("centre"), try PartTLS(&settings))
        func call(_ place: PeerAddress) -> PeerCall {
            PeerCall(address: place, speaker: .node, node: id, key: key, trust: tls.trust)
        }
        var trackers: [any TrackerTaker] = []
        for text in try settings.list("trackers") {
            guard let place = PeerAddress(text) else {
                throw StartError(settings: "\(config): trackers wants \(PeerAddress.form)")
            }
            trackers.append(RemoteTracker(call(place)))
        }
        if trackers.isEmpty { trackers = [RemoteTracker(call(centre))] }
        let database = try settings.optionalText("database")
        let uploads = try UploadSettings(&settings)
        let rtmp = try settings.optionalListenAddress("rtmp-listen")
        let live = try settings.optionalAddress("live")
        try settings.finish()
        let lock = try FolderLock(media)
        let log = LibraryLog(isJSON: json)
        let store = try LibraryStores.node(database, media.ownPath("node.sqlite"))
        let node = NodeService(
            id, folder: media, store: store, key: key,
            signals: RemoteCentre(call: call(centre)), trackers: trackers,
            live: live.map { LiveServerStreams($0, node: id, trust: tls.trust, log: log) }, log: log,
            uploads: uploads.map { UploadDesk(media, key: $0.key, limits: $0.limits, log: log) },
            period: TestPeriod.read(.seconds(1)))
        try await Library(node: node, rtmp: rtmp, tls: try tls.server(log: log)).run(address, log: log) { port in
            log.write("library.ready", "Ready: node \(id) listens on port \(port)", ["port": "\(port)"])
        }
        withExtendedLifetime(lock) {}
    }
}

/// `bulkhead library centre`: the central database, and a tracker.
struct LibraryCentreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "centre", abstract: "Keep the central database of known nodes, with the page and a tracker.")

    @Option(help: ArgumentHelp("The centre's settings, in YAML.", valueName: "file"))
    var config: String

    @Flag(help: "Write one JSON object for each event instead of sentences.")
    var json = false

    func run() async throws {
        var settings = try Configuration(config)
        let address = try settings.listenAddress()
        let media = try LibraryServeCommand.mediaFolder(settings.place(try settings.text("folder")))
        let tls = try PartTLS(&settings)
        let peers = try LibraryStores.peers(&settings, trust: tls.trust)
        let trackers = try LibraryStores.trackers(&settings)
        let prefixes = try LibraryStores.prefixes(&settings)
        let database = try settings.optionalText("database")
        let replica = try settings.optionalText("replica")
        try settings.finish()
        guard replica == nil || database != nil else {
            throw StartError(
                settings:
                    "\(config): replica: names PostgreSQL, and database: does not: a replica of SQLite there is none")
        }
        let lock = try FolderLock(media)
        let log = LibraryLog(isJSON: json)
        let store = try LibraryStores.central(database, media.ownPath("centre.sqlite"))
        let reader: any CentralReader = replica.map { PostgresStores.centralReader($0) } ?? store
        let tracker = TrackerService(
            Dictionary(peers.map { ($0.id, $0) }) { first, _ in first }, prefixes: prefixes, log: log
        ) { version in try await Blocking.run { try reader.changes(after: version, limit: NodePage.mostRows) } }
        let centre = CentreService(
            peers, trackers: trackers, store: store, reader: reader, log: log,
            period: TestPeriod.read(CentreService.period)
        ) { tracker.noteNews() }
        try await Library(centre: centre, tracker: tracker, tls: try tls.server(log: log)).run(address, log: log) {
            port in
            log.write(
                "library.ready", "Ready: the centre of \(peers.count) nodes listens on port \(port)",
                ["port": "\(port)"])
        }
        withExtendedLifetime(lock) {}
    }
}

/// `bulkhead library tracker`: another tracker, fed by the central database.
struct LibraryTrackerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tracker", abstract: "Send players to nodes, beside the tracker of a centre elsewhere.")

    @Option(help: ArgumentHelp("The tracker's settings, in YAML.", valueName: "file"))
    var config: String

    @Flag(help: "Write one JSON object for each event instead of sentences.")
    var json = false

    func run() async throws {
        var settings = try Configuration(config)
        let address = try settings.listenAddress()
        let tls = try PartTLS(&settings)
        let feed = try Self.feed(&settings, trust: tls.trust)
        let peers = try LibraryStores.peers(&settings, trust: tls.trust)
        let prefixes = try LibraryStores.prefixes(&settings)
        try settings.finish()
        let log = LibraryLog(isJSON: json)
        let tracker = TrackerService(
            Dictionary(peers.map { ($0.id, $0) }) { first, _ in first }, prefixes: prefixes, log: log, feed: feed)
        try await Library(tracker: tracker, tls: try tls.server(log: log)).run(address, log: log) { port in
            log.write("library.ready", "Ready: the tracker listens on port \(port)", ["port": "\(port)"])
        }
    }
}

extension LibraryTrackerCommand {
    /// Where news come from: the central PostgreSQL, best a replica of it (`database:`), or the centre.
    private static func feed(
        _ settings: inout Configuration, trust: ClientTrust?
    ) throws(StartError) -> TrackerService.Feed {
        if let database = try settings.optionalText("database") {
            let reader = PostgresStores.centralReader(database)
            return { version in
                try await Blocking.run { try reader.changes(after: version, limit: NodePage.mostRows) }
            }
        }
        let id = try settings.node("id")
        let key = try LibraryKey.read(settings.place(try settings.text("key-file")))
        let centre = PeerCall(
            address: try settings.address("centre"), speaker: .node, node: id, key: key, trust: trust)
        return { version in
            let body = try await centre.send(.GET, "/centre/changes?after=\(version)")
            return try JSONLine.decode([CentralRow].self, from: body)
        }
    }
}

/// What configurations name: databases, nodes, prefixes.
enum LibraryStores {
    static func node(_ database: String?, _ path: String) throws(StartError) -> any NodeStore {
        do throws(StoreError) {
            guard let database else { return try SQLiteStores.node(at: path) }
            return try PostgresStores.node(database)
        } catch { throw StartError("\(error)") }
    }

    static func central(_ database: String?, _ path: String) throws(StartError) -> any CentralStore {
        do throws(StoreError) {
            guard let database else { return try SQLiteStores.central(at: path) }
            return try PostgresStores.central(database)
        } catch { throw StartError("\(error)") }
    }

    /// The known nodes: `nodes:`, each with `id`, `address`, `key-file` and perhaps `public`, `rtmp`,
    /// `live` and `database`.
    /// - Parameter trust: whom readers of nodes believe under TLS.
    static func peers(
        _ settings: inout Configuration, trust: ClientTrust? = nil
    ) throws(StartError) -> [KnownPeer] {
        var peers: [KnownPeer] = []
        for map in try settings.maps("nodes") {
            guard let id = map["id"].flatMap({ NodeID($0) }), let address = map["address"].flatMap({ PeerAddress($0) }),
                let keyFile = map["key-file"]
            else { throw StartError(settings: "each of nodes wants id, address (\(PeerAddress.form)) and key-file") }
            guard map["public"].map({ PeerAddress($0) != nil }) ?? true else {
                throw StartError(settings: "public of \(id) wants \(PeerAddress.form)")
            }
            let live = map["live"].flatMap { PeerAddress($0) }
            guard live != nil || map["live"] == nil else {
                throw StartError(settings: "live of \(id) wants \(PeerAddress.form)")
            }
            let rtmp = map["rtmp"].flatMap { RTMPPlace($0) }
            guard rtmp != nil || map["rtmp"] == nil else {
                throw StartError(settings: "rtmp of \(id) wants \(RTMPPlace.form)")
            }
            guard !peers.contains(where: { $0.id == id }) else {
                throw StartError(settings: "there are two nodes called \(id)")
            }
            let key = try LibraryKey.read(settings.place(keyFile))
            let remote = RemoteReader(
                call: PeerCall(address: address, speaker: .centre, node: id, key: key, trust: trust))
            var reader: any NodeReader = remote
            if let place = map["database"] { reader = DatabaseReader(reader: PostgresStores.reader(id, at: place)) }
            peers.append(
                KnownPeer(
                    id: id, reader: reader,
                    publicAddress: (map["public"].flatMap { PeerAddress($0) } ?? address).description, key: key,
                    liveAddress: live, rtmp: rtmp))
        }
        guard !peers.isEmpty else {
            throw StartError(settings: "no nodes are named: write nodes: and one entry for each")
        }
        return peers
    }

    /// Trackers elsewhere: `trackers:`, each with `id`, `key-file` and perhaps `public`.
    static func trackers(_ settings: inout Configuration) throws(StartError) -> [KnownTracker] {
        var trackers: [KnownTracker] = []
        for map in try settings.maps("trackers") {
            guard let id = map["id"].flatMap({ NodeID($0) }), let keyFile = map["key-file"] else {
                throw StartError(settings: "each of trackers wants id and key-file")
            }
            let place = map["public"].flatMap { PeerAddress($0) }
            guard place != nil || map["public"] == nil else {
                throw StartError(settings: "public of \(id) wants \(PeerAddress.form)")
            }
            trackers.append(
                KnownTracker(id: id, key: try LibraryKey.read(settings.place(keyFile)), publicAddress: place))
        }
        return trackers
    }

    static func prefixes(_ settings: inout Configuration) throws(StartError) -> PrefixTable {
        guard let name = try settings.optionalText("prefixes") else { return PrefixTable() }
        let path = settings.place(name)
        do {
            let file = try OpenFile(named: path)
            let bytes = try file.readBlocking(at: 0, count: Int(min(file.byteCount, 8 << 20)))
            return try PrefixTable(String(decoding: bytes, as: UTF8.self))
        } catch { throw StartError(settings: "the prefixes in \(path) can't be used: \(error)") }
    }
}
