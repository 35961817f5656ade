import BulkheadMedia
import BulkheadTimeline
import NIOCore

/// The connection of a player, as far as it takes a stream. It is held by the player.
protocol PlayerOutlet: AnyObject {
    /// The socket takes more.
    var isWritable: Bool { get }
    func write(_ bytes: ByteBuffer)
    func writeAndFlush(_ bytes: ByteBuffer)
    func flush()
    func publisherCame()
    func publisherWent()
    /// The player takes less than the stream brings.
    func playerIsHopeless(because reason: String)
}

/// Whoever plays a stream: one message stream of an RTMP connection, or one response over HTTP.
final class Player<Element: PlayedElement> {
    let stream: LiveStream
    private let shared: SharedQueue<Element>
    private let outlet: any PlayerOutlet
    private let way: Way
    private let options: LiveServerOptions
    private var reader: GOPQueue<Element>.Reader
    private var isPaused = false
    private var isPumping = false
    private(set) var sentByteCount = 0
    private(set) var wasHopeless = false
    private var lastProgress = NIODeadline.now()
    /// Of one that has come back: up to where it has the stream, if that is the same timeline still.
    private let resumption: () -> MediaTime?
    /// How far a stream may be behind what a player has, and catch up with it.
    private static var reach: MediaTime { MediaTime(milliseconds: 20_000) }

    /// How a player is given what there is.
    enum Way {
        /// As bytes, which all players of a form share.
        case bytes(PlayerForm)
        /// One element after the other, when, and whether it is a header that is given again; what takes it returns its length in bytes.
        case elements((Element, MediaTime, Bool) -> Int)
    }

    convenience init(
        _ stream: LiveStream, _ shared: SharedQueue<Element>, in form: PlayerForm, to outlet: any PlayerOutlet,
        resumption: @escaping () -> MediaTime? = { nil }
    ) {
        self.init(stream, shared, .bytes(form), to: outlet, resumption: resumption)
    }

    init(
        _ stream: LiveStream, _ shared: SharedQueue<Element>, _ way: Way, to outlet: any PlayerOutlet,
        resumption: @escaping () -> MediaTime? = { nil }
    ) {
        self.resumption = resumption
        self.stream = stream
        self.shared = shared
        self.outlet = outlet
        self.way = way
        options = stream.options
        reader = GOPQueue.Reader(before: shared.queue)
    }

    var summary: PlaySummary {
        PlaySummary(sentByteCount: sentByteCount, shedMessageCount: reader.shedCount, wasHopeless: wasHopeless)
    }

    /// What the stream must keep for it: everything from here on.
    var position: Int? { isPaused ? nil : reader.position }

    private var hasCaughtUp: Bool { reader.hasRead(before: shared.end) }
    private var isIdle: Bool { isPaused || hasCaughtUp }
    /// Writes that are flushed together: NIO keeps the room for as many as ever waited, for each connection.
    private static var writesAtATime: Int { 12 }

    /// Begins with what a new player needs to show a picture at once, or where one goes on that has come back.
    func start() {
        reader =
            resumption().map { GOPQueue.Reader(at: shared.queue, from: $0, reach: Self.reach) }
            ?? GOPQueue.Reader(at: shared.queue)
        pump()
    }

    func publisherCame() {
        if sentByteCount == 0, let time = resumption() {
            reader = GOPQueue.Reader(at: shared.queue, from: time, reach: Self.reach)
        } else {
            reader.restart(in: shared.queue)
        }
        outlet.publisherCame()
    }

    func publisherReturned() { reader.restart(in: shared.queue, isShed: false) }

    func publisherWent() {
        pump()
        outlet.publisherWent()
    }

    func setPaused(_ isPaused: Bool) {
        reader.restart(in: shared.queue, isShed: !self.isPaused)
        self.isPaused = isPaused
    }

    /// Skips what it is too slow for. The GOP that it began with is bounded by itself.
    func bound(at now: NIODeadline) {
        let byteLimit = options.playerQueueByteLimit + shared.gopByteLimit
        // Up to the news it may have waited for something.
        if isPaused || reader.hasRead(before: shared.freshStart) {
            lastProgress = now
            if isPaused || shared.freshByteCount <= byteLimit { return }
        }
        reader.bound(to: byteLimit, in: shared.queue)
    }

    /// Writes while the socket takes it; the rest waits in the stream's queue, where it can be skipped.
    func pump(at now: NIODeadline = .now()) {
        // Writing can tell at once that the socket takes more again.
        guard !isPumping, !isPaused else { return }
        isPumping = true
        defer { isPumping = false }
        switch way {
        case .bytes(let form): write(in: form, at: now)
        case .elements(let take):
            while !hasCaughtUp, outlet.isWritable,
                let (element, time, isRepeated) = reader.next(in: shared.queue)
            {
                lastProgress = now
                sentByteCount += take(element, time, isRepeated)
            }
        }
        guard reader.isHopeless || isStalled else { return }
        wasHopeless = true
        outlet.playerIsHopeless(because: "the player takes less than the stream brings")
    }

    private func write(in form: PlayerForm, at now: NIODeadline) {
        var writeCount = 0
        while !hasCaughtUp, outlet.isWritable {
            let bytes: ByteBuffer?
            if let fresh = shared.fresh(in: form, for: &reader) {
                bytes = fresh
            } else if let (element, time, isRepeated) = reader.next(in: shared.queue) {
                bytes = element.bytes(in: form, at: time, isRepeated: isRepeated)
            } else {
                break
            }
            guard let bytes, bytes.readableBytes > 0 else { continue }
            lastProgress = now
            sentByteCount += bytes.readableBytes
            writeCount += 1
            if hasCaughtUp || writeCount == Self.writesAtATime {
                outlet.writeAndFlush(bytes)
                writeCount = 0
            } else {
                outlet.write(bytes)
            }
        }
        if writeCount > 0 { outlet.flush() }
    }

    private var isStalled: Bool {
        !isIdle && NIODeadline.now() - lastProgress > TimeAmount(options.playerStallTimeout)
    }
}
