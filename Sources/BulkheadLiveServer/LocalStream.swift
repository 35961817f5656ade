package import BulkheadFLV
import BulkheadMedia
import BulkheadRTMP
package import NIOCore

/// One stream for players within this process: what a live server makes of a stream, without a server.
package final class LocalStream: Sendable {
    private final class State {
        static let name = StreamName(app: "live", name: "main")

        let hub: StreamHub
        var isPublished = false
        /// One that nobody has used for a while is another one.
        var stream: LiveStream { hub.streamToPlay(Self.name) }

        init(_ hub: StreamHub) { self.hub = hub }
    }

    /// At which all of it runs.
    package let eventLoop: any EventLoop
    private let state: NIOLoopBound<State>

    package init(on eventLoop: any EventLoop) async throws {
        self.eventLoop = eventLoop
        state = try await eventLoop.submit {
            var options = LiveServerOptions()
            options.streamLimit = 1
            let hub = try StreamHub(options: options, report: { _ in }, on: eventLoop)
            return NIOLoopBound(State(hub), eventLoop: eventLoop)
        }.get()
    }

    // MARK: what comes. The thread waits for the event loop: not called there.

    /// A publisher comes.
    package func begin() {
        perform { state in
            guard !state.isPublished else { return }
            state.isPublished = true
            _ = try? state.hub.publish(State.name, by: ObjectIdentifier(state))
        }
    }

    /// The next tags, in order.
    package func send(_ tags: [FLVTag]) {
        perform { state in
            guard state.isPublished else { return }
            let stream = state.stream
            for tag in tags {
                let type: MessageType =
                    switch tag.kind {
                    case .audio: .audio
                    case .video: .video
                    case .script: .data
                    }
                stream.forward(
                    Message(type: type, timestampMilliseconds: tag.timestampMilliseconds, payload: tag.payload))
            }
            stream.flushSoon()
        }
    }

    /// The publisher goes.
    /// - Parameter isWanted: the stream has ended; else it may be back soon.
    package func end(isWanted: Bool) {
        perform { state in
            guard state.isPublished else { return }
            state.isPublished = false
            state.hub.endPublishing(state.stream, isWanted: isWanted)
        }
    }

    private func perform(_ body: @escaping @Sendable (State) -> Void) {
        try? eventLoop.submit { [state] in body(state.value) }.wait()
    }

    // MARK: who plays

    /// The stream as MP4 in fragments, from its newest IDR on.
    /// - Parameters:
    ///   - query: `after` and `zero`, of a player that comes back.
    ///   - patience: how long the first bytes are waited for.
    package func play(_ query: String, within patience: TimeAmount) async throws -> LocalPlay {
        try await eventLoop.submit { [state, eventLoop] in
            let (hub, stream) = (state.value.hub, state.value.stream)
            let comeback = StreamResponse.Comeback(HTTPQuery(query))
            let seat = LocalSeat(stream, hub, from: comeback, on: eventLoop, within: patience)
            seat.sit()
            return LocalPlay(NIOLoopBound(seat, eventLoop: eventLoop), seat.pieces, on: eventLoop)
        }.get()
    }
}

/// A player of a ``LocalStream``, as whoever writes to it has it.
package struct LocalPlay: Sendable {
    private let seat: NIOLoopBound<LocalSeat>
    private let eventLoop: any EventLoop
    /// The bytes, in order; they end with the stream, with ``leave()``, or where nothing has come in time.
    package let pieces: AsyncStream<ByteBuffer>

    fileprivate init(_ seat: NIOLoopBound<LocalSeat>, _ pieces: AsyncStream<ByteBuffer>, on eventLoop: any EventLoop) {
        self.seat = seat
        self.pieces = pieces
        self.eventLoop = eventLoop
    }

    /// What stands before the bytes; right once there are some.
    package func headers() async throws -> [(String, String)] {
        try await eventLoop.submit { [seat] in seat.value.headers }.get()
    }

    /// A piece has been written: what waits is bounded by what is not.
    package func took(_ piece: ByteBuffer) {
        eventLoop.execute { [seat] in seat.value.took(piece.readableBytes) }
    }

    /// Whoever played has gone.
    package func leave() { eventLoop.execute { [seat] in seat.value.leave() } }
}

/// The outlet of one local player.
private final class LocalSeat: PlayerOutlet {
    /// In bytes: what waits to be written before the rest stays in the stream's queue, where it can be skipped.
    private static let mostWaiting = 256 << 10

    private let stream: LiveStream
    private let hub: StreamHub
    private let comeback: StreamResponse.Comeback?
    private let continuation: AsyncStream<ByteBuffer>.Continuation
    let pieces: AsyncStream<ByteBuffer>
    private var player: Player<SharedFragment>?
    private var timeout: Scheduled<Void>?
    private var waiting = 0

    init(
        _ stream: LiveStream, _ hub: StreamHub, from comeback: StreamResponse.Comeback?, on eventLoop: any EventLoop,
        within patience: TimeAmount
    ) {
        self.stream = stream
        self.hub = hub
        self.comeback = comeback
        (pieces, continuation) = AsyncStream.makeStream()
        timeout = eventLoop.assumeIsolated().scheduleTask(in: patience) { [weak self] in self?.leave() }
    }

    func sit() {
        let player = Player(stream, stream.fragments, in: .fragments(inPieces: false), to: self) { [weak self] in
            guard let self else { return nil }
            return comeback?.timeZero == stream.wallClockOfZero ? comeback?.end : nil
        }
        self.player = player
        stream.fragments.add(player, hasBegun: stream.isPublished)
    }

    var headers: [(String, String)] {
        StreamResponse.headers(of: stream, "video/mp4" + (stream.tracks.map { "; codecs=\"\($0.codecs)\"" } ?? ""))
    }

    func took(_ count: Int) {
        let wasFull = waiting >= Self.mostWaiting
        waiting -= count
        if wasFull, waiting < Self.mostWaiting { player?.pump() }
    }

    func leave() {
        timeout?.cancel()
        continuation.finish()
        guard let player else { return }
        self.player = nil
        hub.remove(player, from: stream.fragments)
    }

    // MARK: PlayerOutlet

    var isWritable: Bool { player != nil && waiting < Self.mostWaiting }

    func write(_ bytes: ByteBuffer) {
        timeout?.cancel()
        waiting += bytes.readableBytes
        continuation.yield(bytes)
    }

    func writeAndFlush(_ bytes: ByteBuffer) { write(bytes) }

    func flush() {}

    /// The same response goes on.
    func publisherCame() {}

    func publisherWent() { leave() }

    func playerIsHopeless(because reason: String) { leave() }
}
