import BulkheadMedia
import BulkheadRTMP
import NIOCore

/// Watches on a connection's event loop what of a stream is delivered: by what the server says, and while something is
/// under way by what the kernel knows.
final class DeliveryWatch {
    /// What a connection's handler does for its watch.
    struct Hooks {
        /// Sends the server a ping.
        let ping: () -> Void
        /// The connection carries nothing any more.
        let lose: (DeliveryDoubt, Duration) -> Void
    }

    /// Some servers count the handshake among the bytes they acknowledge.
    private static let handshakeByteCount: UInt64 = 3073

    private let queue: PublishQueue
    private let events: AsyncStream<PublishEvent>.Continuation
    private var monitor: DeliveryMonitor
    private var log = DeliveryLog()
    private var firstIDREnd: UInt64?
    /// Runs while something is under way.
    private var timer: Scheduled<Void>?
    private var lastCheck = NIODeadline.now()
    /// Set before anything is under way.
    var hooks: Hooks?

    init(
        patience: DeliveryMonitor.Patience, queue: PublishQueue, events: AsyncStream<PublishEvent>.Continuation
    ) {
        monitor = DeliveryMonitor(patience: patience)
        self.queue = queue
        self.events = events
    }

    /// A picture was written that ends with byte `end` behind the handshake.
    func noteWritten(_ packet: Packet, end: UInt64) {
        guard packet.isVideo else { return }
        if packet.isIDR, firstIDREnd == nil { firstIDREnd = end }
        log.append(end: end, dts: packet.dts.nanoseconds)
    }

    // MARK: - What the server says

    /// Something has come from the server, whatever it is.
    func heard() { monitor.heard() }

    func answeredPing() { monitor.answeredPing() }

    /// The server has said to have received so many bytes.
    /// - Returns: whether they are more than the first IDR.
    func acknowledged(_ byteCount: UInt64) -> Bool {
        let acknowledgement = PublishAcknowledgement(byteCount: byteCount, arrival: .now)
        monitor.acknowledged()
        // Where it counts the handshake too, the last of these bytes are still on their way.
        let delivered = byteCount > Self.handshakeByteCount ? byteCount - Self.handshakeByteCount : 0
        let dts = log.delivered(delivered).map { MediaTime(nanoseconds: $0) }
        queue.update {
            $0.acknowledgement = acknowledgement
            if let dts { $0.acknowledgedDTS = dts }
        }
        return firstIDREnd.map { byteCount >= $0 + Self.handshakeByteCount } ?? false
    }

    /// What the server says to have received can't be believed.
    func distrustAcknowledgements() {
        monitor.distrustAcknowledgements()
        queue.update { ($0.acknowledgement, $0.acknowledgedDTS) = (nil, nil) }
        events.yield(.acknowledgementsDistrusted)
    }

    // MARK: - What the kernel knows

    /// Something is under way on `channel`, to be called on its event loop.
    func arm(_ channel: any Channel) {
        guard timer == nil else { return }
        lastCheck = .now()
        schedule(channel)
    }

    func stop() {
        timer?.cancel()
        timer = nil
    }

    private func schedule(_ channel: any Channel) {
        let delay = TimeAmount(DeliveryMonitor.interval)
        timer = channel.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in
            self?.check(channel)
        }
    }

    private func check(_ channel: any Channel) {
        timer = nil
        guard queue.statistics.end == nil else { return }
        let now = NIODeadline.now()
        let tcp = TCPStatus.read(channel)
        let pendingByteCount = queue.statistics.queuedByteCount
        let verdict = monitor.check(
            .init(tcp: tcp, pendingByteCount: pendingByteCount), elapsed: Duration(now - lastCheck))
        lastCheck = now
        note(tcp)
        switch verdict {
        case .suspected(let doubt, _):
            queue.update { $0.doubt = doubt }
            events.yield(.suspected(doubt))
        case .recovered:
            queue.update { $0.doubt = nil }
            events.yield(.recovered)
        case .lost(let doubt, let duration): return hooks?.lose(doubt, duration) ?? ()
        case nil: break
        }
        if monitor.takePing() { hooks?.ping() }
        let isUnderWay = pendingByteCount > 0 || tcp.map { !$0.isAllAcknowledged } ?? false
        if isUnderWay || monitor.isConcerned { schedule(channel) }
    }

    private func note(_ tcp: TCPStatus?) {
        let since = monitor.silence.map { ContinuousClock.now - $0 }
        queue.update { statistics in
            statistics.unacknowledgedSince = since
            guard let tcp else { return }
            statistics.roundTrip = tcp.roundTrip
            statistics.notSentByteCount = tcp.notSentByteCount
            statistics.retransmissionCount = tcp.totalRetransmissionCount
            statistics.deliveredByteCount = tcp.acknowledgedByteCount
        }
    }
}
