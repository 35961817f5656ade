import BulkheadChildren
import BulkheadDanmaku
import BulkheadEvents
import BulkheadModel
import BulkheadRoom
import BulkheadSystem
import BulkheadWire

/// The chat connections of a room: the process that holds them, and what comes of them. It lives on the reactor's thread.
final class Chats {
    /// How far a connection has come, by its name.
    var cursor: (String) -> ChatCursor? = { _ in nil }
    /// Takes a comment. Returns false for one that had come before.
    var onComment: ((RoomComment, ChatPayment?, _ isReplayed: Bool) -> Bool)?
    var onRemoval: ((_ source: String, ChatRemoval) -> Void)?
    var onGap: ((ChatGap) -> Void)?
    /// A source has said what it is to be continued by.
    var onToken: ((_ source: String, _ token: String) -> Void)?
    /// A connection is lost: what there is of it is saved.
    var onLost: (() -> Void)?

    private let context: RoomContext
    private let post: PostID
    let targets: [ChatTarget]
    /// What the targets go by, as parts.
    let numbers: [Int]
    private var machine: ChatsMachine
    private let work = ActionQueue<ChatsMachine.Action>()
    private var stubs: [ChildID: ChatStub] = [:]
    private var isOver = false
    private var ticker: Reactor.Token?
    private var continuation: CheckedContinuation<Void, Never>?

    /// - Parameter numbers: what the targets go by, as parts, in their order.
    init(_ targets: [ChatTarget], _ numbers: [Int], in context: RoomContext) {
        self.targets = targets
        self.numbers = numbers
        self.context = context
        post = context.nextPostID()
        machine = ChatsMachine(targets)
        for secret in targets.flatMap(\.secrets) { context.events.hide(secret) }
    }

    /// Starts the process. Call it once the callbacks are set.
    func begin() {
        launch(after: .zero)
        scheduleTick()
    }

    private func scheduleTick() {
        ticker = context.schedule(after: .seconds(1)) { [weak self] in
            self?.handle(.tick)
            self?.scheduleTick()
        }
    }

    var statuses: [ChannelStatus] { machine.statuses }

    /// The process, as the status has children.
    var child: ChildStatus {
        let record = machine.record
        return ChildStatus(
            part: .chat(machine.holder ?? 0), pid: machine.holder.flatMap { stubs[$0]?.child.pid },
            state: record.state, restarts: record.restarts, lastEnd: record.lastEnd)
    }

    private func part(_ connection: Int) -> Part {
        .channel(numbers[connection], name: "chat \(targets[connection].name)")
    }

    // MARK: machine

    private func handle(_ event: ChatsMachine.Event) {
        work.append(contentsOf: machine.handle(event, at: .now))
        work.run { carryOut($0) }
    }

    private func carryOut(_ action: ChatsMachine.Action) {
        switch action {
        case .launch(let delay): if !isOver { launch(after: delay) }
        case .dismiss(let child, let reason): stubs[child]?.child.dismiss(reason)
        case .tell(let connection, let happening):
            if case .saved = happening { onLost?() }
            context.post(part(connection), .channel(happening))
        case .worked(let child): context.recovered(.chat(child), at: post)
        }
    }

    // MARK: the child

    private func launch(after delay: Duration) {
        context.launch(after: delay) { [weak self] () throws(BroadcastError) in try self?.start() }
    }

    private func start() throws(BroadcastError) {
        guard machine.holder == nil, !isOver else { return }
        let process: Child
        do throws(ChildLaunchError) {
            process = try Child(.chat, context.programs.launch(.chat), on: context.reactor)
        } catch { throw BroadcastError(starting: "the chat process", error) }
        let stub = ChatStub(process) { [weak self] in self?.connections ?? [] }
        let child = context.nextChildID()
        stubs[child] = stub
        stub.onGreeted = { [weak self] in self?.handle(.sign(child)) }
        stub.onReply = { [weak self] in self?.take($0, of: child) }
        stub.onEnd = { [weak self] in self?.ended(child, $0) }
        stub.activate()
        context.post(.chat(child), .child(.started(pid: process.pid, isForeign: false)))
        handle(.launched(child))
    }

    private var connections: [ChatConnection] {
        targets.map { target in
            let cursor = cursor(target.name)
            return ChatConnection(
                target, lastID: cursor?.lastID ?? "", lastMilliseconds: cursor?.lastMilliseconds,
                token: cursor?.pageToken ?? "")
        }
    }

    private func take(_ reply: ChatReply, of child: ChildID) {
        func name(_ connection: UInt8) -> String? {
            guard targets.indices.contains(Int(connection)) else {
                stubs[child]?.child.dismiss("it answered for connection \(connection), of which there is none")
                return nil
            }
            return targets[Int(connection)].name
        }
        handle(.sign(child))
        switch reply {
        case .alive: break
        case .ready:
            context.post(.chat(child), .child(.ready(pid: stubs[child]?.child.pid ?? 0, plugins: nil)))
            handle(.ready(child))
        case .comment(let connection, var comment, let payment, let isReplayed):
            guard let name = name(connection) else { return }
            comment.source = name
            guard onComment?(comment, payment, isReplayed) ?? false else { return }
            handle(.comment(connection: Int(connection), isReplayed: isReplayed))
        case .takenBack(let connection, let removal):
            if let name = name(connection) { onRemoval?(name, removal) }
        case .token(let connection, let token):
            if let name = name(connection) { onToken?(name, token) }
        case .gap(let connection, let from, let until):
            guard let name = name(connection) else { return }
            onGap?(ChatGap(source: name, from: from, until: until))
            let gap = ChannelHappening.gap(from: Double(from) / 1000, until: Double(until) / 1000)
            context.post(part(Int(connection)), .channel(gap))
        case .state(let connection, let state, let server, let text):
            guard name(connection) != nil else { return }
            handle(.state(child, connection: Int(connection), state, server: server, text: text))
        }
    }

    private func ended(_ child: ChildID, _ end: ChildEnd) {
        guard let stub = stubs.removeValue(forKey: child) else { return }
        if end.cause != .released {
            context.died(.chat(child), at: post, end, .init(pid: stub.child.pid, lastSign: stub.lastSign))
        }
        if !isOver { handle(.ended(child, "\(end.cause)")) }
        if isOver, stubs.isEmpty { continuation.take()?.resume() }
    }

    // MARK: the end

    /// Ends the process for good, while the broadcast goes on.
    /// - Parameter staying: the numbers of connections that another process is to hold; of the others the end is told.
    func finish(leaving staying: Set<Int>, on owner: isolated any Actor) async {
        await finish(on: owner)
        for (connection, number) in numbers.enumerated() where !staying.contains(number) {
            context.post(part(connection), .channel(.removed))
        }
    }

    /// Ends the process, and takes what it has said up to then.
    func finish(on owner: isolated any Actor) async {
        guard !isOver else { return }
        isOver = true
        if let ticker { context.reactor.cancel(ticker) }
        ticker = nil
        for stub in stubs.values { stub.child.hangUp() }
        guard !stubs.isEmpty else { return }
        let bound = ReactorBound(self, context.reactor)
        let timer = context.reactor.schedule(at: .now.advanced(by: .seconds(2))) {
            for stub in bound.value.stubs.values { stub.child.dismiss("it did not end when asked") }
        }
        await withCheckedContinuation { continuation = $0 }
        context.reactor.cancel(timer)
    }
}
