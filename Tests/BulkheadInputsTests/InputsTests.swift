import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
import BulkheadInputs
import BulkheadMedia
import BulkheadModel
import BulkheadRoom
import BulkheadSystem
import BulkheadTestSupport
import BulkheadTimeline
import BulkheadWire
import Foundation
import Glibc
import Testing

/// The room as a whole, with source processes that really run.
@Suite(.serialized, .timeLimit(.minutes(2))) struct InputsTests {
    /// Takes all that comes, and asks for more.
    private final class Outlet: MediaOutlet {
        private let pools: FramePools
        weak var supply: (any MediaSupply)?
        var times: [MediaTime] = []
        private var last: [InputID: MediaTime] = [:]
        var soundEnd: Int64 = 0
        var words: [String] = []
        var stillCount = 0
        var stills: [(still: Still, picture: StillPicture)] = []

        init(_ pools: FramePools) { self.pools = pools }

        var hasBegun: Bool { !times.isEmpty }
        var slotCount: Int { 8 }

        func renamed(_ input: InputID, to name: String) { words.append("renamed \(name)") }
        func expect(_ input: InputID, name: String, isKept: Bool) {
            words.append(isKept ? "expect kept" : "expect")
            times = []
            last[input] = nil
        }

        func opened(_ input: InputID, _ description: SourceDescription) {
            words.append("opened")
            demand(input)
        }

        func goesOn(_ input: InputID, from sample: Int64) {
            soundEnd = sample
            words.append("goes on from \(sample)")
            demand(input)
        }

        func take(_ picture: Picture, of input: InputID) -> Bool {
            if let last = last[input], picture.pts <= last { return false }
            last[input] = picture.pts
            times.append(picture.pts)
            pools.release(picture.slot)
            demand(input)
            return true
        }

        func take(sound samples: [Float], from start: Int64, of input: InputID) -> Int64 {
            soundEnd = max(soundEnd, start + Int64(samples.count / 2))
            demand(input)
            return soundEnd
        }

        func caughtUp(_ input: InputID) {}
        func interrupted(_ input: InputID) { words.append("interrupted") }
        func beganAnew(_ input: InputID) {
            words.append("began anew")
            times = []
            last[input] = nil
        }
        func ended(_ input: InputID) { words.append("ended") }
        func removed(_ input: InputID) { words.append("removed") }

        func take(_ picture: StillPicture, for still: Still) {
            stillCount += 1
            stills.append((still, picture))
            pools.release(picture.slot)
        }

        func failed(_ still: Still, _ failure: StillFailure) {
            if case .slateFile(let path) = still {
                words.append("failed \(path)")
            } else {
                words.append("failed \(still)")
            }
        }

        func noted(_ still: Still, _ text: String) { words.append("noted \(text)") }

        private func demand(_ input: InputID) {
            supply?.demand(MediaDemand(pictures: 4, waiting: 0, soundEnd: soundEnd + 48_000), of: input)
        }
    }

    /// Lives on a reactor's thread, as a broadcast does.
    private actor Owner {
        nonisolated let reactor: Reactor
        nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }
        private var inputs: Inputs?
        private var outlet: Outlet?
        private var context: RoomContext?
        private(set) var failure: BroadcastError?
        private(set) var isEmpty = false

        init() throws { reactor = try Reactor() }

        func start(_ urls: [String]) throws {
            // What deaths leave behind must not meet the user's.
            setenv("XDG_STATE_HOME", BulkheadProgram.runtimeFolder + "/state", 1)
            let context = RoomContext(
                reactor: reactor, pools: FramePools(), programs: Programs(folder: BulkheadProgram.folder),
                events: EventLog())
            let outlet = Outlet(context.pools)
            let inputs = Inputs(
                context, canvas: try #require(Canvas(width: 64, height: 64)), frameRate: try #require(FrameRate(25)),
                onFailed: { [weak self] error in self?.assumeIsolated { $0.failure = error } })
            inputs.onEmpty = { [weak self] in self?.assumeIsolated { $0.isEmpty = true } }
            outlet.supply = inputs
            (self.context, self.outlet, self.inputs) = (context, outlet, inputs)
            try inputs.open(urls.map { InputSettings(url: $0) })
            inputs.play(
                try #require(Canvas(width: 64, height: 64)), try #require(FrameRate(25)), to: outlet)
        }

        func read(still path: String) throws {
            try inputs?.read(slate: path, canvas: #require(Canvas(width: 64, height: 64)))
        }

        func restart() { inputs?.restart() }
        func resize() throws { inputs?.change(canvas: try #require(Canvas(width: 32, height: 32))) }

        /// Changes the inputs, and returns the answer when it has come.
        func change(_ change: InputChange) async -> BroadcastError? {
            await withCheckedContinuation { continuation in
                guard let inputs else { return continuation.resume(returning: nil) }
                inputs.change(change) { continuation.resume(returning: $0) }
            }
        }

        var names: [String] { inputs?.snapshot.inputs.map(\.name) ?? [] }
        var states: [ChildState] { inputs?.snapshot.inputs.map(\.child.state) ?? [] }

        func end() {
            inputs?.hangUp()
            reactor.schedule(at: .now.advanced(by: .seconds(5))) { [weak self] in
                self?.assumeIsolated { $0.inputs?.dismiss("the test is over") }
            }
        }

        var child: ChildStatus? { inputs?.snapshot.inputs.first?.child }
        var times: [MediaTime] { outlet?.times ?? [] }
        var words: [String] { outlet?.words ?? [] }
        var soundEnd: Int64 { outlet?.soundEnd ?? 0 }
        var stillCount: Int { outlet?.stillCount ?? 0 }
        var stills: [(still: Still, picture: StillPicture)] { outlet?.stills ?? [] }
        func wantNames() { inputs?.wantNames() }
        func draw(_ card: Card) throws {
            try inputs?.draw(slate: card, canvas: #require(Canvas(width: 64, height: 64)))
        }
        var deathCount: Int { context?.deaths.count ?? 0 }
        var heldCount: Int { context?.pools.heldCount ?? 0 }
    }

    private func withInputs(_ urls: [String], _ body: (Owner) async throws -> Void) async throws {
        let owner = try Owner()
        try await owner.start(urls)
        try await body(owner)
        await owner.end()
        #expect(await eventually { await owner.isEmpty }, "all sources end")
        #expect(await owner.heldCount == 0)
        owner.reactor.stop()
    }

    @Test func picturesAndSoundComeInOrder() async throws {
        try await withInputs(["test"]) { owner in
            #expect(await eventually { await owner.times.count >= 30 })
            let times = await owner.times
            #expect(times == times.sorted() && Set(times).count == times.count)
            #expect(await eventually { await owner.soundEnd > 0 })
            #expect(await Array(owner.words.prefix(2)) == ["expect", "opened"])
            let child = await owner.child
            #expect(child?.state == .ready && child?.part.role == .source)
        }
    }

    @Test func killedSourceIsReplacedAndGoesOn() async throws {
        try await withInputs(["test"]) { owner in
            #expect(await eventually { await owner.times.count >= 10 })
            let pid = try #require(await owner.child?.pid)
            kill(pid, SIGKILL)
            #expect(await eventually { await owner.deathCount == 1 })
            let count = await owner.times.count
            #expect(await eventually { await owner.times.count >= count + 10 })
            #expect(await owner.words.contains("interrupted"))
            let child = await owner.child
            #expect(child?.pid != pid && child?.restarts == 1)
            #expect(await owner.failure == nil)
        }
    }

    @Test func sourceThatIsReplacedOnRequestHasNotDied() async throws {
        try await withInputs(["test"]) { owner in
            #expect(await eventually { await owner.times.count >= 10 })
            let pid = await owner.child?.pid
            await owner.restart()
            #expect(await eventually { await owner.child.map { $0.state == .ready && $0.pid != pid } ?? false })
            let count = await owner.times.count
            #expect(await eventually { await owner.times.count >= count + 10 })
            #expect(await owner.deathCount == 0)
        }
    }

    @Test func inputThatCanNotBeOpenedFailsTheStart() async throws {
        try await withInputs(["/nonexistent.mp4"]) { owner in
            #expect(await eventually { await owner.failure?.kind == .input })
        }
    }

    // MARK: changes on air

    @Test func addedInputIsOpenWhenThatIsAnswered() async throws {
        try await withInputs(["test"]) { owner in
            #expect(await eventually { await owner.words.contains("opened") })
            #expect(await owner.change(.add(InputSettings(url: "test", name: "guest"))) == nil)
            #expect(await owner.names == ["source", "guest"])
            #expect(await owner.states.last == .ready)
            #expect(await owner.words.suffix(2) == ["expect kept", "opened"])
            #expect(await owner.change(.rename("guest", name: "Gast")) == nil)
            #expect(await owner.names == ["source", "Gast"])
            #expect(await owner.words.contains("renamed Gast"))
            #expect(await owner.change(.remove("2")) == nil)
            #expect(await owner.names == ["source"])
            #expect(await owner.words.contains("removed"))
            #expect(await owner.change(.remove("2"))?.code == .unknownInput)
            #expect(await owner.failure == nil)
        }
    }

    /// The broadcast goes on as it was, and knows nothing of the input.
    @Test func inputThatCanNotBeAddedIsRefused() async throws {
        try await withInputs(["test"]) { owner in
            #expect(await owner.change(.add(InputSettings(url: "/nonexistent.mp4")))?.kind == .input)
            #expect(await owner.change(.add(InputSettings(url: "-")))?.kind == .usage)
            #expect(await owner.change(.add(InputSettings(url: "test", name: "source")))?.code == .inputName)
            #expect(await owner.names == ["source"])
            #expect(await owner.failure == nil)
        }
    }

    @Test func reopenedInputIsReadFromItsStart() async throws {
        try await withInputs(["test"]) { owner in
            #expect(await eventually { await owner.times.count >= 50 })
            let pid = await owner.child?.pid
            #expect(await owner.change(.reopen("source")) == nil)
            #expect(await eventually { await owner.words.contains("began anew") })
            #expect(await eventually { await owner.child.map { $0.state == .ready && $0.pid != pid } ?? false })
            #expect(await eventually { await owner.times.count >= 10 })
            #expect(await owner.times.first == .zero)
            #expect(await owner.deathCount == 0)
        }
    }

    @Test func requestThatWaitsIsAnsweredAtTheEnd() async throws {
        try await withInputs(["test"]) { owner in
            // A pipe without a writer is never open.
            let pipe = BulkheadProgram.runtimeFolder + "/\(UUID().uuidString)"
            mkfifo(pipe, 0o600)
            defer { unlink(pipe) }
            async let answer = owner.change(.add(InputSettings(url: pipe)))
            #expect(await eventually { await owner.names.count == 2 })
            await owner.end()
            #expect(await answer?.code == .broadcastOver)
        }
    }

    @Test func stillThatIsMissingIsToldToItsUserAlone() async throws {
        try await withInputs(["test"]) { owner in
            try await owner.read(still: "/nonexistent.png")
            #expect(await eventually { await owner.words.contains("failed /nonexistent.png") })
            #expect(await owner.stillCount == 0)
            #expect(await owner.failure == nil)
        }
    }

    /// Names are drawn once they are wanted, again for another name, and for an input that comes later.
    @Test func namesOfInputsAreDrawn() async throws {
        try await withInputs(["test", "color:red"]) { owner in
            #expect(await eventually { await owner.words.count { $0 == "opened" } == 2 })
            #expect(await owner.stillCount == 0)
            await owner.wantNames()
            await owner.wantNames()
            #expect(await eventually { await owner.stills.map(\.still) == [.name(1), .name(2)] })
            let content = await owner.stills[0].picture.content
            #expect(content.width == 64 && content.height < 40, "the letters alone: \(content)")
            #expect(await owner.change(.rename("2", name: "Zürich")) == nil)
            #expect(await eventually { await owner.stillCount == 3 })
            #expect(await owner.change(.add(InputSettings(url: "color:blue", name: "blue"))) == nil)
            #expect(await eventually { await owner.stillCount == 4 })
            #expect(await owner.stills.map(\.still) == [.name(1), .name(2), .name(2), .name(3)])
        }
    }

    @Test func slateWithAClockGoesOn() async throws {
        try await withInputs(["test"]) { owner in
            try await owner.draw(Card(.slate, "x", hasClock: true))
            #expect(await eventually { await owner.stillCount >= 3 })
            let stills = await owner.stills
            #expect(stills.allSatisfy { $0.still == .slate })
            #expect(stills.map(\.picture.isClock) == [false] + stills.dropFirst().map { _ in true })
        }
    }

    @Test func logoThatIsNoneIsTold() async throws {
        try await withInputs(["test"]) { owner in
            try await owner.draw(Card(.slate, "x", logoPath: "/nonexistent.png"))
            #expect(await eventually { await owner.words.contains("failed slate") })
            #expect(await owner.failure == nil)
        }
    }

    /// A picture that is at its end would stay in the size of before, and could not be mixed.
    @Test func stillsAreReadAgainInAnotherSize() async throws {
        let picture = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Examples/two-cameras/title.png").path
        try await withInputs([picture]) { owner in
            #expect(await eventually { await owner.words.contains("ended") })
            try await owner.resize()
            #expect(await eventually { await owner.words.count { $0 == "ended" } == 2 })
            #expect(await owner.words.suffix(3) == ["expect kept", "opened", "ended"])
            #expect(await !owner.times.isEmpty)
        }
    }
}
