package import BulkheadMedia

/// What one link still has to send, and where a new connection starts.
///
/// Packets wait in order. When they wait too long or take too much room, the queue sheds: first disposable pictures,
/// then everything up to the newest IDR. It also keeps what was sent since the last IDR, so that a connection that is
/// made anew starts with a picture at once and misses nothing.
package struct LinkQueue: Sendable {
    package struct Limits: Hashable, Sendable {
        /// Of what waits, by DTS.
        package var duration = MediaTime(milliseconds: 15_000)
        package var byteCount = 64 << 20

        package init() {}
    }

    private let limits: Limits
    private var packets: [Packet] = []
    private var nextToSend = 0
    package private(set) var waitingByteCount = 0
    package private(set) var shedFrames = 0
    /// Packets of a GOP whose start was shed are left out until the next IDR comes.
    private var awaitsIDR = false

    package init(limits: Limits = Limits()) { self.limits = limits }

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
        packets.append(packet)
        waitingByteCount += packet.bytes.count
        if isOverfull { shedDisposable() }
        while isOverfull { shedToNewestIDR() }
        forgetSentGOPs()
    }

    /// The next packet to send.
    package mutating func next() -> Packet? {
        guard nextToSend < packets.count else { return nil }
        let packet = packets[nextToSend]
        nextToSend += 1
        waitingByteCount -= packet.bytes.count
        forgetSentGOPs()
        return packet
    }

    /// Goes back to where a new connection starts: the last IDR at or before the first packet that waits.
    package mutating func rewind() {
        let start = packets[..<min(nextToSend + 1, packets.count)].lastIndex { $0.isIDR } ?? nextToSend
        for packet in packets[start..<max(start, nextToSend)] { waitingByteCount += packet.bytes.count }
        nextToSend = start
    }

    private var isOverfull: Bool {
        waitingByteCount > limits.byteCount || waitingDuration > limits.duration
    }

    private mutating func shedDisposable() {
        let kept = packets[nextToSend...].filter { packet in
            guard case .video(isIDR: false, isDisposable: true) = packet.kind else { return true }
            shedFrames += 1
            waitingByteCount -= packet.bytes.count
            return false
        }
        packets.replaceSubrange(nextToSend..., with: kept)
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
    }

    private mutating func forgetSentGOPs() {
        guard nextToSend > 0, let start = packets[..<nextToSend].lastIndex(where: { $0.isIDR }), start > 0 else {
            return
        }
        packets.removeFirst(start)
        nextToSend -= start
    }
}
