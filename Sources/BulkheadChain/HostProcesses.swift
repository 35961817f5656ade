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
    /// Called with what comes from hosts. One that has ended is not among the processes any more.
    var onReport: ((ChildID, PluginStub, PluginStub.Report) -> Void)?

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
        stub.onReport = { [weak self] in self?.take($0, from: child) }
        stub.activate()
        return child
    }

    private func take(_ report: PluginStub.Report, from child: ChildID) {
        guard let stub = stubs[child] else { return }
        if case .ended = report {
            stubs[child] = nil
            context.pools.retire(stub.pool)
        }
        onReport?(child, stub, report)
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
