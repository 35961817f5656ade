package import BulkheadModel
import Dispatch
import Synchronization

/// Asks a master for its status, again and again on one connection; a thread of its own blocks, not the caller's.
package final class MasterPoll: Sendable {
    private let path: String
    private let queue = DispatchQueue(label: "bulkhead.poll")
    private let client = Mutex<ControlClient?>(nil)

    private let patienceSeconds: Int?

    /// Connects with the first question.
    /// - Parameter patienceSeconds: how long the master may be silent, and again when it is asked for a sign of life; nil
    ///   for ever.
    package init(path: String, patienceSeconds: Int? = nil) {
        self.path = path
        self.patienceSeconds = patienceSeconds
    }

    /// The master's status, nil inside when it has no broadcast; nil outside when it can't be reached.
    package func status() async -> BroadcastStatus?? {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.ask()) }
        }
    }

    /// What a master answers to a request that changes something; nil when it can't be reached.
    package func reply(to request: ControlRequest) async -> ControlReply? {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.ask(request)) }
        }
    }

    /// The connection that is kept, or another one.
    private func connect(_ client: inout ControlClient?) throws(BroadcastError) -> ControlClient {
        if let client { return client }
        let connection = try ControlClient(path: path)
        if let patienceSeconds { connection.limitWaiting(toSeconds: patienceSeconds) }
        client = connection
        return connection
    }

    private func ask(_ request: ControlRequest) -> ControlReply? {
        client.withLock { client in
            do throws(BroadcastError) {
                let connection = try connect(&client)
                try connection.send(request)
                if let reply = try connection.receive() { return reply }
            } catch {}
            client = nil
            return nil
        }
    }

    private func ask() -> BroadcastStatus?? {
        client.withLock { client in
            do throws(BroadcastError) {
                let connection = try connect(&client)
                try connection.send(.status)
                while let reply = try connection.receive() {
                    if case .status(let status, _) = reply { return .some(status) }
                }
            } catch {}
            client = nil
            return nil
        }
    }
}
