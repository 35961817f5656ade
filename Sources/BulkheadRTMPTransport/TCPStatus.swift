import NIOCore
import NIOPosix

/// What the kernel knows of a connection's sending side (TCP_INFO).
package struct TCPStatus: Hashable, Sendable {
    /// Segments under way that the peer's kernel has not acknowledged.
    package var unacknowledgedSegmentCount = 0
    /// Retransmissions since the last acknowledgement.
    package var retransmissionCount = 0
    /// Retransmissions since the connection was made.
    package var totalRetransmissionCount = 0
    /// Questions to a peer that takes no more, since its last answer.
    package var unansweredProbeCount = 0
    /// Since the last acknowledgement of any kind came, with data of the peer's or without.
    package var sinceAcknowledgement = Duration.zero
    /// Segments without data that came: acknowledgements, and answers to probes; nil where the kernel doesn't count them.
    package var bareSegmentCount: UInt32?
    /// The smoothed round trip that the kernel measures.
    package var roundTrip = Duration.zero
    /// Bytes in the kernel that have not been sent once.
    package var notSentByteCount = 0
    /// Bytes that the peer's kernel has, since the connection was made.
    package var acknowledgedByteCount: UInt64 = 0
    /// Bytes that the kernel was given, since the connection was made; nil where it doesn't count what it sends.
    package var writtenByteCount: UInt64?

    /// The peer's kernel has all that ours was given.
    package var isAllAcknowledged: Bool { unacknowledgedSegmentCount == 0 && notSentByteCount == 0 }

    /// A connection on which nothing has been sent.
    package init() {}

    /// The system's numbers for the channel's socket, without waiting; nil where it has none.
    ///
    /// To be called on the channel's event loop.
    static func read(_ channel: any Channel) -> TCPStatus? {
        guard let provider = channel as? any SocketOptionProvider else { return nil }
        let future: EventLoopFuture<RawTCPStatus> = provider.unsafeGetSocketOption(
            level: .tcp, name: NIOBSDSocket.Option(rawValue: RawTCPStatus.optionName))
        // Complete already, on the event loop: the callback runs within this call.
        var raw: RawTCPStatus?
        future.assumeIsolated().whenSuccess { raw = $0 }
        return raw?.status
    }
}

/// The beginning of `struct tcp_info` of linux/tcp.h, which only ever grows at its end. The system's C library declares
/// an older, shorter one. Older kernels leave the rest zero.
private struct RawTCPStatus: Sendable {
    /// TCP_INFO of linux/tcp.h.
    static let optionName: CInt = 11

    private typealias Words = (
        UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64,
        UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64,
        UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64
    )

    /// 216 bytes: up to tcpi_bytes_retrans (Linux 4.19).
    private var words: Words = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

    var status: TCPStatus? {
        withUnsafeBytes(of: words) { bytes in
            func word(_ offset: Int) -> Int { Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
            func long(_ offset: Int) -> UInt64 { bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
            // A sandbox that knows no TCP_INFO answers with zeros.
            guard bytes[0] != 0, word(68) != 0 else { return nil }
            var status = TCPStatus()
            status.retransmissionCount = Int(bytes[2])
            status.unansweredProbeCount = Int(bytes[3])
            status.unacknowledgedSegmentCount = word(24)
            status.sinceAcknowledgement = .milliseconds(word(56))
            status.roundTrip = .microseconds(word(68))
            status.totalRetransmissionCount = word(100)
            status.acknowledgedByteCount = long(120)
            status.notSentByteCount = word(144)
            let segmentCount = UInt32(word(140))
            if segmentCount > 0 { status.bareSegmentCount = segmentCount &- UInt32(word(152)) }
            // Sent, without what was sent again, and not sent yet.
            let (sent, again) = (long(200), long(208))
            if sent > again { status.writtenByteCount = sent - again + UInt64(word(144)) }
            return status
        }
    }
}
