package import BulkheadMedia

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
    private var packets: [Packet] = []
    /// Where the IDRs stand in `packets`: they are looked for with each packet.
    private var idrs: [Int] = []
    private var nextToSend = 0
    package private(set) var waitingByteCount = 0
    package private(set) var shedFrames = 0
    /// Packets of a GOP whose start was shed are left out until the next IDR comes.
    private var awaitsIDR: Bool
    /// Bytes of the packets that were sent and are kept.
    private var sentByteCount = 0
    /// No connection takes packets.
    package var isOffAir = false

    package init(limits: Limits = Limits(), awaitsIDR: Bool = false) {
        self.limits = limits
        self.awaitsIDR = awaitsIDR
    }

    package var isEmpty: Bool { nextToSend == packets.count }

    /// The packet that is sent next.
    package var first: Packet? { nextToSend < packets.count ? packets[nextToSend] : nil }

    /// The time between the first and the last packet that wait.
    package var waitingDuration: MediaTime {
        guard nextToSend < packets.count, let last = packets.last else { return .zero }
        return last.dts - packets[nextToSend].dts
    }

    /// Adds a packet, and sheds if need be.
    package mutating func append(_ packet: Packet) {
        if packet.isIDR {
            awaitsIDR = false
        } else if awaitsIDR {
            if packet.isVideo { shedFrames += 1 }
            return
        }
        if packet.isIDR { idrs.append(packets.count) }
        packets.append(packet)
        waitingByteCount += packet.bytes.count
        if isOffAir { keepNewest() } else if isOverfull { shedDisposable() }
        while isOverfull { shedToNewestIDR() }
        forgetSentGOPs()
    }

    /// The next packet to send.
    package mutating func next() -> Packet? {
        guard nextToSend < packets.count else { return nil }
        let packet = packets[nextToSend]
        nextToSend += 1
        waitingByteCount -= packet.bytes.count
        sentByteCount += packet.bytes.count
        forgetSentGOPs()
        return packet
    }

    /// Goes back to where a new connection starts: the last IDR at or before the first packet that waits.
    ///
    /// - Parameter received: the DTS of the last access unit that a server is known to have. The start is then the last
    ///   IDR at or before it; what has to be sent again is kept for ``Limits/backfill`` only. Without backfill it is the
    ///   newest IDR, and what lies between is shed.
    package mutating func rewind(received: MediaTime? = nil) {
        guard !packets.isEmpty else { return }
        guard limits.backfill > .zero else { return rewindToLiveEdge() }
        var start = packets[..<min(nextToSend + 1, packets.count)].lastIndex { $0.isIDR } ?? nextToSend
        if let received {
            start =
                packets[...min(start, packets.count - 1)].lastIndex { $0.isIDR && $0.dts <= received }
                ?? packets[..<start].firstIndex { $0.isIDR } ?? start
        }
        move(to: start)
    }

    private mutating func rewindToLiveEdge() {
        guard let newest = packets.lastIndex(where: { $0.isIDR }) else { return move(to: nextToSend) }
        if newest > nextToSend {
            shedFrames += packets[nextToSend..<newest].count { $0.isVideo }
        }
        move(to: newest)
        forgetSentGOPs()
    }

    /// Makes the packet at `start` the next to send.
    private mutating func move(to start: Int) {
        for packet in packets[min(start, nextToSend)..<max(start, nextToSend)] {
            let byteCount = start < nextToSend ? packet.bytes.count : -packet.bytes.count
            waitingByteCount += byteCount
            sentByteCount -= byteCount
        }
        nextToSend = start
    }

    /// Throws away everything; the next packet kept is an IDR.
    package mutating func clear() {
        packets.removeAll()
        idrs.removeAll()
        nextToSend = 0
        waitingByteCount = 0
        sentByteCount = 0
        awaitsIDR = true
    }

    private var isOverfull: Bool {
        waitingByteCount > limits.byteCount || (!isOffAir && waitingDuration > limits.duration)
    }

    /// Leaves disposable pictures out of what waits, or everything up to the newest IDR where one waits behind the first
    /// packet.
    package mutating func shed(_ shedding: CongestionController.Shedding) {
        switch shedding {
        case .disposable: shedDisposable()
        case .toNextIDR:
            guard let newest = packets[nextToSend...].lastIndex(where: { $0.isIDR }), newest > nextToSend else {
                return
            }
            shedToNewestIDR()
        }
    }

    private mutating func shedDisposable() {
        let kept = packets[nextToSend...].filter { packet in
            guard case .video(isIDR: false, isDisposable: true) = packet.kind else { return true }
            shedFrames += 1
            waitingByteCount -= packet.bytes.count
            return false
        }
        packets.replaceSubrange(nextToSend..., with: kept)
        findIDRs()
    }

    private mutating func findIDRs() { idrs = packets.indices.filter { packets[$0].isIDR } }

    private mutating func removeFirst(_ count: Int) {
        packets.removeFirst(count)
        nextToSend = max(0, nextToSend - count)
        idrs = idrs.compactMap { $0 < count ? nil : $0 - count }
    }

    private mutating func shedToNewestIDR() {
        let newest = packets[nextToSend...].lastIndex { $0.isIDR } ?? packets.count
        // The IDR that heads the waiting packets alone can't be shed away by itself.
        let end = newest == nextToSend ? packets.count : newest
        for packet in packets[nextToSend..<end] {
            if packet.isVideo { shedFrames += 1 }
            waitingByteCount -= packet.bytes.count
        }
        packets.removeSubrange(nextToSend..<end)
        if nextToSend == packets.count { awaitsIDR = true }
        // What was sent before the gap is no start for a new connection any more.
        packets.removeFirst(nextToSend)
        nextToSend = 0
        sentByteCount = 0
        findIDRs()
    }

    /// Lets go of GOPs that were sent whole, as far as the backfill does not need them.
    private mutating func forgetSentGOPs() {
        guard nextToSend > 0, let last = packets.last else { return }
        // From the front, GOP by GOP: as many as are too old or too large to be kept. What comes before the first IDR of
        // all is no start for anything.
        var start = 0
        var byteCount = sentByteCount
        for next in idrs where next > start && next < nextToSend {
            guard last.dts - packets[next].dts >= limits.backfill || byteCount > limits.backfillByteCount else { break }
            byteCount -= packets[start..<next].reduce(0) { $0 + $1.bytes.count }
            start = next
        }
        guard start > 0 else { return }
        sentByteCount = byteCount
        removeFirst(start)
    }

    /// Without a connection: GOPs go from the front, sent or not, as long as the rest covers the backfill.
    private mutating func keepNewest() {
        while let last = packets.last, let next = idrs.first(where: { $0 > 0 }),
            last.dts - packets[next].dts >= limits.backfill
                || waitingByteCount + sentByteCount > limits.backfillByteCount
        {
            for packet in packets[..<next].prefix(nextToSend) { sentByteCount -= packet.bytes.count }
            for packet in packets[..<next].dropFirst(nextToSend) {
                waitingByteCount -= packet.bytes.count
                if packet.isVideo { shedFrames += 1 }
            }
            removeFirst(next)
        }
    }
}
