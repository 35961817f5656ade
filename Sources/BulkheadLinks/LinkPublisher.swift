package import BulkheadFLV
package import BulkheadMedia
package import BulkheadModel
package import BulkheadRTMPTransport
package import BulkheadSRT

/// One stream on its way to one server, by whichever protocol. Packets can be given from any thread.
package protocol LinkPublisher: AnyObject, Sendable {
    /// For one reader; the last is always ``PublishEvent/ended(_:)``.
    var events: AsyncStream<PublishEvent> { get }
    var statistics: PublisherStatistics { get }
    /// Bytes of packets taken that are not known to be on their way.
    var queuedByteCount: Int { get }
    /// What a connection by SRT has counted; nil for others.
    var srtStatus: SRTStatus? { get }
    /// Whether it takes more. Where not, ``PublishEvent/writable`` says when.
    func hasRoom(below byteLimit: Int) -> Bool
    /// What players must know: before the first packet, and in front of the IDR from which it holds.
    func configure(_ configuration: StreamConfiguration, extras: AMF0Object)
    /// Says the metadata of `configuration` once more, with other `extras`.
    func describe(_ configuration: StreamConfiguration, extras: AMF0Object)
    func give(_ packet: Packet)
    /// Says something beside pictures and sound, where the protocol has a place for it.
    func tell(_ script: ScriptData)
    /// The wanted end: sends what it was given, says goodbye, and returns when the connection has ended.
    func sayGoodbye() async
    /// Begins to end the connection silently, and does not wait.
    func abandon(onClosed: @escaping @Sendable () -> Void)
}

/// A connection that waits to be published on.
package protocol PreparedLink: AnyObject, Sendable {
    /// Why it is of no more use; nil while it is.
    var end: PublishEnd? { get }
    /// Publishes; to be called once.
    func begin() async throws(PublishError) -> any LinkPublisher
    /// Begins to close the connection without a word, and does not wait.
    func abandon()
}

/// Makes connections by SRT, each in a process of its own.
package protocol SRTConnector: Sendable {
    /// Calls the other side, or waits until it calls, up to a connection that takes packets.
    /// - Parameter origin: the time on the timeline at which the stream's own begins.
    func connect(to address: SRTAddress, origin: MediaTime) async throws(PublishError) -> any PreparedLink
}

extension RTMPPublisher: LinkPublisher {
    package var srtStatus: SRTStatus? { nil }
    package func configure(_ configuration: StreamConfiguration, extras: AMF0Object) {
        send(configuration: configuration, extras: extras)
    }
    package func describe(_ configuration: StreamConfiguration, extras: AMF0Object) {
        send(metadataOf: configuration, extras: extras)
    }
    package func give(_ packet: Packet) { send(packet: packet) }
    package func tell(_ script: ScriptData) { send(script: script) }
    package func sayGoodbye() async { await close(goodbye: true) }
}

extension PreparedPublisher: PreparedLink {
    package func begin() async throws(PublishError) -> any LinkPublisher { try await publish() }
}
