package import BulkheadFLV
package import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import Synchronization

/// The queue between the broadcast and a link's task, and the signal that something is in it.
package final class LinkMailbox: Sendable {
    private struct State {
        var queue = LinkQueue()
        /// By number. They are few: one for each change of settings by hand.
        var configurations: [Int: StreamConfiguration] = [:]
        var newestConfiguration: Int?
        /// The one that was last taken for this connection.
        var takenConfiguration: Int?
        /// What metadata say besides, and what they have said of it on this connection.
        var extras = AMF0Object()
        var takenExtras = AMF0Object()
        var isFinished = false
        /// Packets are thrown away instead of kept.
        var isPaused = false
        /// Nothing is sent, but what may be wanted from ``resumeTime`` on is kept.
        var isParked = false
        /// Where what comes back from the air begins; nil for the next IDR.
        var resumeTime: MediaTime?
        var rate = RateMeter()
        var framesSent = 0
        var firstSent: MediaTime?
        /// Called instead of the signal when packets come, once until they are looked at.
        var feed: (@Sendable () -> Void)?
        var isFeedCalled = false
    }

    private let state = Mutex(State())
    private let signal = Signal()
    private let onRoom: @Sendable () -> Void

    /// What may wait before a broadcast in no hurry pauses: half a second, or 8 MB.
    private static let roomDuration = MediaTime(milliseconds: 500)
    private static let roomByteCount = 8 << 20

    /// - Parameter onRoom: called, on any thread, when a link that had no room has some again.
    /// - Parameter awaitsIDR: the broadcast is on air already: the first packet kept is an IDR.
    package init(limits: LinkQueue.Limits = .init(), awaitsIDR: Bool = false, onRoom: @escaping @Sendable () -> Void) {
        self.onRoom = onRoom
        state.withLock { $0.queue = LinkQueue(limits: limits, awaitsIDR: awaitsIDR) }
    }

    /// Keeps what players need for packets of configuration `number`, until they come.
    package func configure(_ configuration: StreamConfiguration, number: Int) {
        state.withLock {
            $0.configurations[number] = configuration
            $0.newestConfiguration = number
        }
        signal.ring()
    }

    /// Metadata have these properties besides from now on.
    package func extend(_ extras: AMF0Object) {
        state.withLock { $0.extras = extras }
        signal.ring()
    }

    /// Changes the queue, and tells where that makes room: a broadcast in no hurry waits for a word.
    private func change<Value>(_ body: (inout State) -> Value) -> Value {
        let (value, hasRoomAgain) = state.withLock { state -> (Value, Bool) in
            let hadRoom = Self.hasRoom(state.queue)
            let value = body(&state)
            return (value, !hadRoom && Self.hasRoom(state.queue))
        }
        if hasRoomAgain { onRoom() }
        return value
    }

    /// Puts a packet into the queue, which may shed others.
    package func offer(_ packet: Packet) {
        let (isKept, feed) = change { state -> (Bool, (@Sendable () -> Void)?) in
            guard !state.isPaused else { return (false, nil) }
            state.queue.append(packet)
            if state.isParked {
                state.queue.park()
                return (false, nil)
            }
            guard let feed = state.feed else { return (true, nil) }
            defer { state.isFeedCalled = true }
            return (false, state.isFeedCalled ? nil : feed)
        }
        if let feed { feed() } else if isKept { signal.ring() }
    }

    /// Has `feed` called, on the thread that offers, when packets come: once until ``beginFeeding()``. With nil they wake
    /// the link's task, as everything else does.
    func setFeed(_ feed: (@Sendable () -> Void)?) {
        state.withLock { state in
            state.feed = feed
            state.isFeedCalled = false
        }
    }

    /// From now on what comes calls for another feeding.
    func beginFeeding() { state.withLock { $0.isFeedCalled = false } }

    /// No more packets come.
    package func finish() {
        state.withLock { $0.isFinished = true }
        signal.ring()
    }

    /// Wakes the link's task for a reason of the link's own.
    func wake() { signal.ring() }

    /// So little waits that a broadcast in no hurry should go on.
    package var hasRoom: Bool { state.withLock { Self.hasRoom($0.queue) } }

    /// The DTS of the first picture that was taken out of it.
    package var firstSent: MediaTime? { state.withLock { $0.firstSent } }

    private static func hasRoom(_ queue: LinkQueue) -> Bool {
        queue.waitingDuration <= roomDuration && queue.waitingByteCount <= roomByteCount
    }

    package enum Item: Sendable {
        case configuration(StreamConfiguration, extras: AMF0Object)
        /// The configuration is the one that was taken last.
        case metadata(StreamConfiguration, extras: AMF0Object)
        case packet(Packet)
        /// Nothing waits; more may come.
        case empty
        /// Nothing waits and nothing more comes.
        case finished
    }

    /// Takes what is to be sent next.
    package func take() -> Item {
        change { state -> Item in
            // A new connection gets its headers at once; later ones go in front of their first picture.
            let picture = state.queue.first.flatMap { $0.isVideo ? $0.configuration : nil }
            let needed = picture ?? state.takenConfiguration ?? state.newestConfiguration
            if let needed, needed != state.takenConfiguration, let configuration = state.configurations[needed] {
                state.takenConfiguration = needed
                state.takenExtras = state.extras
                return .configuration(configuration, extras: state.extras)
            }
            if let taken = state.takenConfiguration, state.takenExtras != state.extras,
                let configuration = state.configurations[taken]
            {
                state.takenExtras = state.extras
                return .metadata(configuration, extras: state.extras)
            }
            guard let packet = state.queue.next() else { return state.isFinished ? .finished : .empty }
            state.rate.add(packet.bytes.count, at: .now)
            if packet.isVideo {
                state.framesSent += 1
                if state.firstSent == nil { state.firstSent = packet.dts }
            }
            return .packet(packet)
        }
    }

    /// Returns when something may be new in the mailbox; several reasons may come as one. At once when the caller is
    /// cancelled. For one reader.
    package func wait() async { await signal.wait() }

    /// Whether the packet that is sent next is an IDR: where one connection can give way to another.
    package var startsWithIDR: Bool { state.withLock { $0.queue.first?.isIDR ?? false } }

    /// The DTS of the packet that is sent next.
    package var firstTime: MediaTime? { state.withLock { $0.queue.first?.dts } }

    /// No more packets come.
    package var isEnding: Bool { state.withLock { $0.isFinished } }

    /// The connection is gone: from now on what is kept is bounded by the backfill.
    package func leaveAir() { state.withLock { $0.queue.isOffAir = true } }

    /// Prepares for a new connection: headers first, then the GOP that was being sent.
    ///
    /// - Parameter received: the DTS of the last access unit that a server is known to have; nil where all that was sent
    ///   has arrived. It starts with the IDR at or before it.
    /// - Returns: how far before the newest packet it starts.
    @discardableResult
    package func rewind(received: MediaTime? = nil) -> MediaTime {
        change {
            $0.queue.rewind(received: received)
            $0.queue.isOffAir = false
            $0.takenConfiguration = nil
            return $0.queue.waitingDuration
        }
    }

    /// Sends headers again before the next packet: it goes to another connection.
    package func repeatHeaders() { state.withLock { $0.takenConfiguration = nil } }

    /// Throws away what waits and what comes, until it is called again with false: it begins anew with an IDR.
    package func pause(_ isPaused: Bool) {
        change { state in
            state.isPaused = isPaused
            if let time = state.resumeTime, state.isParked {
                state.queue.rewind(received: time)
            } else if isPaused || state.isParked {
                state.queue.clear()
            }
            (state.isParked, state.resumeTime) = (false, nil)
        }
        signal.ring()
    }

    /// Leaves the air, until ``pause(_:)`` is called with false: nothing waits, and what has passed is kept as far as the
    /// backfill goes.
    package func park() {
        change {
            $0.isParked = true
            $0.queue.park()
        }
        signal.ring()
    }

    /// What comes back from ``park()`` next begins with the IDR at or before `time`, as far as that is kept.
    package func resume(from time: MediaTime) { state.withLock { if $0.isParked { $0.resumeTime = time } } }

    /// The newest stream configuration that was announced, and its number.
    package var newestConfiguration: (number: Int, StreamConfiguration)? {
        state.withLock { state in
            state.newestConfiguration.flatMap { number in state.configurations[number].map { (number, $0) } }
        }
    }

    /// Of what waits, by DTS.
    var waitingMilliseconds: Int64 { state.withLock { $0.queue.waitingDuration.milliseconds } }

    /// Leaves out of what waits what a slow path can't carry.
    package func shed(_ shedding: CongestionController.Shedding) {
        change { $0.queue.shed(shedding) }
    }

    /// Fills in the figures of a status.
    func measure(_ status: inout LinkStatus) {
        state.withLock {
            status.bitsPerSecond = $0.rate.bitsPerSecond(at: .now)
            status.queuedMilliseconds = Int(clamping: $0.queue.waitingDuration.milliseconds)
            status.queuedBytes = $0.queue.waitingByteCount
            status.framesSent = $0.framesSent
            status.framesShed = $0.queue.shedFrames
        }
    }
}
