package import BulkheadEvents
package import BulkheadMedia
import BulkheadModel
package import BulkheadWire

/// Something that is to be found again in a recording, and becomes a chapter of it.
package struct RecordNote: Hashable, Sendable {
    package enum Kind: Hashable, Sendable, CaseIterable {
        /// A place that a person has marked.
        case mark
        /// Another scene is shown.
        case scene
        /// Another encoder is at work.
        case takeover
    }

    package let kind: Kind
    package let text: String
    /// Nanoseconds since 1970 when it happened.
    package let wallClock: Int64

    package init(_ kind: Kind, _ text: String, wallClock: Int64) {
        self.kind = kind
        self.text = text
        self.wallClock = wallClock
    }
}

extension RecordNote {
    /// As a recorder is told of it.
    func wired(at picture: Int64) -> RecorderNote {
        let kind: RecorderNote.Kind =
            switch self.kind {
            case .mark: .mark
            case .scene: .scene
            case .takeover: .takeover
            }
        return RecorderNote(kind, picture: picture, wallClock: wallClock, text: text)
    }
}

/// What has happened on the timeline and belongs into recordings, until the picture comes that it is about: encoders are
/// behind the timeline.
package struct RecordingNotes: Sendable {
    /// What waits at most: where no picture comes, the oldest go to the next one.
    private static let mostWaiting = 1000

    private var waiting: [(frame: FrameNumber, note: RecordNote)] = []
    /// The same of comments: a minute of a very full room. More of them are in the room's log alone.
    private static let mostComments = 20_000
    private var comments: [RecorderComment] = []
    /// Of the pictures that come.
    package var frameRate: FrameRate?

    package init() {}

    /// Keeps what `event` says, if it belongs into recordings.
    package mutating func take(_ event: Event) {
        guard let (frame, kind, text) = event.place, waiting.count < Self.mostWaiting else { return }
        let clock = Int64(exactly: (event.time * 1e9).rounded()) ?? 0
        waiting.append((frame, RecordNote(kind, text, wallClock: clock)))
    }

    /// What is to be noted behind `packet`, the first picture that is not before it.
    package mutating func due(behind packet: Packet) -> [RecordNote] {
        guard !waiting.isEmpty, packet.isVideo, let frameRate else { return [] }
        let due = waiting.filter { frameRate.time(of: $0.frame) <= packet.dts }
        if !due.isEmpty { waiting.removeAll { frameRate.time(of: $0.frame) <= packet.dts } }
        return due.map(\.note)
    }

    /// Keeps a comment of the audience, which has its time.
    package mutating func take(_ comment: RecorderComment) {
        if comments.count < Self.mostComments { comments.append(comment) }
    }

    /// The comments that belong behind `packet`, the first picture that is not before them.
    package mutating func dueComments(behind packet: Packet) -> [RecorderComment] {
        guard packet.isVideo, comments.contains(where: { $0.time <= packet.dts.nanoseconds }) else { return [] }
        defer { comments.removeAll { $0.time <= packet.dts.nanoseconds } }
        return comments.filter { $0.time <= packet.dts.nanoseconds }
    }

    /// What no picture came for.
    package mutating func takeRest() -> (notes: [RecordNote], comments: [RecorderComment]) {
        defer { (waiting, comments) = ([], []) }
        return (waiting.map(\.note), comments)
    }
}

extension Part {
    /// It is the encoder of the program, and not that of a track.
    fileprivate var isOfEncoderOnAir: Bool { role == .encoder && duty == .onAir && name == Part.encoder.name }
}

extension Event {
    /// Whether it may belong into recordings: all others pass by.
    package var isForRecordings: Bool { place != nil }

    /// Where it happened on the timeline, and what it is called; nil for what does not belong into recordings.
    fileprivate var place: (FrameNumber, RecordNote.Kind, String)? {
        switch happening {
        case .timeline(.marked(let text, let frame)): (frame, .mark, text)
        case .timeline(.taken(let scene, let frame)): scene.isEmpty ? nil : (frame, .scene, scene)
        // Whoever follows begins with that frame; with the next one where none waited.
        case .child(.died(_, let cause, let frame, _, _, _, _)) where part.isOfEncoderOnAir:
            (frame ?? 0, .takeover, "the encoder ended: \(cause)")
        case .encoder(.changed(_, _, let frame, _)): (frame, .takeover, "the encoder was set anew")
        case .encoder(.slateBegan(let frame?)): (frame, .takeover, "the slate without an encoder")
        default: nil
        }
    }
}
