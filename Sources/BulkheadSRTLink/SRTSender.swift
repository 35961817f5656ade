import BulkheadChildRuntime
import BulkheadMedia
import BulkheadSRT
import BulkheadSRTTransport
import BulkheadSystem
import BulkheadWire
import Glibc

/// Sends packets by a connection, and tells how far the other side has them.
final class SRTSender {
    /// The payload that all tools use: 7 packets of a transport stream.
    private static let messageByteCount = 7 * TransportStreamMuxer.packetByteCount
    /// How long the other side may take for the rest.
    private static let finishing = Duration.seconds(2)
    /// What has arrived is surely given out so long after the latency.
    private static let margin = Duration.milliseconds(250)
    /// Between two reports where something has changed, and where nothing has.
    private static let shortInterval = Duration.milliseconds(20)
    private static let longInterval = Duration.seconds(1)

    private let connection: SRTSocket
    private let socket: WireSocket
    private let latency: Duration
    private var muxer: TransportStreamMuxer
    /// Bytes that the library has not taken, from ``position`` on, and where in them packets end.
    private var waiting: [UInt8] = []
    private var position = 0
    private var deliveries: DeliveryQueue
    private var report = SRTReport()
    private var reportedAt = MonotonicTime.now
    private var finishedAt: MonotonicTime?

    init(_ connection: SRTSocket, origin: MediaTime, _ socket: WireSocket) {
        self.connection = connection
        self.socket = socket
        latency = .milliseconds(Int64(connection.peerLatencyMilliseconds))
        muxer = TransportStreamMuxer(origin: origin)
        deliveries = DeliveryQueue(delay: latency + Self.margin)
    }

    /// Returns once all is sent; throws where the connection or the master ends before.
    func run() throws {
        do {
            while try step() {}
        } catch WireSocketError.closedByPeer {
            linger()
            throw WireSocketError.closedByPeer
        }
        linger()
    }

    /// What has arrived is shown only after the latency: a connection that is closed before takes it along.
    private func linger() {
        let milliseconds = min(1500, (latency + Self.margin).nanoseconds / 1_000_000)
        usleep(UInt32(clamping: milliseconds * 1000))
    }

    /// - Returns: whether there is more to do.
    private func step() throws -> Bool {
        let isBusy = !deliveries.isEmpty || position < waiting.count
        let patience: CInt = isBusy || finishedAt != nil ? 10 : 250
        // Acknowledgements are looked at in between.
        for number in 0..<64 {
            let received = try socket.receive(SRTRequest.self, timeoutMilliseconds: number == 0 ? patience : 0)
            guard let received else { break }
            try take(received.message)
        }
        try send()
        guard connection.state == .connected else {
            throw SRTProblem(failure: .lost(SRTSocket.gone))
        }
        try tell()
        guard let finishedAt else { return true }
        let isDone = deliveries.isEmpty && position == waiting.count
        return !isDone && MonotonicTime.now.since(finishedAt) < Self.finishing.nanoseconds
    }

    private func take(_ message: SRTRequest) throws {
        switch message {
        case .open: throw SRTProblem(failure: .unusable("it was told twice where to send"))
        case .configure(let configuration):
            do throws(TransportStreamError) { try muxer.configure(configuration) } catch {
                throw SRTProblem(failure: .unusable("\(error)"))
            }
        case .picture(let packet), .sound(let packet):
            let start = waiting.count
            muxer.write(packet, into: &waiting)
            let byteCount = waiting.count - start
            let messageCount = (byteCount + Self.messageByteCount - 1) / Self.messageByteCount
            deliveries.append(
                packet.isVideo ? packet.dts : nil, byteCount: packet.bytes.count, messageCount: messageCount)
            ends.append(waiting.count)
            try send()
        case .finish: finishedAt = .now
        }
    }

    /// Where in ``waiting`` packets end: no message holds parts of two.
    private var ends: [Int] = []

    private func send() throws(SRTProblem) {
        while let end = ends.first {
            while position < end {
                let next = min(end, position + Self.messageByteCount)
                guard try connection.send(waiting[position..<next]) else { return }
                position = next
                deliveries.sent()
            }
            ends.removeFirst()
        }
        waiting.removeAll(keepingCapacity: true)
        position = 0
    }

    /// Tells the master how far the other side is, if that is news, and from time to time.
    private func tell() throws {
        let now = MonotonicTime.now
        let elapsed = now.since(reportedAt)
        guard elapsed >= Self.shortInterval.nanoseconds else { return }
        deliveries.acknowledge(unacknowledged: connection.unacknowledgedCount, at: .nanoseconds(now.nanoseconds))
        let next = SRTReport(
            safe: deliveries.safe, releasedByteCount: deliveries.releasedByteCount, figures: connection.sendingFigures)
        let isNews = next.releasedByteCount != report.releasedByteCount || next.safe != report.safe
        guard isNews || elapsed >= Self.longInterval.nanoseconds else { return }
        (report, reportedAt) = (next, now)
        try socket.send(SRTReply.report(next))
    }
}
