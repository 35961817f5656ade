import BulkheadMedia
import NIOCore

/// One response that carries a stream for as long as it is published.
final class StreamResponse: PlayerOutlet {
    private enum Form {
        case flv, mp4
    }

    private let form: Form
    private let comeback: Comeback?
    private let stream: LiveStream
    private weak var handler: HTTPHandler?
    private var hasBegun = false
    private var hasLeft = false
    private var messages: Player<SharedMessage>?
    private var fragments: Player<SharedFragment>?
    private var timeout: Scheduled<Void>?

    static func flv(_ stream: LiveStream, to handler: HTTPHandler) -> StreamResponse {
        StreamResponse(.flv, stream, handler)
    }

    /// What a player has that comes back.
    struct Comeback {
        /// Where what it has ends, on the timeline of the response that it was given.
        let end: MediaTime
        /// That response's time 0, in milliseconds since 1970.
        let timeZero: Int64

        /// `after` and `zero` of a query; nil where they are not both there, or senseless.
        init?(_ query: HTTPQuery) {
            guard let end = query["after"].flatMap({ Int64($0) }), let zero = query["zero"].flatMap({ Int64($0) }),
                (0...Self.longest).contains(end)
            else { return nil }
            (self.end, timeZero) = (MediaTime(milliseconds: end), zero)
        }

        /// In milliseconds: some years.
        private static let longest: Int64 = 1 << 40
    }

    static func mp4(_ stream: LiveStream, from comeback: Comeback?, to handler: HTTPHandler) -> StreamResponse {
        StreamResponse(.mp4, stream, handler, comeback)
    }

    private init(_ form: Form, _ stream: LiveStream, _ handler: HTTPHandler, _ comeback: Comeback? = nil) {
        self.comeback = comeback
        self.form = form
        self.stream = stream
        self.handler = handler
    }

    /// Why the stream can't be had in this form.
    var refusal: HTTPAnswer? {
        guard form == .mp4, stream.isPublished, let obstacle = stream.obstacle, obstacle != .nothingYet else {
            return nil
        }
        return .notFound(obstacle.sentence)
    }

    var head: [(String, String)] {
        var type = "video/x-flv"
        if form == .mp4 { type = "video/mp4" + (stream.tracks.map { "; codecs=\"\($0.codecs)\"" } ?? "") }
        return Self.headers(of: stream, type)
    }

    static func headers(of stream: LiveStream, _ type: String) -> [(String, String)] {
        [
            ("Content-Type", type), ("Cache-Control", "no-store"), ("X-Accel-Buffering", "no"),
            ("Bulkhead-Time-Zero", "\(stream.wallClockOfZero)"),
        ]
    }

    /// - Parameter patience: how long the first bytes are waited for.
    func begin(within patience: TimeAmount) {
        timeout = handler?.eventLoop?.assumeIsolated().scheduleTask(in: patience) { [weak self] in
            guard let self, !hasBegun else { return }
            leave()
            handler?.refuse(self, .notFound("Nothing of this stream has come in time."))
        }
        let isInPieces = handler?.writesPieces ?? false
        switch form {
        case .flv:
            let player = Player(stream, stream.messages, in: .tags(inPieces: isInPieces), to: self)
            messages = player
            stream.messages.add(player, hasBegun: stream.isPublished)
        case .mp4:
            let player = Player(stream, stream.fragments, in: .fragments(inPieces: isInPieces), to: self) {
                [weak self] in self?.resumption
            }
            fragments = player
            stream.fragments.add(player, hasBegun: stream.isPublished)
        }
    }

    /// Where the player goes on, if it is the same timeline still.
    private var resumption: MediaTime? { comeback?.timeZero == stream.wallClockOfZero ? comeback?.end : nil }

    func pump() {
        messages?.pump()
        fragments?.pump()
    }

    /// The viewer has gone, or the stream.
    func leave() {
        guard !hasLeft else { return }
        hasLeft = true
        timeout?.cancel()
        guard let handler else { return }
        let summary = messages?.summary ?? fragments?.summary
        if let messages { handler.hub.remove(messages, from: stream.messages) }
        if let fragments { handler.hub.remove(fragments, from: stream.fragments) }
        (messages, fragments) = (nil, nil)
        if hasBegun, let summary { handler.hub.send(.playEnded(stream.name, peer: handler.peer, summary)) }
    }

    // MARK: PlayerOutlet

    var isWritable: Bool { !hasLeft && handler?.isWritable == true }

    func write(_ bytes: ByteBuffer) {
        announce()
        handler?.writeReady(bytes)
    }

    func writeAndFlush(_ bytes: ByteBuffer) {
        announce()
        handler?.writeReady(bytes, isFlushed: true)
    }

    /// Writes what comes before the first bytes.
    private func announce() {
        if !hasBegun, let handler {
            hasBegun = true
            timeout?.cancel()
            handler.hub.send(.playStarted(stream.name, peer: handler.peer))
            handler.write(head)
            if form == .flv {
                handler.writeReady(handler.writesPieces ? PlayerForm.framed(stream.flvHeader) : stream.flvHeader)
            }
        }
    }

    func flush() { handler?.flush() }

    /// The same response goes on.
    func publisherCame() {}

    func publisherWent() {
        // Whoever has been given nothing waits on.
        guard hasBegun, !hasLeft else { return }
        leave()
        handler?.end(self)
    }

    func playerIsHopeless(because reason: String) { handler?.close(because: reason) }
}
