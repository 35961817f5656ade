import BulkheadLibraryProtocol
import BulkheadModel
import BulkheadSystem
import NIOCore
import NIOHTTP1
import Synchronization

/// Takes what a node says of itself: the tracker in this process, or one elsewhere.
protocol TrackerTaker: Sendable {
    func take(_ heartbeat: Heartbeat) async throws
    func take(_ report: LiveReport) async throws
}

/// A tracker elsewhere.
struct RemoteTracker: TrackerTaker {
    /// A lease is three heartbeats long: one that waits longer is of no use any more.
    static let patience = Duration.seconds(2)

    private let call: PeerCall

    init(_ call: PeerCall) {
        var call = call
        call.timeout = .nanoseconds(Self.patience.nanoseconds)
        self.call = call
    }

    func take(_ heartbeat: Heartbeat) async throws {
        _ = try await call.send(.POST, "/tracker/heartbeats", body: JSONLine.encode(heartbeat))
    }

    func take(_ report: LiveReport) async throws {
        _ = try await call.send(.POST, "/tracker/rooms", body: JSONLine.encode(report))
    }
}

/// Tells each tracker that the node lives, how much it has to do, and what is live there. No tracker waits for another one.
final class TrackerTeller: Sendable {
    /// What is told.
    struct Facts: Sendable {
        let epoch: Epoch
        let players: Int
        let mostPlayers: Int
        let isDraining: Bool
    }

    private let node: NodeID
    private let trackers: [any TrackerTaker]
    private let log: LibraryLog
    private let facts: @Sendable () async throws -> Facts
    private let rooms: @Sendable () async -> [LiveRoom]
    private let count = Atomic<Int64>(0)

    init(
        _ node: NodeID, _ trackers: [any TrackerTaker], log: LibraryLog,
        facts: @escaping @Sendable () async throws -> Facts,
        rooms: @escaping @Sendable () async -> [LiveRoom]
    ) {
        self.node = node
        self.trackers = trackers
        self.log = log
        self.facts = facts
        self.rooms = rooms
    }

    /// Runs until the task is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            for (place, tracker) in trackers.enumerated() {
                group.addTask {
                    await Waker(every: LeaseTable.period).run { await self.beat(tracker, "node.tracker\(place)") }
                }
                group.addTask { await Waker(every: RoomTable.period).run { await self.tellRooms(tracker) } }
            }
            await group.waitForAll()
        }
    }

    private func beat(_ tracker: any TrackerTaker, _ part: String) async {
        guard let facts = try? await facts() else { return }
        do {
            try await tracker.take(
                Heartbeat(
                    node: node, epoch: facts.epoch, sequence: count.add(1, ordering: .relaxed).newValue,
                    players: facts.players, mostPlayers: facts.mostPlayers, isDraining: facts.isDraining))
            log.clear(part, "the tracker takes heartbeats again")
        } catch { log.trouble(part, "a tracker takes no heartbeats: \(error)") }
    }

    /// What doesn't arrive is said of the heartbeats.
    private func tellRooms(_ tracker: any TrackerTaker) async {
        guard let facts = try? await facts() else { return }
        let report = LiveReport(
            node: node, epoch: facts.epoch, sequence: count.add(1, ordering: .relaxed).newValue,
            rooms: Array(await rooms().prefix(LiveReport.most)))
        try? await tracker.take(report)
    }
}
