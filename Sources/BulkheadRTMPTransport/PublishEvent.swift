package import BulkheadRTMP

/// What happens to a stream while it is published.
package enum PublishEvent: Hashable, Sendable {
    /// The server holds the stream: it acknowledged more than the first IDR, or has kept the connection for the
    /// acceptance delay.
    case accepted
    case acknowledged(PublishAcknowledgement)
    /// The connection's buffer has drained after it had been full.
    case writable
    /// The server asks to be left for another.
    case reconnectRequested(ReconnectRequest)
    /// Nothing comes after it.
    case ended(PublishEnd)
}

/// What the server has said to have received.
package struct PublishAcknowledgement: Hashable, Sendable {
    /// Of the bytes behind the handshake, as far as ``PublisherStatistics/sentByteCount`` counts.
    package let byteCount: UInt64
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
    package internal(set) var queuedByteCount = 0
    /// Bytes behind the handshake given to the socket or waiting before it.
    package internal(set) var sentByteCount: UInt64 = 0
    package internal(set) var acknowledgement: PublishAcknowledgement?
    package internal(set) var isAccepted = false
    package internal(set) var isWritable = true
    /// Packets not taken because the queue was full.
    package internal(set) var refusedPacketCount = 0
    package internal(set) var end: PublishEnd?
}
