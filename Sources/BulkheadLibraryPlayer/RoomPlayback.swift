import BulkheadHTTP
import BulkheadModel
package import BulkheadRTMPTransport
package import BulkheadStreamPlayer
import BulkheadSystem
import Synchronization

/// Plays a live room of a library. It asks the trackers; where the node that plays dies or gives nothing, the next one of the answer
/// goes on, and the trackers are asked again when none is left.
package struct RoomPlayback: Sendable {
    /// What comes, in order.
    package enum Piece: Sendable {
        /// A server has begun to give the stream, whose timestamps are its own. `before` says what has become of the one before; nil at
        /// the start.
        case began(node: String, why: String, before: String?)
        case message(PlayedMessage)
    }

    /// Takes a piece; returns false where no more is wanted.
    package typealias Taker = @Sendable (Piece) async throws -> Bool

    private enum Place: Sendable {
        case room(RoomAddress)
        /// A server that was named.
        case server(StreamSource)
    }

    private let place: Place
    private let patience: PlaybackPatience
    private let options: StreamOptions
    private let tell: @Sendable (PlaybackHappening) -> Void

    /// - Parameter tell: called with what happens.
    package init(
        _ room: RoomAddress, patience: PlaybackPatience = PlaybackPatience(), options: StreamOptions = StreamOptions(),
        tell: @escaping @Sendable (PlaybackHappening) -> Void
    ) {
        place = .room(room)
        self.patience = patience
        self.options = options
        self.tell = tell
    }

    /// The same for a stream of one server, which no tracker is asked for.
    package init(
        _ stream: StreamSource, patience: PlaybackPatience = PlaybackPatience(),
        options: StreamOptions = StreamOptions(), tell: @escaping @Sendable (PlaybackHappening) -> Void
    ) {
        place = .server(stream)
        self.patience = patience
        self.options = options
        self.tell = tell
    }

    /// Plays until the room is over, no more is wanted, or the task is cancelled.
    /// - Throws: ``PlaybackError``, and what `take` throws.
    package func run(_ take: @escaping Taker) async throws {
        var course = Course()
        while !Task.isCancelled {
            guard let nodes = try await find(&course) else { return }
            var left = nodes
            while !left.isEmpty, !Task.isCancelled {
                let race = RoomRace(
                    nodes: left, step: patience.step, silence: patience.silence, options: options,
                    before: course.lastEnd, tell: tell)
                switch try await race.run(take) {
                case .ended(let place, let why):
                    course.ended(left.remove(at: place), why, at: .now)
                case .none(let failures):
                    course.failed(failures, at: .now)
                    left = []
                case .unwanted: return
                }
            }
            if Task.isCancelled || isOver(course) { return }
            if course.isDistrust { throw PlaybackError.untrusted(course.lastFailure) }
            try check(course) { .noNode(course.lastFailure) }
            if case .room = place { tell(.asksAgain) }
            try? await Task.sleep(for: patience.step)
        }
    }

    /// What is known from one question to the next.
    private struct Course {
        /// When a server gave the stream last.
        var playedUntil: MonotonicTime?
        var troubleSince: MonotonicTime?
        /// What became of the server that gave the stream last.
        var lastEnd: String?
        var lastFailure = ""
        var lastRefusal = ""
        /// None of the servers that were tried last could prove who it is.
        var isDistrust = false

        mutating func ended(_ node: RoomNode, _ why: String, at now: MonotonicTime) {
            lastEnd = "\(node.node) \(why)"
            lastFailure = "\(node.node) \(why)"
            isDistrust = false
            (playedUntil, troubleSince) = (now, now)
        }

        mutating func failed(_ failures: [RoomRace.Failure], at now: MonotonicTime) {
            if let last = failures.last { lastFailure = "\(last.node) \(last.why)" }
            isDistrust = !failures.isEmpty && failures.allSatisfy(\.isDistrust)
            troubleSince = troubleSince ?? now
        }
    }

    /// A stream of one server is over when it has been played and has ended.
    private func isOver(_ course: Course) -> Bool {
        if case .server = place { course.playedUntil != nil } else { false }
    }

    private func check(_ course: Course, _ error: () -> PlaybackError) throws(PlaybackError) {
        guard let since = course.troubleSince else { return }
        if MonotonicTime.now.since(since) >= patience.trouble.nanoseconds { throw error() }
    }

    /// Who has the stream; nil where the room is over.
    private func find(_ course: inout Course) async throws(PlaybackError) -> [RoomNode]? {
        let room: RoomAddress
        switch place {
        case .server(let source): return [RoomNode(node: source.description, why: "it was named", source: source)]
        case .room(let address): room = address
        }
        while !Task.isCancelled {
            switch await ask(room) {
            case .answered(let tracker, let found):
                let nodes = found.candidates.prefix(8).compactMap { RoomNode($0) }
                tell(
                    .found(
                        name: String(found.room.prefix(255)), tracker: tracker.authority,
                        nodes: nodes.map { NamedNode(node: $0.node, why: $0.why) }))
                return nodes
            case .unknown:
                guard let end = course.playedUntil else { throw .unknown("the room \(room.names[0])") }
                if MonotonicTime.now.since(end) >= patience.absence.nanoseconds { return nil }
            case .untrusted(let phrase): throw .untrusted(phrase)
            case .failed(let phrase):
                course.troubleSince = course.troubleSince ?? .now
                try check(course) { .noTracker(phrase) }
                if phrase != course.lastRefusal { tell(.noTracker(phrase)) }
                course.lastRefusal = phrase
            }
            try? await Task.sleep(for: patience.step)
        }
        return nil
    }

    private func ask(_ room: RoomAddress) async -> TrackerQuestion.Outcome<FoundRoom> {
        let question = TrackerQuestion(
            trackers: room.trackers, step: patience.step, silence: patience.silence, trust: options.trust)
        for name in room.names {
            let path = name.split(separator: "/").map { PercentCode.encode(String($0)) }.joined(separator: "/")
            let outcome = await question.ask("/live/\(path)") { body, _ throws(FetchFailure) in
                guard let found = try? JSONLine.decode(FoundRoom.self, from: body) else {
                    throw .broken("it answers what is no room")
                }
                guard found.candidates.contains(where: { RoomNode($0) != nil }) else {
                    throw .broken("it names no live server that has it")
                }
                return found
            }
            guard case .unknown = outcome else { return outcome }
        }
        return .unknown
    }
}
