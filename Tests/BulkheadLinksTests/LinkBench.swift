import BulkheadEvents
import BulkheadLinks
import BulkheadMedia
import BulkheadModel
import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadSelection

/// A machine, the servers it chooses from, and a clock that a test moves.
struct LinkBench {
    typealias Event = LinkMachine.Event
    typealias Work = LinkMachine.Work

    var machine: LinkMachine
    var servers: ServerTable
    var now = Duration.zero
    var work: Work?
    /// Codes of events without "link.", and the other actions.
    var said: [String] = []

    init(_ count: Int = 1, rule: SelectionRule = .priority) throws {
        servers = ServerTable(
            try (0..<count).map { number in
                ServerTable.Server(
                    target: .rtmp(try IngestTarget("rtmp://127.0.0.\(number + 1)/app/key")),
                    candidate: Candidate(name: "s\(number)"))
            }, rule: rule)
        // Chance 0 leaves delays as they are.
        machine = LinkMachine(lane: 0, chance: { 0 })
    }

    /// Tells an event after `wait`.
    @discardableResult
    mutating func tell(_ event: Event, after wait: Duration = .zero) -> Work? {
        now += wait
        work = nil
        for action in machine.handle(event, &servers, at: now) {
            switch action {
            case .work(let next): work = next
            case .post(let happening): said.append(happening.facts.word.rawValue)
            case .cancelAttempts: said.append("(cancel)")
            case .leaveAir: said.append("(off)")
            case .drop(let place): said.append("(drop \(place))")
            case .wakeCourse, .wakeWatch, .wakeSending: break
            }
        }
        return work
    }

    /// A connection that ends has been on air for ten seconds.
    mutating func tell(_ events: [Event]) {
        for event in events {
            if case .ended = event { now += .seconds(10) }
            tell(event)
        }
    }

    /// What was said since the last time.
    mutating func words() -> String {
        defer { said = [] }
        return said.joined(separator: " ")
    }

    static let reset = PublishError.connectionLost(server: "s", .reset)
    static let refused = PublishError.publishRefused(
        server: "s", ServerStatus(level: "error", code: "NetStream.Publish.Denied", text: ""))
    static let away = PublishError.unreachable(server: "s", reason: "Connection refused")

    /// To the air with the only server, or the first.
    static let onAir: [Event] = [
        .started, .prepared(.course, nil), .published(nil), .begun(backfill: .zero), .accepted,
    ]
    /// The connection on air breaks and is closed.
    static let broken: [Event] = [.ended(.failed(reset)), .stopped, .left(acknowledged: nil)]

    /// A bench of `count` servers on which `events` have happened.
    static func make(_ count: Int = 1, rule: SelectionRule = .priority, after events: [Event]) throws -> LinkBench {
        var bench = try LinkBench(count, rule: rule)
        bench.tell(events)
        _ = bench.words()
        return bench
    }
}
