import BulkheadControl
import BulkheadMaster
import BulkheadModel
import Dispatch

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

    private func follow(
        _ request: ControlRequest, _ interruptions: Interruptions
    ) async throws(BroadcastError) -> BroadcastEnd {
        let poll = MasterPoll(path: path)
        let conversation = MasterConversation(path: path, request: request)
        let (outcome, _) = await LongRun(reporter: reporter, interruptions: interruptions).run(
            status: { await poll.status().map { .broadcast($0) } },
            onSignal: { _ in conversation.leave() },
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
                    case .success(.status), .success(.deaths), .success(.servers): continue
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
                    .failure(BroadcastError(.control, "the master at unix:\(path) has gone, and its broadcast with it"))
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
