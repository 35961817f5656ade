import BulkheadControl
import BulkheadEvents
import Dispatch

/// The events of a master, from a connection of its own; a thread of its own blocks. Where the master is gone, it is looked for
/// again each second.
final class EventFeed: Sendable {
    enum Item: Sendable {
        case event(Event)
        /// The master was reached, or is lost.
        case reached(Bool)
    }

    /// More wait only where this process stands still: later ones are lost then.
    private static let mostWaiting = 4096
    private static let pause = DispatchTimeInterval.seconds(1)

    let items: AsyncStream<Item>
    private let continuation: AsyncStream<Item>.Continuation
    private let queue = DispatchQueue(label: "bulkhead.events")
    private let path: String

    init(path: String) {
        self.path = path
        (items, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.mostWaiting))
    }

    func start() { queue.async { self.follow() } }

    private func follow() {
        do {
            let client = try ControlClient(path: path)
            try client.send(.events)
            while let reply = try client.receive() {
                switch reply {
                case .event(let event): continuation.yield(.event(event))
                case .done: continuation.yield(.reached(true))
                default: break
                }
            }
        } catch {
            // Whether the master is there is all that matters: it is told below.
        }
        continuation.yield(.reached(false))
        queue.asyncAfter(deadline: .now() + Self.pause) { self.follow() }
    }
}
