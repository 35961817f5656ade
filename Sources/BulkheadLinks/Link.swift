package import BulkheadMedia
package import BulkheadModel

/// One destination of a broadcast. The broadcast hands packets over without ever waiting; the link sends them when it
/// can, from tasks of its own.
package protocol Link: Sendable {
    /// Told what players must know for packets of configuration `number`, before the first of them.
    func configure(_ configuration: StreamConfiguration, number: Int)
    /// Takes a packet. Never waits; what there is no room for is shed and counted.
    func offer(_ packet: Packet)
    /// Whether so little waits that a broadcast in no hurry should go on.
    var hasRoom: Bool { get }
    /// No more packets come: the link ends once it has sent what waits, with a goodbye.
    func finish()
    /// Ends the link now, with whatever waits.
    func abort()
    /// Leaves the air, or comes back to it with the next IDR.
    func pause(_ isPaused: Bool)
    /// Tries again now where it waits, and forgets what servers have refused.
    func retry()
    /// A route or an address of this machine has changed: what could not be reached may be reachable.
    func networkChanged()
    /// What it knows of its servers, after a handshake with each if they are to be measured, and what it would choose.
    func servers(isMeasured: Bool) async -> LinkServersReport
    /// Does the link's work; returns when it has finished, throws when it can't go on. It may be run again then.
    func run() async throws(BroadcastError)
    /// One for each server that it publishes to at once.
    var statuses: [LinkStatus] { get }
    /// How much waits, for each server that it publishes to at once; `bitsPerSecond` is what is encoded.
    func loads(bitsPerSecond: Int) -> [CongestionController.Load]
    /// Leaves out of what waits what is said of the names that ``loads(bitsPerSecond:)`` gave.
    func shed(_ sheds: [String: CongestionController.Shedding])
}

extension Link {
    // A file is written as fast as the disk takes it, and says so by itself.
    package func loads(bitsPerSecond: Int) -> [CongestionController.Load] { [] }
    package func shed(_ sheds: [String: CongestionController.Shedding]) {}
}
