import BulkheadControl
import BulkheadMaster
import BulkheadModel
import BulkheadSystem
import Dispatch
import Synchronization

/// A broadcast that another process, a master at a control socket, holds: mode attach.
struct AttachedBroadcast {
    let path: String
    let reporter: Reporter

    /// What became of the connection to the master.
    private enum Outcome: Sendable {
        case ended(BroadcastSummary)
        case failed(BroadcastError)
        case detached
    }

    /// Hands the broadcast over and tells its events until it ends; `interruptions` only detach.
    func run(_ settings: BroadcastSettings, _ interruptions: Interruptions) async throws(BroadcastError) -> BroadcastEnd
    {
        try await follow(.broadcast(settings), interruptions)
    }

    /// Tells the events of the broadcast that is on air.
    func watch(_ interruptions: Interruptions) async throws(BroadcastError) -> BroadcastEnd {
        try await follow(.events, interruptions)
    }

    /// Tells the events of the broadcast that is on air to its end, and how it ended.
    /// - Throws: kind `control` when the master has none.
    func comeBack(_ interruptions: Interruptions) async throws(BroadcastError) -> BroadcastEnd {
        let poll = MasterPoll(path: path)
        guard let master = await poll.status() else {
            throw BroadcastError(
                code: .noMaster, ["address": "unix:\(path)"], "no master answers at unix:\(path)")
        }
        guard let first = master else {
            throw BroadcastError(code: .notOnAir, "the master at unix:\(path) has no broadcast on air")
        }
        let conversation = MasterConversation(path: path, request: .events)
        let last = LastStatus(first)
        let (isOver, _) = await LongRun(reporter: reporter, interruptions: interruptions).run(
            status: {
                guard let status = await poll.status() else { return nil }
                guard let broadcast = status else {
                    // A master that stays has let its broadcast end.
                    last.isOver = true
                    conversation.leave()
                    return nil
                }
                last.status = broadcast
                return .broadcast(broadcast)
            },
            onSignal: { _, _ in conversation.leave() },
            body: { [reporter] in
                for await reply in conversation.replies {
                    switch reply {
                    case .success(.event(let event)): reporter.event(event)
                    // The master went with its broadcast.
                    case .failure: return true
                    default: continue
                    }
                }
                return last.isOver
            })
        guard isOver else { return .detached(path: path) }
        var status = last.status
        status.state = .ended
        return .ended(BroadcastSummary(status: status))
    }

    private func follow(
        _ request: ControlRequest, _ interruptions: Interruptions
    ) async throws(BroadcastError) -> BroadcastEnd {
        let poll = MasterPoll(path: path)
        let conversation = MasterConversation(path: path, request: request)
        let (outcome, _) = await LongRun(reporter: reporter, interruptions: interruptions).run(
            status: { await poll.status().map { .broadcast($0) } },
            onSignal: { _, _ in conversation.leave() },
            body: { [reporter] in
                var isFollowing = false
                for await reply in conversation.replies {
                    switch reply {
                    case .success(.done): isFollowing = true
                    // Who only watches has seen the end.
                    case .failure where isFollowing: return Outcome.detached
                    case .success(.event(let event)): reporter.event(event)
                    case .success(.ended(let summary)): return Outcome.ended(summary)
                    case .success(.failed(let error)), .failure(let error): return .failed(error)
                    case .success(.status), .success(.changed), .success(.deaths), .success(.servers), .success(.saved),
                        .success(.marked), .success(.room), .success(.comments), .success(.planned),
                        .success(.timetable), .success(.summary), .success(.thumbnails), .success(.program):
                        continue
                    }
                }
                return .detached
            })
        switch outcome {
        case .ended(let summary): return .ended(summary)
        case .failed(let error): throw error
        case .detached: return .detached(path: path)
        }
    }
}

/// What was known last of a broadcast that another process holds.
private final class LastStatus: Sendable {
    private let stored: Mutex<(status: BroadcastStatus, isOver: Bool)>

    init(_ status: BroadcastStatus) { stored = Mutex((status, false)) }

    var status: BroadcastStatus {
        get { stored.withLock { $0.status } }
        set { stored.withLock { $0.status = newValue } }
    }

    var isOver: Bool {
        get { stored.withLock { $0.isOver } }
        set { stored.withLock { $0.isOver = newValue } }
    }
}

/// One request to a master, and its replies as they come.
///
/// Reading blocks a thread of its own, which ends with the connection or the process.
final class MasterConversation: Sendable {
    /// For one reader; ends when ``leave()`` was called. A master that goes away is a failure.
    let replies: AsyncStream<Result<ControlReply, BroadcastError>>
    private let continuation: AsyncStream<Result<ControlReply, BroadcastError>>.Continuation

    init(path: String, request: ControlRequest) {
        (replies, continuation) = AsyncStream.makeStream()
        let continuation = continuation
        DispatchQueue(label: "bulkhead.conversation").async {
            do throws(BroadcastError) {
                let client = try ControlClient(path: path)
                try client.send(request)
                while let reply = try client.receive() { continuation.yield(.success(reply)) }
                continuation.yield(

                    .failure(
                        BroadcastError(
                            code: .masterGone, ["address": "unix:\(path)"],
                            "the master at unix:\(path) has gone, and its broadcast with it"))
                )
            } catch {
                continuation.yield(.failure(error))
            }
            continuation.finish()
        }
    }

    /// Ends ``replies``; the master is told nothing.
    func leave() { continuation.finish() }
}
