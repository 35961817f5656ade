import BulkheadHTTP

/// What a tracker answers: who has a video, the best node first.
struct FoundVideo: Decodable, Sendable {
    struct Candidate: Decodable, Hashable, Sendable {
        let node: String
        /// The tracker's reasons.
        let why: String
        /// The playlist, with a token; without a host where the tracker is the node.
        let hls: String
    }

    struct Video: Decodable, Sendable {
        let name: String
    }

    let video: Video
    let candidates: [Candidate]
}

/// A candidate with its address.
struct PlayableNode: Hashable, Sendable {
    let node: String
    let why: String
    let playlist: HTTPAddress

    /// Nil where the address is none.
    init?(_ candidate: FoundVideo.Candidate, askedAt tracker: HTTPAddress) {
        let text = candidate.hls.hasPrefix("/") ? VideoAddress.origin(tracker) + candidate.hls : candidate.hls
        guard let playlist = HTTPAddress(text), candidate.node.utf8.count <= 63 else { return nil }
        node = candidate.node
        why = String(candidate.why.prefix(300))
        self.playlist = playlist
    }

    /// What lets a player in: the playlist's `token`.
    var token: String {
        let query = playlist.path.split(separator: "?", maxSplits: 1).dropFirst().first ?? ""
        return query.split(separator: "&").first { $0.hasPrefix("token=") }.map { String($0.dropFirst(6)) } ?? ""
    }

    /// The address of a file that the playlist names, beside the playlist.
    func address(of name: String) -> HTTPAddress? {
        guard !name.contains("://"), !name.hasPrefix("/") else {
            return HTTPAddress(name.hasPrefix("/") ? origin + name : name)
        }
        let folder = playlist.path.prefix { $0 != "?" }
        let end = folder.lastIndex(of: "/") ?? folder.startIndex
        return HTTPAddress(origin + folder[...end] + name)
    }

    private var origin: String { VideoAddress.origin(playlist) }
}

/// How a try at a node went: what the tracker is told, so that others are sent better.
struct Trip: Encodable, Hashable, Sendable {
    let node: String
    let token: String
    /// From asking to the first byte; nil where nothing came.
    let milliseconds: Double?
}
