package import BulkheadMedia
package import BulkheadSystem
import Synchronization

/// One destination of a broadcast. The broadcast hands packets over without ever waiting; the link sends them when it
/// can, from tasks of its own.
protocol Link: Sendable {
    /// Told what players must know for packets of configuration `number`, before the first of them.
    func configure(_ configuration: StreamConfiguration, number: Int)
    /// Takes a packet. Never waits; what there is no room for is shed and counted.
    func offer(_ packet: Packet)
    /// Whether so little waits that a broadcast in no hurry should go on.
    var hasRoom: Bool { get }
    /// No more packets come: the link ends once it has sent what waits, with a goodbye.
    func finish()
    /// Ends the link now, with whatever waits.
    func abort()
    /// Does the link's work; returns when it has finished, throws when it can't go on.
    func run() async throws(BroadcastError)
    var status: LinkStatus { get }
}

/// The queue between the broadcast and a link's task, and the signal that something is in it.
package final class LinkMailbox: Sendable {
    private struct State {
        var queue = LinkQueue()
        /// By number. They are few: one for each change of settings by hand.
        var configurations: [Int: StreamConfiguration] = [:]
        var newestConfiguration: Int?
        /// The one that was last taken for this connection.
        var takenConfiguration: Int?
        var isFinished = false
        var rate = RateMeter()
        var framesSent = 0
    }

    private let state = Mutex(State())
    /// Something new is in the mailbox; several signals may come as one.
    package let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation
    private let onRoom: @Sendable () -> Void

    /// What may wait before a broadcast in no hurry pauses: half a second, or 8 MB.
    private static let roomDuration = MediaTime(milliseconds: 500)
    private static let roomByteCount = 8 << 20

    /// - Parameter onRoom: called, on any thread, when a link that had no room has some again.
    package init(onRoom: @escaping @Sendable () -> Void) {
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.onRoom = onRoom
    }

    /// Keeps what players need for packets of configuration `number`, until they come.
    package func configure(_ configuration: StreamConfiguration, number: Int) {
        state.withLock {
            $0.configurations[number] = configuration
            $0.newestConfiguration = number
        }
        signal.yield()
    }

    /// Puts a packet into the queue, which may shed others.
    package func offer(_ packet: Packet) {
        state.withLock { $0.queue.append(packet) }
        signal.yield()
    }

    /// No more packets come.
    package func finish() {
        state.withLock { $0.isFinished = true }
        signal.yield()
    }

    /// Wakes the link's task for a reason of the link's own.
    func wake() { signal.yield() }

    /// So little waits that a broadcast in no hurry should go on.
    package var hasRoom: Bool { state.withLock { Self.hasRoom($0.queue) } }

    /// Nothing has been taken out of it.
    package var isUnused: Bool { state.withLock { $0.framesSent == 0 } }

    private static func hasRoom(_ queue: LinkQueue) -> Bool {
        queue.waitingDuration <= roomDuration && queue.waitingByteCount <= roomByteCount
    }

    package enum Item: Sendable {
        case configuration(StreamConfiguration)
        case packet(Packet)
        /// Nothing waits; more may come.
        case empty
        /// Nothing waits and nothing more comes.
        case finished
    }

    /// Takes what is to be sent next.
    package func take() -> Item {
        let (item, hasRoomAgain) = state.withLock { state -> (Item, Bool) in
            // A new connection gets its headers at once; later ones go in front of their first picture.
            let picture = state.queue.first.flatMap { $0.isVideo ? $0.configuration : nil }
            let needed = picture ?? state.takenConfiguration ?? state.newestConfiguration
            if let needed, needed != state.takenConfiguration, let configuration = state.configurations[needed] {
                state.takenConfiguration = needed
                return (.configuration(configuration), false)
            }
            let hadRoom = Self.hasRoom(state.queue)
            guard let packet = state.queue.next() else { return (state.isFinished ? .finished : .empty, false) }
            state.rate.add(packet.bytes.count, at: .now)
            if packet.isVideo { state.framesSent += 1 }
            return (.packet(packet), !hadRoom && Self.hasRoom(state.queue))
        }
        if hasRoomAgain { onRoom() }
        return item
    }

    /// Prepares for a new connection: headers first, then the GOP that was being sent.
    package func rewind() {
        state.withLock {
            $0.queue.rewind()
            $0.takenConfiguration = nil
        }
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

/// Bytes over the last two seconds.
package struct RateMeter: Sendable {
    private static let window: Int64 = 2_000_000_000
    private var samples: [(time: MonotonicTime, byteCount: Int)] = []
    private var start: MonotonicTime?

    package init() {}

    /// Notes `byteCount` bytes at `now`.
    package mutating func add(_ byteCount: Int, at now: MonotonicTime) {
        if start == nil { start = now }
        samples.append((now, byteCount))
        trim(now)
    }

    /// Of the bytes that were added.
    package mutating func bitsPerSecond(at now: MonotonicTime) -> Int { Int(perSecond(now) { $0 + $1.byteCount * 8 }) }

    /// How many samples a second were added.
    package mutating func samplesPerSecond(at now: MonotonicTime) -> Double { perSecond(now) { count, _ in count + 1 } }

    private mutating func perSecond(
        _ now: MonotonicTime, _ add: (Int, (time: MonotonicTime, byteCount: Int)) -> Int
    ) -> Double {
        trim(now)
        guard let start else { return 0 }
        let span = max(100_000_000, min(Self.window, now.since(start)))
        return Double(samples.reduce(0, add)) * 1e9 / Double(span)
    }

    private mutating func trim(_ now: MonotonicTime) {
        let old = samples.prefix { now.since($0.time) > Self.window }.count
        if old > 0 { samples.removeFirst(old) }
    }
}
