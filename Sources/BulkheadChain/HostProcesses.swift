import BulkheadChildren
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadRoom
import BulkheadSystem
import BulkheadWire

/// The host processes of one post, by their identities: started, listened to, watched and ended here. What each is for is
/// not known here.
final class HostProcesses {
    /// What comes from a host.
    enum News {
        /// Every plugin that it was given is loaded or refused.
        case loaded
        case refused(PluginID, Refusal)
        /// The picture is in this slot, held once; nil when nothing changed.
        case processed(FrameNumber, SlotReference?)
        /// Nil when nothing changed.
        case processedSound([Float]?)
        /// What a plugin took for a picture or a block.
        case took(PluginTime)
        /// A line from a plugin, or with nil from the host.
        case said(PluginID?, PluginLogLevel, String)
        /// The last: the host is not among the processes any more.
        case ended(PluginStub, ChildEnd)
    }

    /// Called with what comes from hosts.
    var onNews: ((ChildID, News) -> Void)?

    private let context: RoomContext
    /// What the folder is called in which plugins may write.
    private let dataName: String
    private var dataWatch: DataWatch?
    private var stubs: [ChildID: PluginStub] = [:]

    init(dataName: String, in context: RoomContext) {
        self.dataName = dataName
        self.context = context
    }

    /// No host is left.
    var isEmpty: Bool { stubs.isEmpty }

    subscript(child: ChildID) -> PluginStub? { stubs[child] }

    /// Starts a host that loads `chain`.
    /// - Parameter slotCount: how many pictures its results may be in at once.
    /// - Throws: kind `installation`.
    func start(
        _ chain: [ChainPlugin], canvas: Canvas, frameRate: FrameRate, slotCount: Int
    ) throws(BroadcastError) -> ChildID {
        let stub = try HostLaunch(
            canvas: canvas, frameRate: frameRate, slotCount: slotCount,
            dataFolder: chain.contains(where: \.choice.mayWrite) ? PluginData.folder(dataName) : ""
        ).start(chain, in: context)
        let child = context.nextChildID()
        stubs[child] = stub
        listen(to: stub, child)
        stub.activate()
        return child
    }

    private func listen(to stub: PluginStub, _ child: ChildID) {
        stub.onChainReady = { [weak self] in self?.onNews?(child, .loaded) }
        stub.onRefused = { [weak self] in self?.onNews?(child, .refused($0, $1)) }
        stub.onProcessed = { [weak self] in self?.onNews?(child, .processed($0, $1)) }
        stub.onSound = { [weak self] in self?.onNews?(child, .processedSound($1)) }
        stub.onTime = { [weak self] in self?.onNews?(child, .took($0)) }
        stub.onLog = { [weak self] in self?.onNews?(child, .said($0, $1, $2)) }
        stub.onEnd = { [weak self] in self?.ended(child, $0) }
    }

    private func ended(_ child: ChildID, _ end: ChildEnd) {
        guard let stub = stubs.removeValue(forKey: child) else { return }
        context.pools.retire(stub.pool)
        onNews?(child, .ended(stub, end))
    }

    /// Lets a host end by itself: no result of it is wanted any more.
    func retire(_ child: ChildID) {
        guard let stub = stubs[child] else { return }
        context.pools.retire(stub.pool)
        stub.child.hangUp()
    }

    /// Ends hosts that do not answer, or, where that is looked at, take too much.
    /// - Parameter isAtWork: hosts for which this is false are left alone.
    func watch(
        _ plugins: [ChainPlugin], _ limits: PostLimits, at now: MonotonicTime, looksAtMemory: Bool,
        where isAtWork: (ChildID) -> Bool
    ) {
        let active = plugins.filter(\.isActive)
        if dataWatch == nil, plugins.contains(where: \.choice.mayWrite) { dataWatch = DataWatch() }
        let watch = HostWatch(
            limits: limits, suspect: active.count == 1 ? active.first?.id : nil, data: dataWatch, now: now)
        for (child, stub) in stubs where isAtWork(child) { watch.look(at: stub, looksAtMemory: looksAtMemory) }
    }

    /// No picture comes from this pool any more.
    func drop(pool: UInt32) { for stub in stubs.values { stub.dropPool(pool) } }

    /// Lets all hosts end by themselves.
    func hangUp() { for stub in stubs.values { stub.child.hangUp() } }

    /// Ends all hosts.
    func dismiss(_ reason: String) { for stub in stubs.values { stub.child.dismiss(reason) } }
}
