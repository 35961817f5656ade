package import BulkheadEvents
package import BulkheadMedia
package import BulkheadModel

/// Where packets go: one destination of a broadcast. The broadcast hands packets over without ever waiting; the sink
/// sends them when it can, from tasks of its own.
package protocol Sink: AnyObject, Sendable {
    /// Told what players must know for packets of configuration `number`, before the first of them.
    func configure(_ configuration: StreamConfiguration, number: Int)
    /// Takes a packet. Never waits; what there is no room for is shed and counted.
    func offer(_ packet: Packet)
    /// Whether so little waits that a broadcast in no hurry should go on.
    var hasRoom: Bool { get }
    /// No more packets come: the sink ends once it has sent what waits, with a goodbye.
    func finish()
    /// Ends the sink now, with whatever waits.
    func abort()
    /// Does the sink's work; returns when it has finished, throws when it can't go on. It may be run again then.
    func run() async throws(BroadcastError)
    /// One for each server that it publishes to at once.
    var statuses: [LinkStatus] { get }
    /// The time on the timeline of the first picture that it has sent or written; nil before.
    var firstSent: MediaTime? { get }
}

/// The servers that a sink chooses from. Only a sink on the network has them.
package protocol Servers: AnyObject, Sendable {
    /// How far any server has let the stream come; nil where none was reached.
    var reach: LinkPatience.Reach? { get }
    /// Before it runs: an earlier broadcast had the stream so far with its servers. They are waited for as on air.
    func goOn(from reach: LinkPatience.Reach)
    /// Leaves the air, or comes back to it with the next IDR.
    func pause(_ isPaused: Bool)
    /// What comes back from a pause next begins with the IDR at or before `time`, as far as that is kept.
    func resume(from time: MediaTime)
    /// Tries again now where it waits, and forgets what servers have refused.
    func retry()
    /// Goes over at the next IDR to the server that a person means by `word`, its number or a part of its name, and stays
    /// there while it works.
    /// - Throws: kind `control`, when nothing has been changed.
    func move(to word: String) throws(BroadcastError)
    /// A route or an address of this machine has changed: what could not be reached may be reachable.
    func networkChanged()
    /// What is known of the servers, after a handshake with each if they are to be measured, and what would be chosen.
    func report(isMeasured: Bool) async -> LinkServersReport
    /// Tells the servers that have the stream now what has happened to a recording, beside it; one that is not reached hears
    /// nothing of it.
    func tell(_ happening: RecordingHappening, of recording: String)
    /// The stream's metadata have these entries besides from now on, with each connection.
    func extend(_ entries: [RoomEntry])
    /// How much waits, for each server that it publishes to at once; `bitsPerSecond` is what is encoded.
    func loads(bitsPerSecond: Int) -> [CongestionController.Load]
    /// Leaves out of what waits what is said of its lanes.
    func shed(_ sheds: [LinkLane: CongestionController.Shedding])
}
