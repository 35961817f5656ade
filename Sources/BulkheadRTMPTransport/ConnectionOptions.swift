package import BulkheadMedia
package import BulkheadRTMP

/// How to reach a server.
package struct ConnectionOptions: Hashable, Sendable {
    /// For name, connection, TLS, handshake and commands together, until media may flow.
    package var timeout = Duration.seconds(10)
    /// For each attempt to connect an address (TCP), within ``timeout``; nil for all of that. A short one asks again more
    /// often on a path that comes back.
    package var connectingTimeout: Duration?
    /// How the server proves its identity, where the address asks for TLS.
    package var tls = TLSOptions()
    /// How long sent bytes may stay without the peer's TCP acknowledging them before the connection counts as lost
    /// (TCP_USER_TIMEOUT); nil leaves it to the system, which waits for a quarter of an hour.
    ///
    /// The last resort behind ``patience``, and a long one: Linux counts the time of a peer that reads slowly, too, as
    /// long as its window is smaller than the next segment.
    package var transmissionTimeout: Duration? = .seconds(120)
    /// How long what is sent may stay without an answer; told sooner than the system's own limits.
    package var patience = DeliveryMonitor.Patience()
    /// What is accepted of the peer's chunks.
    package var limits = ChunkLimits()

    /// The defaults: ten seconds to connect, the system's authorities.
    package init() {}
}

/// How a server proves who it is.
package struct TLSOptions: Hashable, Sendable {
    /// A PEM file of authorities to trust beside those of the system; nil for those alone.
    package var authoritiesPath: String?
    /// Chain and name are verified. Off, the connection is open to anyone in between: for experiments only.
    package var verifiesServer = true

    /// The system's authorities, verified.
    package init() {}
}

/// How to publish.
package struct PublishOptions: Hashable, Sendable {
    /// How the server is reached.
    package var connection = ConnectionOptions()
    /// The size of the chunks that are sent.
    package var chunkSize = ChunkSize.standard
    /// How many bytes the server may receive before it acknowledges them.
    package var windowByteCount: UInt32 = 100_000
    /// How long after Publish.Start a server that acknowledges nothing counts as having accepted the stream.
    package var acceptanceDelay = Duration.seconds(3)
    /// More unsent bytes than this are not taken: the caller sheds.
    package var queueByteLimit = 32 << 20
    /// The media time that becomes timestamp 0; what lies before is sent as 0.
    package var origin = MediaTime.zero

    /// The defaults for a stream that begins at time 0.
    package init() {}
}
