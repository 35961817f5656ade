import BulkheadEvents
import BulkheadModel
import BulkheadSystem
import Foundation
import Synchronization

/// What the programs of a drill have said, with the time at which each line came.
final class DrillLog: Sendable {
    struct Entry {
        let event: Event
        let time: MonotonicTime
    }

    private struct State {
        var events: [Entry] = []
        var words: [String] = []
        /// By the number of its link.
        var servers: [Int: Server] = [:]
    }

    /// What an embedded server has said, over all its lives.
    struct Server {
        var port: Int?
        /// How often somebody began to publish.
        var publishCount = 0
        var playCount = 0
    }

    private static let wordLimit = 50
    private let state = Mutex(State())
    private let onEvent: @Sendable (Event) -> Void

    /// - Parameter onEvent: called with each event of the broadcast.
    init(onEvent: @escaping @Sendable (Event) -> Void) { self.onEvent = onEvent }

    /// The events of the broadcast, the oldest first.
    var events: [Entry] { state.withLock { $0.events } }
    func server(of link: Int) -> Server { state.withLock { $0.servers[link] ?? Server() } }
    /// The last lines that were no JSON.
    var words: [String] { state.withLock { $0.words } }
    var onAir: MonotonicTime? { events.first { $0.event.happening == .timeline(.onAir) }?.time }

    /// How often the first link began to publish at its server.
    var connectCount: Int {
        events.count { entry in
            guard case .link(.connected) = entry.event.happening else { return false }
            return entry.event.part.id == 1
        }
    }

    /// Takes a line of the broadcast.
    func takeBroadcast(_ line: String) {
        guard line.hasPrefix("{") else { return note(line) }
        // The closing lines are no events.
        guard let event = try? JSONDecoder().decode(Event.self, from: Data(line.utf8)) else { return }
        state.withLock { $0.events.append(Entry(event: event, time: .now)) }
        onEvent(event)
    }

    /// Takes a line of the embedded server of `link`.
    func takeServer(_ line: String, link: Int) {
        guard let said = try? JSONDecoder().decode(Event.self, from: Data(line.utf8)),
            case .server(let happening) = said.happening
        else { return note(line) }
        state.withLock { state in
            var server = state.servers[link] ?? Server()
            switch happening {
            case .ready(_, let port): server.port = port
            case .publishStarted: server.publishCount += 1
            case .playStarted: server.playCount += 1
            case .reconnectRequested, .stopped, .publishEnded, .publishRefused, .playEnded, .connectionFailed,
                .connectionRefused, .acceptingPaused, .notListening, .certificateRead, .certificateUnusable,
                .playRefused, .secretsRead, .secretsUnusable, .hookFailed, .pullStarted, .pullEnded, .pullFailed,
                .pushStarted, .pushEnded, .pushFailed, .eventsLeftOut:
                break
            }
            state.servers[link] = server
        }
    }

    private func note(_ line: String) {
        state.withLock { state in
            state.words.append(line)
            if state.words.count > Self.wordLimit { state.words.removeFirst() }
        }
    }

    /// Waits until `condition` holds; false if it doesn't within `limit`, or when the task is cancelled.
    static func wait(within limit: Duration, _ condition: () async -> Bool) async -> Bool {
        let deadline = ContinuousClock.now + limit
        while true {
            if await condition() { return true }
            if ContinuousClock.now > deadline { return false }
            do { try await Task.sleep(for: .milliseconds(10)) } catch { return false }
        }
    }
}
