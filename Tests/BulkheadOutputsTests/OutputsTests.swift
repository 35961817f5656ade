import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
import BulkheadLinks
import BulkheadMedia
import BulkheadModel
import BulkheadOutputs
import BulkheadRoom
import BulkheadSystem
import BulkheadTestSupport
import Synchronization
import Testing

/// The room with sinks that do what a test wants.
@Suite(.timeLimit(.minutes(1))) struct OutputsTests {
    /// Runs until it is told to finish or made to fail, and notes what it is told.
    private final class ScriptedSink: Sink, Servers {
        let name: String
        private let state = Mutex((told: [String](), load: Duration.zero))
        private let ends = AsyncStream<BroadcastError?>.makeStream()

        init(_ name: String) { self.name = name }

        /// What it was told, in order.
        var told: [String] { state.withLock { $0.told } }
        func fail(_ error: BroadcastError) { ends.continuation.yield(error) }
        func congest(_ delay: Duration) { state.withLock { $0.load = delay } }
        private func note(_ word: String) { state.withLock { $0.told.append(word) } }

        func configure(_ configuration: StreamConfiguration, number: Int) { note("configuration \(number)") }
        func offer(_ packet: Packet) { note("packet \(packet.dts.milliseconds)") }
        var hasRoom: Bool { state.withLock { $0.load == .zero } }
        var firstSent: MediaTime? { nil }
        func finish() {
            note("finish")
            ends.continuation.yield(nil)
        }
        func abort() {
            note("abort")
            ends.continuation.yield(nil)
        }
        func run() async throws(BroadcastError) {
            note("run")
            for await end in ends.stream {
                if let end { throw end }
                return
            }
        }
        var statuses: [LinkStatus] { [LinkStatus(name: name, destination: name, state: .publishing)] }
        func extend(_ entries: [RoomEntry]) {
            note("extend " + entries.map { "\($0.key)=\($0.text)" }.joined(separator: ","))
        }
        var reach: LinkPatience.Reach? { name == "link 1" ? .held : nil }
        func goOn(from reach: LinkPatience.Reach) { note("go on \(reach)") }
        func pause(_ isPaused: Bool) { note(isPaused ? "pause" : "resume") }
        func resume(from time: MediaTime) {}
        func retry() { note("retry") }
        func move(to word: String) throws(BroadcastError) { note("move \(word)") }
        func networkChanged() {}
        func report(isMeasured: Bool) async -> LinkServersReport {
            LinkServersReport(link: name, rule: "priority", servers: [], choice: nil, reason: "")
        }
        func loads(bitsPerSecond: Int) -> [CongestionController.Load] {
            // Their numbers are their names here.
            [.init(lane: LinkLane(LinkID(Int(name.suffix(1)) ?? 0)), delay: state.withLock { $0.load })]
        }
        func tell(_ happening: RecordingHappening, of recording: String) { note("tell \(recording)") }
        func shed(_ sheds: [LinkLane: CongestionController.Shedding]) { note("shed") }
    }

    /// What the room's sinks share with the test.
    private final class Sinks: Sendable {
        private let all = Mutex<[String: ScriptedSink]>([:])
        subscript(name: String) -> ScriptedSink? { all.withLock { $0[name] } }
        func add(_ sink: ScriptedSink) { all.withLock { $0[sink.name] = sink } }
    }

    /// Keeps the room on a reactor of its own, as a broadcast does.
    private actor Owner {
        nonisolated let reactor: Reactor
        nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }
        nonisolated let events = EventLog()
        nonisolated let sinks = Sinks()
        private let outputs: Outputs
        private(set) var failure: BroadcastError?
        private(set) var isOver = false
        private(set) var roomCount = 0

        init() throws {
            reactor = try Reactor()
            let context = RoomContext(
                reactor: reactor, pools: FramePools(), programs: Programs(folder: ""), events: events)
            outputs = Outputs(context, bitrate: .init(wanted: 1_000_000, sound: 128_000, rule: .slowest)) {
                [sinks] entry, _, onRoom throws(BroadcastError) in
                guard entry.destination.url != "rtmp://bad/" else { throw BroadcastError(.usage, "it can't be used") }
                let sink = ScriptedSink(entry.name)
                sinks.add(sink)
                onRoom()
                return entry.destination.isFile ? Output(sink, servers: nil) : Output(sink)
            }
        }

        deinit { reactor.stop() }

        func declare(_ urls: [String]) throws {
            outputs.onFailure = { [weak self] error in self?.assumeIsolated { $0.failure = error } }
            outputs.onRoom = { [weak self] in self?.assumeIsolated { $0.roomCount += 1 } }
            try outputs.declare(urls.map { DestinationSettings(url: $0) })
        }

        func run() async {
            await outputs.run(on: self)
            isOver = true
        }
        func finish() { outputs.finish() }
        func abort() { outputs.abort() }
        func goOn(from reach: [String: LinkPatience.Reach]?) { outputs.goOn(from: reach) }
        var reach: [String: LinkPatience.Reach] { outputs.reach }
        func change(_ change: LinkChange) throws { try outputs.change(change) }
        func take(_ milliseconds: Int64) {
            let time = MediaTime(milliseconds: milliseconds)
            outputs.take(Packet(kind: .video(isIDR: true, isDisposable: false), dts: time, pts: time, bytes: [1]))
        }
        func configure(_ configuration: StreamConfiguration) { outputs.configure(configuration, number: 0) }
        var hasRoom: Bool { outputs.hasRoom }
        var destinations: [String] { outputs.destinations.map(\.url) }
        var snapshot: OutputsSnapshot { outputs.snapshot }
        func reports(of word: String?) async throws -> [LinkServersReport] {
            try await outputs.servers(of: word, isMeasured: false)
        }
    }

    /// Runs the room while `body` goes on, and ends it.
    private static func withRoom(
        _ urls: [String] = ["rtmp://a/", "rtmp://b/"], _ body: (Owner) async throws -> Void
    ) async throws {
        let owner = try Owner()
        try await owner.declare(urls)
        let running = Task { await owner.run() }
        #expect(await eventually { owner.sinks["link 1"]?.told.contains("run") ?? false })
        try await body(owner)
        await owner.abort()
        await running.value
    }

    /// Who asks by the control protocol has another folder than the master.
    @Test(arguments: ["file:", "file:rel.flv", "file:/a/b.mp4"]) func fileIsNamedByItsWholePath(url: String) async {
        func check() async -> BroadcastError.Kind? {
            do throws(BroadcastError) { try await Output.check(DestinationSettings(url: url)) } catch {
                return error.kind
            }
            return nil
        }
        #expect(await check() == .usage)
    }

    @Test func packetsGoToEverySinkAndOneThatIsAddedIsToldWhatIsKnown() async throws {
        try await Self.withRoom { owner in
            let configuration = StreamConfiguration(
                canvas: try #require(Canvas(width: 64, height: 64)), frameRate: try #require(FrameRate(30)),
                videoBitsPerSecond: 1, audioBitsPerSecond: 1, avcConfiguration: [1], audioSpecificConfig: [2])
            await owner.configure(configuration)
            await owner.take(0)
            try await owner.change(.add(DestinationSettings(url: "rtmp://c/")))
            await owner.take(40)
            #expect(await eventually { owner.sinks["link 3"]?.told.contains("run") ?? false })
            let first = owner.sinks["link 1"]?.told.filter { $0 != "run" }
            #expect(first == ["configuration 0", "packet 0", "packet 40"])
            #expect(owner.sinks["link 3"]?.told.filter { $0 != "run" } == ["configuration 0", "packet 40"])
        }
    }

    /// A file has no servers; what an earlier version kept says nothing of them.
    @Test func linksAreToldHowFarTheirServersWereReached() async throws {
        try await Self.withRoom(["rtmp://a/", "file:/b.flv", "rtmp://c/"]) { owner in
            #expect(await owner.reach == ["link 1": .held])
            await owner.goOn(from: ["link 3": .started, "link 9": .held])
            await owner.goOn(from: nil)
            func told(_ name: String) -> [String]? { owner.sinks[name]?.told.filter { $0 != "run" } }
            #expect(told("link 1") == ["go on held"] && told("link 2") == [])
            #expect(told("link 3") == ["go on started", "go on held"])
        }
    }

    @Test func removedLinkLeavesTheSettingsAndGetsNoMore() async throws {
        try await Self.withRoom { owner in
            try await owner.change(.remove("1"))
            await owner.take(0)
            #expect(owner.sinks["link 1"]?.told == ["run", "finish"])
            #expect(await owner.destinations == ["rtmp://b/"])
            #expect(await owner.snapshot.links.map(\.name) == ["link 2"])
            let problem = "link 2 is the last link of the broadcast"
            await #expect(throws: BroadcastError.self) { try await owner.change(.remove("2")) }
            do { try await owner.change(.remove("2")) } catch let error as BroadcastError {
                #expect(error.problem == problem)
            }
        }
    }

    @Test func failureNamesTheLinkAndTheLastOneEndsTheBroadcast() async throws {
        try await Self.withRoom { owner in
            owner.sinks["link 1"]?.fail(BroadcastError(.destination, "one"))
            #expect(await eventually { await owner.snapshot.links.first?.isRunning == false })
            #expect((owner.events.recent.last.map { "\($0.part)" }) == "link 1")
            #expect(await owner.failure == nil)
            owner.sinks["link 2"]?.fail(BroadcastError(.destination, "two"))
            #expect(await eventually { await owner.failure?.problem == "two" })
        }
    }

    @Test func failedLinkIsRunAgain() async throws {
        try await Self.withRoom { owner in
            owner.sinks["link 1"]?.fail(BroadcastError(.destination, "one"))
            #expect(await eventually { await owner.snapshot.links.first?.isRunning == false })
            try await owner.change(.retry("link 1"))
            #expect(await eventually { owner.sinks["link 1"]?.told.count { $0 == "run" } == 2 })
            #expect(owner.sinks["link 1"]?.told == ["run", "resume", "retry", "run"])
        }
    }

    @Test func fileIsNotPausedAndHasNoServers() async throws {
        try await Self.withRoom(["rtmp://a/", "file:/b.flv"]) { owner in
            await #expect(
                throws: BroadcastError(
                    code: .linkWithoutServers, "a file can't be paused", advice: "remove it and add another one")
            ) {
                try await owner.change(.pause("2"))
            }
            try await owner.change(.pause("1"))
            #expect(owner.sinks["link 1"]?.told.last == "pause")
            #expect(try await owner.reports(of: nil).map(\.link) == ["link 1"])
            #expect(try await owner.reports(of: "2").map(\.reason) == ["it is a file"])
        }
    }

    @Test func destinationThatCannotBeUsedTakesNoNumber() async throws {
        try await Self.withRoom { owner in
            await #expect(throws: BroadcastError(.usage, "it can't be used")) {
                try await owner.change(.add(DestinationSettings(url: "rtmp://bad/")))
            }
            try await owner.change(.add(DestinationSettings(url: "rtmp://c/")))
            #expect(await owner.snapshot.links.map(\.id) == [1, 2, 3])
        }
    }

    @Test func roomIsAskedOfEverySink() async throws {
        try await Self.withRoom { owner in
            #expect(await eventually { await owner.roomCount == 2 })
            #expect(await owner.hasRoom)
            owner.sinks["link 2"]?.congest(.seconds(1))
            #expect(await owner.hasRoom == false)
        }
    }

    @Test func endWaitsForTheSinks() async throws {
        let owner = try Owner()
        try await owner.declare(["rtmp://a/", "rtmp://b/"])
        // The end may come before the sinks have run at all.
        await owner.finish()
        await owner.run()
        #expect(await owner.isOver)
        for name in ["link 1", "link 2"] { #expect(owner.sinks[name]?.told.contains("finish") == true) }
    }
}
