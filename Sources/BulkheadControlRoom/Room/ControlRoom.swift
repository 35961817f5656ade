import BulkheadControl
import BulkheadControlFormats
import BulkheadEvents
import BulkheadModel
import BulkheadSystem
import BulkheadWire
import Glibc

/// What one master says, kept for all who are connected. Nobody who is connected talks to the master: however many look, it
/// is asked once.
actor ControlRoom {
    /// From one status to the next, at least: a master refuses more than 100 requests a second.
    private static let shortestSpan = Duration.milliseconds(30)
    /// As long as somebody sees levels; as often as they are worth it.
    private static let meterSpan = Duration.milliseconds(200)
    /// As long as somebody waits for changes that no event tells.
    private static let statusSpan = Duration.seconds(1)

    private let reports: MasterPoll
    private let changes: MasterPoll
    /// A replay takes as long as its disk.
    private let replays: MasterPoll
    private let feed: EventFeed
    private let (wakes, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    private var waiters: [CheckedContinuation<RoomSnapshot, Never>] = []
    private var isOver = false
    private var shared: [ControlRequest: (reply: ControlReply?, askedAt: MonotonicTime)] = [:]
    private var sharedWaiters: [ControlRequest: [CheckedContinuation<Void, Never>]] = [:]
    /// Of a death, or of a successor's first work.
    private var lastDeathAt = MonotonicTime.now
    private static let sharedSpan = Duration.milliseconds(500)

    private(set) var snapshot = RoomSnapshot.unreached
    private(set) var ring = EventRing()
    private(set) var counts = EventCounts()
    private(set) var desk = OBSDesk()
    private var usage = ProcessUsage()
    private var listeners: [Int: RoomListener] = [:]
    private var lastListener = 0
    private var told: OBSView?
    private var toldAt = MonotonicTime.now
    private var sentBytes = 0.0
    private var committed = 0
    /// When the number of safe frames was last seen to grow, in seconds since 1970.
    private(set) var lastFrameTime: Double?

    init(path: String) {
        reports = MasterPoll(path: path, patienceSeconds: 3)
        changes = MasterPoll(path: path, patienceSeconds: 10)
        replays = MasterPoll(path: path, patienceSeconds: 60)
        feed = EventFeed(path: path)
    }

    /// Follows the master until the task is cancelled.
    func run() async {
        feed.start()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.poll() }
            group.addTask { await self.tick() }
            group.addTask { await self.listen() }
            await group.waitForAll()
        }
        isOver = true
        for waiter in waiters { waiter.resume(returning: snapshot) }
        waiters = []
    }

    // MARK: what the master is asked

    /// The state of the broadcast from now on, not from before.
    func fresh() async -> RoomSnapshot {
        guard !isOver else { return snapshot }
        return await withCheckedContinuation { continuation in
            waiters.append(continuation)
            waker.yield()
        }
    }

    /// Asks the master for something, and returns when that shows in the state.
    func ask(_ request: ControlRequest) async -> ControlReply? {
        let reply =
            switch request {
            case .saveReplay: await replays.reply(to: request)
            default: await changes.reply(to: request)
            }
        if case .saved(let replay) = reply, let path = replay.paths.last { desk.lastReplay = path }
        _ = await fresh()
        return reply
    }

    /// What a page asks for that looks: asked of the master once for all, and no sooner again than after half a second.
    func shared(_ request: ControlRequest) async -> ControlReply? {
        while true {
            // What was asked before a death does not hold it.
            if let known = shared[request], known.askedAt > lastDeathAt,
                MonotonicTime.now.since(known.askedAt) < Self.sharedSpan.nanoseconds
            {
                return known.reply
            }
            guard sharedWaiters[request] != nil else { break }
            await withCheckedContinuation { sharedWaiters[request]?.append($0) }
        }
        sharedWaiters[request] = []
        let askedAt = MonotonicTime.now
        let reply = await changes.reply(to: request)
        shared[request] = (reply, askedAt)
        for waiter in sharedWaiters.removeValue(forKey: request) ?? [] { waiter.resume() }
        return reply
    }

    private func poll() async {
        for await _ in wakes {
            let waiting = waiters
            waiters = []
            let start = MonotonicTime.now
            let reply = await reports.reply(to: .status)
            if case .status(let status, let pid) = reply {
                take(RoomSnapshot(status: status, masterPID: pid, isReached: true))
            } else {
                take(.unreached)
            }
            for waiter in waiting { waiter.resume(returning: snapshot) }
            let rest = Self.shortestSpan.nanoseconds - MonotonicTime.now.since(start)
            if rest > 0 { try? await Task.sleep(for: .nanoseconds(rest)) }
        }
    }

    /// Nothing is asked while nobody looks.
    private func tick() async {
        while !Task.isCancelled {
            let hasMeters = listeners.values.contains { $0.wantsMeters || $0.wantsStatus }
            try? await Task.sleep(for: hasMeters ? Self.meterSpan : Self.statusSpan)
            if !listeners.isEmpty { waker.yield() }
        }
        waker.finish()
    }

    private func listen() async {
        for await item in feed.items {
            switch item {
            case .event(let event): take(event)
            case .reached:
                // Also when it is lost: that is news as well.
                if !listeners.isEmpty || !snapshot.isReached { waker.yield() }
            }
        }
    }

    // MARK: what it says

    private func take(_ event: Event) {
        counts.take(event)
        if event.code.hasSuffix(".died") || event.code.hasSuffix(".recovered") { lastDeathAt = .now }
        guard let json = JSONLine.text(event) else { return }
        let entry = ring.add(json)
        tell(.event(entry))
        if listeners.values.contains(where: { $0.kind == .obs }) {
            let data: JSONValue = [
                "vendorName": .string(OBSPlanner.vendor), "eventType": .string(event.code),
                "eventData": JSONValue(encoding: event),
            ]
            tell(.obs([OBSEvent("VendorEvent", .vendors, data)]))
            // What changed shows in the state.
            waker.yield()
        }
    }

    private func take(_ new: RoomSnapshot) {
        let now = MonotonicTime.now
        let seconds = min(5, Double(now.since(toldAt)) / 1e9)
        toldAt = now
        snapshot = new
        if let status = new.status {
            if status.framesCommitted != committed { lastFrameTime = Self.wallClock }
            committed = status.framesCommitted
            sentBytes += status.links.reduce(0) { $0 + Double($1.bitsPerSecond) } / 8 * seconds
            let pids = status.children.compactMap(\.pid) + [new.masterPID].compactMap { $0 }
            if listeners.values.contains(where: { $0.kind == .obs }) { usage.look(at: pids) }
        }
        if listeners.values.contains(where: \.wantsStatus) { tell(.status(new.json)) }
        tellOBS()
    }

    private static var wallClock: Double {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }

    private func tellOBS() {
        guard listeners.values.contains(where: { $0.kind == .obs }) else { return told = nil }
        let view = view
        let events = OBSChanges.events(from: told, to: view)
        told = view
        if !events.isEmpty { tell(.obs(events)) }
        if listeners.values.contains(where: \.wantsMeters), view.status?.sound != nil {
            tell(.obs([OBSChanges.meters(view)]))
        }
    }

    private func tell(_ news: RoomNews) {
        for listener in listeners.values { listener.tell(news) }
    }

    // MARK: who is connected

    /// From now on `listener` is told.
    /// - Parameter place: what a page has read up to; nil for what comes from now on.
    /// - Returns: the listener's number, what it has missed, and whether some of that is gone.
    func add(
        _ listener: RoomListener, after place: String? = nil
    ) -> (number: Int, missed: [EventRing.Entry], hasGap: Bool) {
        lastListener += 1
        listeners[lastListener] = listener
        waker.yield()
        guard let place else { return (lastListener, [], false) }
        let (entries, hasGap) = ring.missed(after: place)
        return (lastListener, Array(entries), hasGap)
    }

    /// The last events, for a page that begins.
    func latest(_ count: Int) -> [EventRing.Entry] { Array(ring.entries.suffix(count)) }

    func set(_ number: Int, wantsMeters: Bool) { listeners[number]?.wantsMeters = wantsMeters }

    func remove(_ number: Int) { listeners[number] = nil }

    func count(_ kind: RoomListener.Kind) -> Int { listeners.values.count { $0.kind == kind } }

    // MARK: obs-websocket

    var view: OBSView {
        var view = OBSView(status: snapshot.status, desk: desk, load: usage.load)
        view.sentBytes = Int64(sentBytes)
        view.load.freeMebibytes = snapshot.status?.recordings?.first?.freeBytes.map { Double($0) / Double(1 << 20) }
        return view
    }

    func change(_ change: @Sendable (inout OBSDesk) -> Void) {
        change(&desk)
        tellOBS()
    }

    func tell(_ event: OBSEvent) { tell(.obs([event])) }

    // MARK: metrics

    func metrics(connections: Int) async -> String {
        let snapshot = await fresh()
        return BroadcastMetrics.text(
            snapshot.status, isReached: snapshot.isReached, counts: counts,
            clients: RoomListener.Kind.allCases.map { ($0.rawValue, count($0)) } + [("connection", connections)],
            lastFrameTime: lastFrameTime, version: BulkheadVersion.build)
    }
}
