package import BulkheadMedia
package import BulkheadRTMP

/// What happens to a stream while it is published.
package enum PublishEvent: Hashable, Sendable {
    /// The server holds the stream: it acknowledged more than the first IDR, or has kept the connection for the
    /// acceptance delay.
    case accepted
    /// What the server has acknowledged can't be believed: it counts as one that acknowledges nothing.
    case acknowledgementsDistrusted
    /// The connection takes more again, after it had been full or ``RTMPPublisher/hasRoom(below:)`` was denied.
    case writable
    /// The connection may be lost: time to make another one ready. ``ended(_:)`` follows if nothing comes of it.
    case suspected(DeliveryDoubt)
    /// What was suspected did not come true.
    case recovered
    /// The server asks to be left for another, at the next IDR (Enhanced RTMP v2, "Reconnect Request").
    ///
    /// - Parameters:
    ///   - IngestTarget: where to go, with the same key; the same server where it named none; nil if its address can't be
    ///     used.
    ///   - String: the server's own words. Foreign text.
    case reconnectRequested(IngestTarget?, String)
    /// Nothing comes after it.
    case ended(PublishEnd)
}

/// What the server has said to have received.
package struct PublishAcknowledgement: Hashable, Sendable {
    /// Of the bytes behind the handshake, as far as ``PublisherStatistics/sentByteCount`` counts.
    package let byteCount: UInt64
    /// When the acknowledgement was read.
    package let arrival: ContinuousClock.Instant
}

/// Why a publisher is no longer.
package enum PublishEnd: Hashable, Sendable {
    /// We closed it.
    case closed
    case failed(PublishError)
}

/// A publisher's numbers at one moment.
package struct PublisherStatistics: Hashable, Sendable {
    /// Bytes of packets taken but not yet in the kernel's hands.
    package var queuedByteCount = 0
    /// Bytes behind the handshake given to the socket or waiting before it.
    package var sentByteCount: UInt64 = 0
    package var acknowledgement: PublishAcknowledgement?
    /// The DTS, as it was given, of the last picture that the server has acknowledged as a whole: it has this one and all
    /// before. Nil until it has acknowledged one, and for ever with servers that acknowledge nothing.
    package var acknowledgedDTS: MediaTime?
    package var isAccepted = false
    package var isWritable = true
    /// As the kernel has measured it; nil until it has.
    package var roundTrip: Duration?
    /// Bytes in the kernel that the path has not taken yet, behind those of ``queuedByteCount``.
    package var notSentByteCount = 0
    /// Segments sent again since the connection was made.
    package var retransmissionCount = 0
    /// Bytes that the server's kernel has, by its own TCP's word, since the connection was made; handshake and TLS
    /// included.
    package var deliveredByteCount: UInt64 = 0
    /// Since when the other side has acknowledged nothing of what is under way; nil while it does, and when nothing is.
    package var unacknowledgedSince: ContinuousClock.Instant?
    package var doubt: DeliveryDoubt?
    /// Packets not taken because the queue was full.
    package var refusedPacketCount = 0
    package var end: PublishEnd?

    package init() {}

    /// What the server has said to have, behind the handshake; nil when it says nothing.
    package var acknowledgedByteCount: UInt64? { acknowledgement?.byteCount }
}
