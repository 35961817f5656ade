import BulkheadLibraryProtocol
import BulkheadSystem
import Glibc
import Synchronization

/// Takes signals: the centre in this process, or one elsewhere.
protocol SignalTaker: Sendable {
    /// Returns when the centre has the signal for good.
    func take(_ signal: Signal) async throws
}

/// A node: looks after its folder and its database, tells the centre that there is news, and serves its recordings. It goes on
/// with the first and the last when the centre is away.
final class NodeService: Sendable {
    /// The most players before a node calls itself full.
    static let mostPlayers = 500

    let id: NodeID
    let folder: MediaFolder
    let store: any NodeStore
    let scanner: FolderScanner
    /// Signs playback tokens, and what the centre says.
    let key: [UInt8]
    let players = PlayerCount()
    /// Media that were sent.
    let traffic = ByteMeter()
    let intake: Intake
    /// Nil where none are taken.
    let uploads: UploadDesk?
    let streams: StreamMaker?
    private let posters: PosterMaker?
    private let log: LibraryLog
    private let signals: (any SignalTaker)?
    private let trackers: [any TrackerTaker]
    private let live: LiveServerStreams?
    private let scanWaker: Waker
    private let signalWaker: Waker

    init(
        _ id: NodeID, folder: MediaFolder, store: any NodeStore, key: [UInt8], signals: (any SignalTaker)?,
        trackers: [any TrackerTaker], live: LiveServerStreams? = nil, log: LibraryLog, uploads: UploadDesk? = nil,
        period: Duration = .seconds(1)
    ) {
        self.id = id
        self.folder = folder
        self.store = store
        self.key = key
        self.signals = signals
        self.trackers = trackers
        self.live = live
        self.log = log
        self.uploads = uploads
        posters = PosterMaker(folder)
        streams = StreamMaker(folder, log: log)
        scanner = FolderScanner(folder, store, posters: posters, streams: streams, log: log)
        intake = Intake(folder: folder)
        scanWaker = Waker(every: period)
        signalWaker = Waker(every: period)
    }

    /// Runs until the task is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.scanWaker.run { await self.scan() } }
            group.addTask { await self.signalWaker.run { await self.signal() } }
            group.addTask { await self.teller.run() }
            // Tombstones that the centre has confirmed are of no more use.
            group.addTask {
                await Waker(every: .seconds(60)).run { [store = self.store] in
                    try? await Blocking.run { try store.purge() }
                }
            }
            if let posters {
                group.addTask {
                    await Waker(every: .seconds(1)).run {
                        while (try? await Blocking.run { posters.makeNext() }) == true, !Task.isCancelled {
                            self.scanWaker.wake()
                        }
                    }
                }
            }
            if let streams {
                group.addTask {
                    await Waker(every: .seconds(1)).run {
                        while (try? await Blocking.run { streams.makeNext() }) == true, !Task.isCancelled {}
                    }
                }
            }
            group.addTask { await Waker(every: .seconds(10)).run { await self.tidy() } }
            await group.waitForAll()
        }
    }

    /// Ends what a kill has left half done, and removes what is of no more use.
    private func tidy() async {
        try? await Blocking.run { [uploads, streams, scanner] in
            guard scanner.isFilled else { return }
            for upload in uploads?.unfinished ?? [] where upload.isComplete {
                if let inode = try? uploads?.finish(upload, known: { scanner.record($0)?.path }) {
                    scanner.noteWhole(inode)
                }
            }
            uploads?.clean()
            streams?.forget { scanner.record($0) != nil }
        }
    }

    /// There may be news in the folder.
    func noteNews() { scanWaker.wake() }

    private func scan() async {
        do {
            let isChanged = try await Blocking.run { [scanner, intake] in
                intake.takeWaiting()
                return try scanner.look()
            }
            log.clear("node.database", "the node's database works again")
            if isChanged { signalWaker.wake() }
        } catch { log.trouble("node.database", "\(error)") }
    }

    /// Sends a signal where the flag says "unsent". What is written meanwhile has a higher number, and stays unsent.
    private func signal() async {
        guard let signals else { return }
        do {
            let counters = try await Blocking.run { [store] in try store.counters() }
            guard !counters.isSent else { return }
            try await signals.take(Signal(node: id, epoch: counters.epoch, changed: counters.changed))
            FailPoint.signalSent.reach()
            try await Blocking.run { [store] in try store.noteSignalled(counters.changed) }
            FailPoint.signalledSet.reach()
            log.clear("node.centre", "the centre takes signals again")
        } catch { log.trouble("node.centre", "the centre can't be told that there is news: \(error)") }
    }

    /// What trackers are told. A recording that grows is a live room, and so is a stream of a live server beside the node.
    private var teller: TrackerTeller {
        TrackerTeller(
            id, trackers, log: log,
            facts: { [store, players, folder] in
                try await Blocking.run {
                    TrackerTeller.Facts(
                        epoch: try store.counters().epoch, players: players.count(at: .now),
                        mostPlayers: Self.mostPlayers,
                        isDraining: access(folder.ownPath(DrainMark.name), F_OK) == 0)
                }
            },
            rooms: { [scanner, live] in
                let growing = scanner.growing.compactMap { RoomName($0.description) }
                return growing.map { LiveRoom(name: $0, kind: .recording) } + (await live?.rooms() ?? [])
            })
    }
}

/// Who has played within the last seconds.
final class PlayerCount: Sendable {
    private static let memory = Duration.seconds(15)
    private static let most = 100_000
    private let seen = Mutex<[String: MonotonicTime]>([:])

    func note(_ player: String, at now: MonotonicTime) {
        seen.withLock { seen in
            if seen.count >= Self.most { Self.forget(&seen, now) }
            if seen.count < Self.most { seen[player] = now }
        }
    }

    func count(at now: MonotonicTime) -> Int {
        seen.withLock { seen in
            Self.forget(&seen, now)
            return seen.count
        }
    }

    private static func forget(_ seen: inout [String: MonotonicTime], _ now: MonotonicTime) {
        seen = seen.filter { now.since($0.value) < memory.nanoseconds }
    }
}
