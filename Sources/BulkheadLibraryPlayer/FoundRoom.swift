import BulkheadHTTP
import BulkheadStreamPlayer

/// What a tracker answers of a live room: who has it, the best node first.
struct FoundRoom: Decodable, Sendable {
    struct Candidate: Decodable, Hashable, Sendable {
        let node: String
        /// The tracker's reasons.
        let why: String
        let flv: String?
        let rtmp: String?
    }

    let room: String
    let candidates: [Candidate]
}

/// A server that has a room.
struct RoomNode: Hashable, Sendable {
    let node: String
    let why: String
    let source: StreamSource

    init(node: String, why: String, source: StreamSource) {
        self.node = node
        self.why = why
        self.source = source
    }

    /// HTTP-FLV goes through more proxies than RTMP, which is taken where there is nothing else. Nil where there is neither, as of a
    /// recording that grows.
    init?(_ candidate: FoundRoom.Candidate) {
        let sources = [candidate.flv, candidate.rtmp].compactMap { $0.flatMap { StreamSource($0) } }
        guard let source = sources.first, candidate.node.utf8.count <= 63 else { return nil }
        self.init(node: candidate.node, why: String(candidate.why.prefix(300)), source: source)
    }
}
