package import BulkheadMedia
import BulkheadTimeline

/// What one link still has to send, and where a new connection starts.
///
/// Packets wait in order. When they wait too long or take too much room, the queue sheds: first disposable pictures,
/// then everything up to the newest IDR. It also keeps what was sent in the last seconds, from an IDR on, so that a
/// connection that is made anew starts with a picture at once and misses nothing. While there is no connection
/// (``isOffAir``) it keeps the newest seconds, whether they were sent or not, and sheds whole GOPs from the front.
package struct LinkQueue: Sendable {
    package struct Limits: Hashable, Sendable {
        /// Of what waits, by DTS.
        package var duration = MediaTime(milliseconds: 15_000)
        package var byteCount = 64 << 20
        /// Of what is kept for a connection made anew, sent or not, beyond the GOP on air.
        package var backfill = MediaTime(milliseconds: 10_000)
        package var backfillByteCount = 64 << 20

        package init() {}
    }

    private let limits: Limits
    private var queue = GOPQueue<Packet>()
    /// The place of the packet that is sent next.
    private var position = 0
    package private(set) var shedFrames = 0
    private enum Start {
        /// The link joins with the next IDR: what comes before was never meant for it.
        case joins
        /// Packets of a GOP whose start was shed are left out until the next IDR comes.
        case resumes
    }

    /// What is left out until an IDR comes; nil when nothing is.
    private var awaitedStart: Start?
    /// No connection takes packets.
    package var isOffAir = false

    package init(limits: Limits = Limits(), awaitsIDR: Bool = false) {
        self.limits = limits
        awaitedStart = awaitsIDR ? .joins : nil
    }

    package var isEmpty: Bool { position == queue.end }

    /// The packet that is sent next.
    package var first: Packet? { queue[position]?.element }

    /// The time between the first and the last packet that wait.
    package var waitingDuration: MediaTime { queue.duration(from: position) }
    package var waitingByteCount: Int { queue.byteCount(from: position) }
    /// Of the packets that were sent and are kept.
    private var sentByteCount: Int { queue.byteCount - waitingByteCount }

    /// Adds a packet, and sheds if need be.
    package mutating func append(_ packet: Packet) {
        if packet.isIDR {
            awaitedStart = nil
        } else if let awaitedStart {
            if packet.isVideo, awaitedStart == .resumes { shedFrames += 1 }
            return
        }
        queue.append(packet, packet.gopKind, byteCount: packet.bytes.count, at: packet.dts)
        if isOffAir { keepNewest() } else if isOverfull { shed(.disposable) }
        while isOverfull { shedToNewestIDR() }
        forgetSentGOPs()
    }

    /// The next packet to send.
    package mutating func next() -> Packet? {
        guard let packet = first else { return nil }
        position += 1
        forgetSentGOPs()
        return packet
    }

    /// Goes back to where a new connection starts: the last IDR at or before the first packet that waits.
    ///
    /// - Parameter received: the DTS of the last access unit that a server is known to have. The start is then the last
    ///   IDR at or before it; what has to be sent again is kept for ``Limits/backfill`` only. Without backfill it is the
    ///   newest IDR, and what lies between is shed.
    package mutating func rewind(received: MediaTime? = nil) {
        guard limits.backfill > .zero else { return rewindToLiveEdge() }
        var start = queue.lastIDR(through: position) ?? position
        while let received, let time = queue.time(at: start), time > received,
            let earlier = queue.lastIDR(through: start - 1)
        {
            start = earlier
        }
        position = start
    }

    private mutating func rewindToLiveEdge() {
        guard let newest = queue.newestIDR else { return }
        skip(to: newest)
        position = newest
        forgetSentGOPs()
    }

    /// Takes all that waits for sent: no connection will have it, unless it is gone back to.
    package mutating func park() {
        position = queue.end
        isOffAir = false
        forgetSentGOPs()
    }

    /// Throws away everything; the next packet kept is an IDR.
    package mutating func clear() {
        queue.clear()
        position = queue.start
        awaitedStart = .joins
    }

    private var isOverfull: Bool {
        waitingByteCount > limits.byteCount || (!isOffAir && waitingDuration > limits.duration)
    }

    /// Leaves disposable pictures out of what waits, or everything up to the newest IDR where one waits behind the first
    /// packet.
    package mutating func shed(_ shedding: CongestionController.Shedding) {
        switch shedding {
        case .disposable: shedFrames += queue.removeDisposable(from: position)
        case .toNextIDR: if let newest = queue.newestIDR, newest > position { shedToNewestIDR() }
        }
    }

    private mutating func shedToNewestIDR() {
        // The IDR that heads the waiting packets alone can't be shed away by itself.
        let newest = queue.newestIDR.flatMap { $0 > position ? $0 : nil }
        skip(to: newest ?? queue.end)
        if newest == nil { awaitedStart = .resumes }
        // What was sent before the gap is no start for a new connection any more.
        queue.forget(before: position)
    }

    /// Counts what is passed over as shed.
    private mutating func skip(to target: Int) {
        guard target > position else { return }
        shedFrames += queue.kinds(in: position..<target).count(where: \.isPicture)
        position = target
    }

    /// Lets go of GOPs that were sent whole, as far as the backfill does not need them.
    private mutating func forgetSentGOPs() {
        // GOP by GOP: as many as are too old or too large to be kept. What comes before the first IDR of all is no start
        // for anything.
        while let next = queue.firstIDR(from: queue.start + 1), next < position,
            queue.duration(from: next) >= limits.backfill || sentByteCount > limits.backfillByteCount
        {
            queue.forget(before: next)
        }
    }

    /// Without a connection: GOPs go from the front, sent or not, as long as the rest covers the backfill.
    private mutating func keepNewest() {
        while let next = queue.firstIDR(from: queue.start + 1),
            queue.duration(from: next) >= limits.backfill || queue.byteCount > limits.backfillByteCount
        {
            skip(to: next)
            queue.forget(before: next)
        }
    }
}

extension Packet {
    fileprivate var gopKind: GOPKind {
        switch kind {
        case .audio: .sound
        case .video(isIDR: true, _): .idr
        case .video(isIDR: false, let isDisposable): .picture(isDisposable: isDisposable)
        }
    }
}
