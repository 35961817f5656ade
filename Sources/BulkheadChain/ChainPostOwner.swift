import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline

/// What a post of the chain needs of the chain.
protocol ChainPostOwner: AnyObject {
    /// Hosts are launched for what is to come.
    var isBeforeEnd: Bool { get }
    /// A plugin that can't be loaded stops the broadcast.
    var isPreparing: Bool { get }
    /// The number of the next frame that enters the chain.
    var nextFrame: FrameNumber { get }
    /// How large pictures are.
    var canvas: Canvas { get }
    /// How many pictures may be on their way to the encoder.
    var frameLimit: Int { get }

    func left(_ frame: TimelineFrame, _ post: PostID)
    func left(_ block: AudioLedger.Block, _ post: PostID)
    /// Something has left by itself, or a host is on air.
    func progressed()
    /// Tells a host that goes on air what the stream does.
    func greet(_ host: PluginStub)
    /// Tells a host all that is known of the room.
    func brief(_ host: PluginStub)
    /// The next host that was asked for is on air, or will never be.
    func answered(_ outcome: HostMachine.Outcome)
    func settled()
    /// A plugin is left out until then.
    func quarantined(_ plugin: PluginID, until end: MonotonicTime)
    func failed(_ error: BroadcastError)
    /// No host of the post is left.
    func emptied(_ post: PostID)
}
