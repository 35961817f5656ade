import BulkheadChildren
import BulkheadEvents
import BulkheadLinks
import BulkheadMedia
import BulkheadModel
import BulkheadRTMPTransport
import BulkheadRoom
import BulkheadSRT
import BulkheadSystem
import BulkheadWire

/// Starts the children that send by SRT, one for each connection of a link's lane. A connection ends with its child, and a
/// child with its connection: which comes next is decided by the link, as with any other protocol.
final class SRTSenders: SRTConnector {
    private let reactor: Reactor
    private let context: ReactorBound<RoomContext>
    private let post: PostID
    /// What events call the link's lane.
    private let link: Part
    /// Those at work, on the reactor's thread.
    private let stubs: ReactorBound<Stubs>

    private final class Stubs {
        var all: [ChildID: SRTStub] = [:]
        var restarts = 0
        var lastEnd = ""
    }

    /// - Parameter link: what events call the link's lane.
    init(for link: Part, in context: RoomContext) {
        reactor = context.reactor
        self.context = ReactorBound(context, context.reactor)
        post = context.nextPostID()
        self.link = link
        stubs = ReactorBound(Stubs(), context.reactor)
    }

    func connect(to address: SRTAddress, origin: MediaTime) async throws(PublishError) -> any PreparedLink {
        let connection = SRTConnection(address, on: reactor)
        reactor.run { [self] in start(connection, address, origin) }
        let problem = await withTaskCancellationHandler {
            await connection.opened()
        } onCancel: {
            connection.abandon()
        }
        if let problem {
            connection.abandon()
            throw Task.isCancelled ? .cancelled : problem
        }
        return connection
    }

    // MARK: on the reactor's thread

    private func start(_ connection: SRTConnection, _ address: SRTAddress, _ origin: MediaTime) {
        let context = context.value
        guard !context.isOver, !connection.isOver else { return connection.end(.cancelled) }
        let child: Child
        do throws(ChildLaunchError) {
            child = try Child(.srt, context.programs.launch(.srt), on: context.reactor)
        } catch {
            return connection.end(.unreachable(server: address.authority, reason: "\(error)"))
        }
        let id = context.nextChildID()
        let part = Part.srt(id, name: link.name)
        let stub = SRTStub(child, connection, address) { [weak self] stub, end in self?.ended(id, part, stub, end) }
        stub.onWorked = { [weak self] in self?.context.value.recovered(part, at: self?.post ?? 0) }
        stub.onListening = { [weak self] port in
            guard let self else { return }
            let place = SRTStub.place(address, port: port)
            self.context.value.post(self.link, .link(.listening(address: place)))
        }
        stubs.value.all[id] = stub
        connection.adopt(ReactorBound(stub, context.reactor))
        context.post(part, .child(.started(pid: child.pid, isForeign: false)))
        stub.open(origin, in: context)
    }

    private func ended(_ id: ChildID, _ part: Part, _ stub: SRTStub, _ end: ChildEnd) {
        stubs.value.all[id] = nil
        // One that has told why, or that was let go, has done its work.
        guard !stub.hasFailed, !stub.isLeaving, end.cause != .released else { return }
        stubs.value.restarts += 1
        stubs.value.lastEnd = "\(end.cause)"
        context.value.died(part, at: post, end, .init(pid: stub.child.pid, lastSign: stub.lastSign))
    }

    /// As the status has children, on the reactor's thread.
    var childStatuses: [ChildStatus] {
        stubs.value.all.sorted { $0.key < $1.key }.map { id, stub in
            ChildStatus(
                part: .srt(id, name: link.name), pid: stub.child.pid, state: stub.isConnected ? .ready : .starting,
                restarts: stubs.value.restarts, lastEnd: stubs.value.lastEnd)
        }
    }
}
