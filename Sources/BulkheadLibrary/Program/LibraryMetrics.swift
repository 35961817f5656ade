import BulkheadLibraryProtocol
import BulkheadSystem
import NIOHTTP1

/// What the parts in this process count, in the text form of Prometheus 0.0.4.
/// - SeeAlso: https://prometheus.io/docs/instrumenting/exposition_formats/
struct LibraryMetrics: Sendable {
    private enum Kind: String { case gauge, counter }

    private let library: Library

    init(_ library: Library) { self.library = library }

    func answer() async -> Response {
        var lines: [String] = []
        func add(_ name: String, _ kind: Kind, _ help: String, _ values: [(labels: String, value: Double)]) {
            guard !values.isEmpty else { return }
            lines.append("# HELP bulkhead_library_\(name) \(help)")
            lines.append("# TYPE bulkhead_library_\(name) \(kind.rawValue)")
            for (labels, value) in values {
                lines.append("bulkhead_library_\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(Self.text(value))")
            }
        }
        add("up", .gauge, "Whether this process answers.", [("", 1)])
        if let node = library.node { await addNode(node, add) }
        if let centre = library.centre { await addCentre(centre, add) }
        if let tracker = library.tracker {
            add("videos", .gauge, "Videos that the tracker knows.", [("", Double(tracker.videoCount))])
            add("rooms", .gauge, "Live rooms whose lease lives.", [("", Double(tracker.rooms.count))])
            add("networks", .gauge, "Networks whose players have measured nodes.", [("", Double(tracker.networkCount))])
            let leases = tracker.peers.keys.sorted { $0.description < $1.description }.map {
                ("node=\"\($0)\"", tracker.leaseState(of: $0))
            }
            add(
                "node_ready", .gauge, "Whether players are sent to the node.",
                leases.map { ($0.0, $0.1.0 == .ready ? 1 : 0) })
            add("node_load", .gauge, "Players of the node, as a share of what it takes.", leases.map { ($0.0, $0.1.1) })
        }
        return Response(
            .ok, [("Content-Type", "text/plain; version=0.0.4; charset=utf-8"), ("Cache-Control", "no-store")],
            body: Array((lines.joined(separator: "\n") + "\n").utf8))
    }

    private typealias Adder = (String, Kind, String, [(labels: String, value: Double)]) -> Void

    private func addNode(_ node: NodeService, _ add: Adder) async {
        let label = "node=\"\(node.id)\""
        add("recordings", .gauge, "Recordings that the node has.", [(label, Double(node.scanner.count))])
        add("players", .gauge, "Players within the last 15 s.", [(label, Double(node.players.count(at: .now)))])
        add("media_sent_bytes_total", .counter, "Bytes of media that were sent.", [(label, Double(node.traffic.total))])
        let counted = try? await Blocking.run { [store = node.store, folder = node.folder] in
            let page = try store.page(after: 0, limit: 100_000, isWhole: false)
            return (page.counters, page.rows.count, DiskSpace.free(folder.path))
        }
        add("node_database_up", .gauge, "Whether the node's database answers.", [(label, counted == nil ? 0 : 1)])
        if let (counters, unpublished, free) = counted {
            add("changed", .gauge, "The node's counter of changes.", [(label, Double(counters.changed))])
            add("signalled", .gauge, "How far signals have told it.", [(label, Double(counters.signalled))])
            add("unpublished", .gauge, "Rows that the centre has not confirmed.", [(label, Double(unpublished))])
            add("disk_free_bytes", .gauge, "Room on the folder's disk.", free.map { [(label, Double($0))] } ?? [])
        }
        if let uploads = node.uploads {
            let unfinished = uploads.unfinished
            add("uploads", .gauge, "Uploads on their way.", [(label, Double(unfinished.count))])
            add(
                "uploads_held_bytes", .gauge, "What has come of them.",
                [(label, Double(unfinished.reduce(0) { $0 + $1.offset }))])
        }
    }

    private func addCentre(_ centre: CentreService, _ add: Adder) async {
        let facts = centre.peers.keys.sorted { $0.description < $1.description }.map { id in
            (label: "node=\"\(id)\"", id: id, facts: centre.facts(of: id))
        }
        add("readings_total", .counter, "Readings that went well.", facts.map { ($0.label, Double($0.facts.readings)) })
        add("rows_total", .counter, "Rows that were saved.", facts.map { ($0.label, Double($0.facts.rows)) })
        add("failures", .gauge, "Readings in a row that failed.", facts.map { ($0.label, Double($0.facts.failures)) })
        let known = try? await Blocking.run { [store = centre.store] in try store.nodes() }
        add("centre_database_up", .gauge, "Whether the central database answers.", [("", known == nil ? 0 : 1)])
        add(
            "wanted", .gauge, "Whether a signal waits for a reading.",
            facts.map { fact in (fact.label, known?.first { $0.node == fact.id }?.isWanted == true ? 1 : 0) })
    }

    /// Whole numbers without a point: no reader then takes them for rounded.
    private static func text(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
    }
}
