package import BulkheadChildren
package import BulkheadDanmaku
package import BulkheadEvents
package import BulkheadModel
package import BulkheadSystem
package import BulkheadWire

/// How it goes with the chat connections, and what is told of it: decides, and carries nothing out.
///
/// A connection that breaks goes through four steps, as a link does: saved, cleared, selected, restored. A chat process that
/// dies breaks all connections, and its successor joins them again.
package struct ChatsMachine: Sendable {
    package enum Event {
        case launched(ChildID)
        case ready(ChildID)
        /// The child has said something.
        case sign(ChildID)
        /// A second or so has passed.
        case tick
        case state(ChildID, connection: Int, ChatState, server: String, text: String)
        /// A comment that had not come before.
        case comment(connection: Int, isReplayed: Bool)
        case ended(ChildID, String)
    }

    package enum Action: Hashable {
        case launch(after: Duration)
        case dismiss(ChildID, String)
        case tell(connection: Int, ChannelHappening)
        /// The child has done its first work after a death.
        case worked(ChildID)
    }

    private struct Channel {
        var status: ChannelStatus
        /// It has been joined at some time.
        var wasJoined = false
        /// Since when it is lost; nil while it is joined.
        var lostAt: MonotonicTime?
        /// Comments since that came from before.
        var replayed = 0
        /// What was told of it last and has not changed since.
        var told: String?
        var isCleared = false
    }

    private var channels: [Channel]
    private var post = Post()
    private var signs = SignsOfLife()

    package init(_ targets: [ChatTarget]) { channels = targets.map { Channel(status: ChannelStatus(name: $0.name)) } }

    /// How it goes with each.
    package var statuses: [ChannelStatus] { channels.map(\.status) }
    /// The child at work.
    package var holder: ChildID? { post.holder(of: .onAir) }
    package var record: Post.Record { post.record(of: .onAir) }

    package mutating func handle(_ event: Event, at now: MonotonicTime) -> [Action] {
        switch event {
        case .launched(let child):
            post.assign(.onAir, to: child)
            signs.begin()
            return []
        case .ready(let child):
            post.becameReady(child)
            return []
        case .sign(let child):
            if post.duty(of: child) == .onAir { signs.heard(at: now) }
            return []
        case .tick:
            guard let child = post.holder(of: .onAir), let complaint = signs.complaint(at: now) else { return [] }
            return [.dismiss(child, complaint)]
        case .state(let child, let connection, let state, let server, let text):
            guard channels.indices.contains(connection) else { return [] }
            let worked: [Action] = state == .joined && post.worked(child) ? [.worked(child)] : []
            return worked + changed(connection, state, server, text, at: now)
        case .comment(let connection, let isReplayed):
            guard channels.indices.contains(connection) else { return [] }
            channels[connection].status.comments += 1
            if isReplayed { channels[connection].replayed += 1 }
            return []
        case .ended(let child, let end):
            let lost = channels.indices.filter { channels[$0].status.state == "joined" }
            let actions = lost.flatMap { changed($0, .lost, "", "the chat process ended", at: now) }
            guard case .launch(_, let delay) = post.ended(child, end, at: now) else { return actions }
            return actions + [.launch(after: delay)]
        }
    }

    private mutating func changed(
        _ index: Int, _ state: ChatState, _ server: String, _ text: String, at now: MonotonicTime
    ) -> [Action] {
        var channel = channels[index]
        defer { channels[index] = channel }
        if !server.isEmpty { channel.status.server = server }
        func tell(_ happening: ChannelHappening) -> [Action] { [.tell(connection: index, happening)] }
        switch state {
        case .lost:
            (channel.status.state, channel.status.problem) = ("lost", text)
            (channel.lostAt, channel.replayed, channel.isCleared, channel.told) = (now, 0, false, nil)
            return tell(.saved(text: text))
        case .failing:
            channel.status.problem = text
            channel.status.state = channel.wasJoined ? "lost" : "connecting"
            guard channel.told != text else { return [] }
            channel.told = text
            return tell(.failing(server: server, text: text))
        case .rejected:
            (channel.status.state, channel.status.problem) = ("rejected", text)
            let saved: [Action] = channel.wasJoined && channel.lostAt == nil ? tell(.saved(text: text)) : []
            if channel.lostAt == nil, channel.wasJoined { channel.lostAt = now }
            guard channel.told != text else { return saved }
            channel.told = text
            return saved + tell(.rejected(server: server, text: text))
        case .reached:
            guard channel.lostAt != nil, !channel.isCleared else { return [] }
            channel.isCleared = true
            return tell(.cleared(server: server))
        case .chosen: return channel.lostAt == nil ? [] : tell(.selected(server: server))
        case .joined:
            (channel.status.state, channel.status.problem, channel.told) = ("joined", nil, nil)
            defer { (channel.wasJoined, channel.lostAt) = (true, nil) }
            guard let lostAt = channel.lostAt else { return tell(.joined(server: server)) }
            let milliseconds = Int(clamping: now.since(lostAt) / 1_000_000)
            return tell(.restored(server: server, milliseconds: milliseconds, comments: channel.replayed))
        case .moved:
            channel.status.state = "joined"
            return tell(.moved(server: server))
        }
    }
}
