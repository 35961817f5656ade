package import BulkheadChildRuntime
package import BulkheadFrames
import BulkheadMedia
import BulkheadSystem
package import BulkheadWire

/// The source's side of the conversation: what the master has lent and allowed, and the way to answer.
package final class MasterLink {
    private let socket: WireSocket
    /// The pool to write pictures to; nil before it was announced.
    package private(set) var pool: PoolMapping?
    /// Slots that wait for a picture, the one lent first in front.
    package private(set) var freeSlots: [UInt32] = []
    /// Sound may be sent up to this sample.
    package private(set) var audioCredit: Int64 = 0
    /// What of the input is used; all of it until the master says otherwise.
    package private(set) var usesPictures = true
    package private(set) var usesSound = true
    /// The pool's pictures have a plane of alpha.
    package private(set) var hasAlpha = false
    /// Files of a list that are to be played instead of the next one, and have not been looked for.
    private var skips: [String] = []
    private static let mostSkips = 16
    /// Packets that are passed on may be sent up to this source time, in nanoseconds.
    private(set) var copyCredit: Int64 = .min
    private var settings: SourceSettings?
    /// Whether the master has said what pictures are to be like.
    private var isToPlay = false
    /// Whether the master has said that packets are to be passed on.
    private var isToCopy = false
    private var lastSent = MonotonicTime.now
    private var lastCounted = MonotonicTime.now
    /// Between two reports of what has come.
    private static let countingInterval: Int64 = 500_000_000
    /// The slot that was delivered last: nobody else writes to it. Nil before the first.
    private var lastPicture: UInt32?
    private var wantsThumbnail = false
    private var thumbnails: ThumbnailMaker?
    /// Counts the pools, so that a writer can tell that the slots it knew are gone.
    package private(set) var poolGeneration = 0

    /// The conversation on `socket`, after hello.
    package init(_ socket: WireSocket) { self.socket = socket }

    /// The master has closed the socket.
    package var isAtEnd: Bool { socket.isAtEnd }

    /// Waits for what is to be opened.
    package func receiveSettings() throws(SourceStop) -> SourceSettings {
        while true {
            if let settings { return settings }
            try pump(waiting: true)
        }
    }

    /// Waits for the pool, and for what its pictures are to be like: canvas and rate of the settings are the timeline's
    /// from then on.
    package func receivePlay() throws(SourceStop) -> SourceSettings {
        while true {
            if isToPlay, let settings { return settings }
            try pump(waiting: true)
        }
    }

    /// Waits until packets may be passed on.
    func receiveCopy() throws(SourceStop) {
        while !isToCopy { try pump(waiting: true) }
    }

    /// Takes in all messages that have come; with `waiting` at least one.
    package func pump(waiting: Bool) throws(SourceStop) {
        var timeout: CInt = waiting ? -1 : 0
        while let received = try receive(timeout) {
            try take(received)
            timeout = 0
        }
    }

    /// Waits until `end`, and takes in what comes meanwhile.
    func rest(until end: MonotonicTime) throws(SourceStop) {
        while true {
            let milliseconds = end.since(.now) / 1_000_000
            guard milliseconds > 0 else { return }
            if let received = try receive(CInt(clamping: milliseconds)) { try take(received) }
        }
    }

    /// One to three slots are left to be filled: the master has enough pictures, and may get these together.
    package var hasFewSlots: Bool { (1...3).contains(freeSlots.count) }

    /// The slot to fill next, taken off the list.
    package func takeSlot() -> UInt32? { freeSlots.isEmpty ? nil : freeSlots.removeFirst() }

    /// Sends a reply, waiting until the socket takes it.
    package func send(_ reply: SourceReply) throws(SourceStop) {
        reach(reply)
        do { try socket.send(reply) } catch { throw SourceStop(error) }
        lastSent = .now
    }

    /// Puts a reply off until the next one is sent, or until this process waits for the master. Before it waits for
    /// anything else, call ``flush()``.
    package func post(_ reply: SourceReply) {
        reach(reply)
        socket.post(reply)
        lastSent = .now
    }

    package func flush() throws(SourceStop) { do { try socket.flush() } catch { throw SourceStop(error) } }

    private func reach(_ reply: SourceReply) {
        guard case .video(let slot, let pts, _) = reply, let rate = settings?.frameRate else { return }
        lastPicture = slot
        socket.reach(rate.frame(at: MediaTime(nanoseconds: pts)))
    }

    /// A file of a list that is to be played now, by its number or name; empty for the next one. Nil where none is asked for.
    func takeSkip() -> String? { skips.isEmpty ? nil : skips.removeFirst() }

    /// Sends a small picture of what was delivered last, where the master has asked for it.
    func sendThumbnailIfWanted() throws(SourceStop) {
        guard wantsThumbnail, lastPicture != nil else { return }
        wantsThumbnail = false
        try sendThumbnail()
    }

    /// Sends a small picture of what was delivered last, if anything was.
    func sendThumbnail() throws(SourceStop) {
        guard let slot = lastPicture, let bytes = pool?.bytes(of: slot), let settings else { return }
        thumbnails = thumbnails ?? ThumbnailMaker(canvas: settings.canvas, hasAlpha: hasAlpha)
        guard let jpeg = thumbnails?.jpeg(of: bytes), jpeg.count <= SourceReply.longestThumbnail else { return }
        try send(.thumbnail(jpeg))
    }

    /// Tells the master that nothing comes from the input, when it has heard nothing for a while.
    package func sendWaitingIfDue() throws(SourceStop) {
        if MonotonicTime.now.since(lastSent) > 300_000_000 { try send(.waiting) }
    }

    /// Tells the master what has come of a live input, where the last time is long enough ago.
    func sendFiguresIfDue(_ figures: () -> SourceFigures?) throws(SourceStop) {
        let now = MonotonicTime.now
        guard now.since(lastCounted) >= Self.countingInterval else { return }
        lastCounted = now
        if let figures = figures() { try send(.counted(figures)) }
    }

    private func receive(_ timeout: CInt) throws(SourceStop) -> Received<SourceRequest>? {
        do { return try socket.receive(SourceRequest.self, timeoutMilliseconds: timeout) } catch {
            throw SourceStop(error)
        }
    }

    private func take(_ received: consuming Received<SourceRequest>) throws(SourceStop) {
        switch received.message {
        case .open(let settings):
            guard self.settings == nil else { throw .broken("the master asked twice to open an input") }
            self.settings = settings
        case .pool(let shape):
            guard let descriptor = received.descriptor.take() else { throw .broken("a pool came without memory") }
            do { pool = try PoolMapping(shape, descriptor, access: .readWrite) } catch {
                throw .broken("the pool can't be mapped: \(error)")
            }
            descriptor.close()
            freeSlots = []
            (lastPicture, thumbnails) = (nil, nil)
            poolGeneration += 1
        case .play(let canvas, let frameRate, let hasAlpha):
            let layout = PictureLayout(canvas, hasAlpha: hasAlpha)
            guard let pool, Int(pool.shape.slotByteCount) >= layout.byteCount, !isToPlay else {
                throw .broken("the master asked for pictures of \(canvas), for which the pool is not made")
            }
            self.hasAlpha = hasAlpha
            settings?.canvas = canvas
            settings?.frameRate = frameRate
            isToPlay = settings != nil
        case .lend(let slot):
            guard let pool, slot < pool.shape.slotCount, !freeSlots.contains(slot) else {
                throw .broken("the master lent slot \(slot), which the source can't have")
            }
            freeSlots.append(slot)
        case .copy(let time):
            isToCopy = true
            copyCredit = max(copyCredit, time)
        case .makeThumbnail: wantsThumbnail = true
        case .use(let pictures, let sound): (usesPictures, usesSound) = (pictures, sound)
        case .skip(let file):
            guard skips.count < Self.mostSkips else { throw .broken("the master asks for one file after the other") }
            skips.append(file)
        case .audioCredit(let untilSample): audioCredit = max(audioCredit, untilSample)
        }
    }
}

/// Why a source's process ends.
package enum SourceStop: Error, CustomStringConvertible {
    /// The master is done with it.
    case closed
    case broken(String)

    init(_ error: WireSocketError) {
        if case .closedByPeer = error { self = .closed } else { self = .broken(error.description) }
    }

    package var description: String {
        switch self {
        case .closed: "the master has closed the connection"
        case .broken(let phrase): phrase
        }
    }
}
