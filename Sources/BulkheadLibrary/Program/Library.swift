import BulkheadHTTP
import BulkheadLibraryProtocol
import BulkheadLibraryStore
import BulkheadModel
import BulkheadSystem
import Glibc
import NIOHTTP1

/// Why a part of the library could not start: one lowercase phrase with what to do.
struct StartError: Error, Hashable, CustomStringConvertible {
    let description: String
    /// 64, as of all commands, for what stays wrong until somebody changes the settings, or their files: a service manager does not
    /// try it again.
    let exitCode: CInt

    init(_ description: String) { (self.description, exitCode) = (description, EXIT_FAILURE) }

    /// What is wrong with settings.
    init(settings description: String) { (self.description, exitCode) = (description, 64) }
}

/// The parts of a library that run in this process, behind one address.
struct Library: Sendable {
    var node: NodeService?
    /// Where the node's recordings are played by RTMP; nil for nowhere.
    var rtmp: ListenAddress?
    var centre: CentreService?
    var tracker: TrackerService?
    /// Nil for HTTP and RTMP without TLS.
    var tls: ServerTLS?

    /// Serves until a signal comes.
    func run(_ address: ListenAddress, log: LibraryLog, whenReady: @Sendable (Int) -> Void) async throws(StartError) {
        let interruptions = Interruptions()
        let server: HTTPServer
        let quick = tracker.map { tracker in
            { @Sendable (request: Request) in TrackerAnswers(tracker: tracker).lookUp(request) }
        }
        do { server = try await HTTPServer(address, tls: tls, quick: quick) } catch {
            let place = address.host.contains(":") ? "[\(address.host)]" : address.host
            throw StartError(
                "\(place):\(address.port) can't be listened on: \(PeerCall.phrase(error)); choose another --listen")
        }
        let plays = try await rtmpServer(log: log)
        whenReady(server.port)
        let manager = ServiceManager.take()
        manager?.tell("READY=1")
        let answers = Answers(self)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in interruptions.signals { return }
            }
            group.addTask { try? await server.run { await answers.answer($0, $1) } }
            if let plays { group.addTask { await plays.run() } }
            if let node { group.addTask { await node.run() } }
            if let centre { group.addTask { await centre.run() } }
            if let tracker { group.addTask { await tracker.run() } }
            // The first that ends is the signal's.
            await group.next()
            manager?.tell("STOPPING=1")
            group.cancelAll()
        }
        log.write("library.stopped", "Stopped.")
    }

    private func rtmpServer(log: LibraryLog) async throws(StartError) -> RTMPServer? {
        guard let rtmp, let node else { return nil }
        do { return try await RTMPServer(rtmp, node, tls: tls, log: log) } catch {
            throw StartError(
                "port \(rtmp.port) can't be listened on for RTMP: \(PeerCall.phrase(error)); choose another")
        }
    }
}

/// Finds the part of the library that answers a request.
struct Answers: Sendable {
    private let library: Library
    private let node: NodeAnswers?
    private let centre: CentreAnswers?
    private let tracker: TrackerAnswers?

    init(_ library: Library) {
        self.library = library
        node = library.node.map { NodeAnswers(node: $0) }
        centre = library.centre.map { CentreAnswers(centre: $0) }
        tracker = library.tracker.map { TrackerAnswers(tracker: $0) }
    }

    func answer(_ request: Request, _ body: RequestBody) async -> Response {
        if let response = await node?.answer(request, body) { return response }
        if let response = await centre?.answer(request, body) { return response }
        if let response = await tracker?.answer(request, body) { return response }
        switch request.path {
        case ["health"]: return Response(.ok, [("Content-Type", "text/plain")], body: Array("ok\n".utf8))
        case ["api", "nodes"]: return await nodes()
        case ["api", "trackers"] where library.centre != nil:
            return .json(library.centre?.trackerAddresses.map(\.description) ?? [])
        case ["metrics"]: return await LibraryMetrics(library).answer()
        default: break
        }
        guard library.centre != nil, request.method == .GET || request.method == .HEAD else { return .notFound }
        return LibraryPage.answer(request.path)
    }

    struct NodeLine: Codable, Sendable {
        let node: NodeID
        let address: String
        /// As the tracker sees it; nil without one here.
        let state: String?
        let load: Double?
        /// As the centre sees it.
        let reading: CentreService.Facts
        let wanted: Int64
        let seen: Int64
    }

    private func nodes() async -> Response {
        guard let centre = library.centre else { return .notFound }
        let known = (try? await Blocking.run { try centre.store.nodes() }) ?? []
        return .json(
            centre.peers.values.sorted { $0.id.description < $1.id.description }.map { peer in
                let lease = library.tracker?.leaseState(of: peer.id)
                let row = known.first { $0.node == peer.id }
                return NodeLine(
                    node: peer.id, address: peer.publicAddress, state: lease?.0.rawValue, load: lease?.1,
                    reading: centre.facts(of: peer.id), wanted: row.map { $0.wanted == .max ? -1 : $0.wanted } ?? 0,
                    seen: row?.seen ?? 0)
            })
    }
}

/// The library's page: its files lie in the program.
enum LibraryPage {
    private static let files: [String: (type: String, bytes: [UInt8])] = [
        "index.html": ("text/html", PackageResources.index_html), "style.css": ("text/css", PackageResources.style_css),
        "library.js": ("text/javascript", PackageResources.library_js),
        "live.js": ("text/javascript", PackageResources.live_js),
        "player.js": ("text/javascript", PackageResources.player_js),
        "sources.js": ("text/javascript", PackageResources.sources_js),
    ]

    static func answer(_ path: [String]) -> Response {
        guard path.count <= 1, let file = files[path.first ?? "index.html"] else { return .notFound }
        return Response(
            .ok,
            [
                ("Content-Type", file.type + "; charset=utf-8"), ("Cache-Control", "no-cache"),
                // Media come from the nodes; nothing that came by a recording's name can run.
                (
                    "Content-Security-Policy",
                    "default-src 'self'; media-src * blob:; connect-src *; img-src *; base-uri 'none'; frame-ancestors 'none'"
                ),
                ("Referrer-Policy", "no-referrer"),
            ], body: file.bytes)
    }
}
