import BulkheadMedia
import BulkheadModel
import BulkheadProgram
import BulkheadSwitch
import BulkheadSystem
import BulkheadTestSupport
import BulkheadTimeline
import Glibc
import Testing

/// An input and its backups with a clock of their own, 25 looks a second.
private struct GroupStage {
    var group: InputGroup
    private(set) var milliseconds = 100_000
    var states: [InputID: InputState] = [:]
    /// Pictures come of these.
    var giving: Set<InputID> = []
    /// What their pictures show; else each is another one.
    var luma: [InputID: UInt8] = [:]
    var silent: Set<InputID> = []
    /// Their sound is 13 LU louder than it should be.
    var loud: Set<InputID> = []
    /// What their processes count.
    var arrivals: [InputID: InputArrival] = [:]
    private(set) var actions: [InputGroup.Action] = []
    /// When something was shown, in milliseconds.
    private(set) var shows: [(member: InputID, at: Int)] = []
    private var picture: UInt8 = 60

    private static let wave = (0..<1920).flatMap { pair -> [Float] in
        let sample = Float(sin(2 * .pi * 1000 * Double(pair) / 48_000))
        return [sample, sample]
    }

    static let main = InputID(1)
    static let backup = InputID(2)
    static let second = InputID(3)

    init(_ words: [String] = ["no-data 1s"], backups: Int = 1, _ change: (inout BackupSettings) -> Void = { _ in })
        throws
    {
        let inputs = (0..<backups).map { InputSettings(url: "rtmp://b/\($0)") }
        var settings = BackupSettings(inputs)
        settings.conditions = try words.map { (word) throws(BroadcastError) in try SwitchCondition(word) }
        change(&settings)
        let members = [Self.main, Self.backup, Self.second].prefix(backups + 1)
        group = InputGroup(settings, members: Array(members), at: MonotonicTime(nanoseconds: 0))
        for member in members {
            var state = InputState()
            (state.isOpen, state.isLive, state.hasSound, state.hasSomething) = (true, true, true, true)
            states[member] = state
            giving.insert(member)
        }
    }

    var now: MonotonicTime { MonotonicTime(nanoseconds: Int64(milliseconds) * 1_000_000) }

    mutating func begin() { take(group.begin(at: now) { [states] in states[$0] ?? InputState() }) }

    mutating func choose(_ mode: SwitchMode) { take(group.set(mode, at: now)) }

    mutating func pass(_ seconds: Double) {
        for _ in 0..<Int((seconds * 25).rounded()) {
            milliseconds += 40
            for member in giving.sorted() {
                picture = picture &+ 17
                let grid = [UInt8](repeating: luma[member] ?? (picture | 64), count: 20)
                group.tookPicture(grid, of: member, at: now)
                let level: Float = silent.contains(member) ? 0 : loud.contains(member) ? 0.316 : 0.0708
                // Each 40 ms: 1920 sample pairs, which are 40 waves of 1 kHz; at -23 dBFS, where nothing is done to it.
                let sound = Self.wave.map { $0 * level }
                group.tookSound(sound, from: Int64(milliseconds) * 48, of: member, at: now)
            }
            for (member, arrival) in arrivals { group.counted(arrival, of: member) }
            take(group.look(rate: 25, at: now) { [states] in states[$0] ?? InputState() })
        }
    }

    private mutating func take(_ new: [InputGroup.Action]) {
        for case .show(let member) in new { shows.append((member, milliseconds)) }
        actions += new
    }

    mutating func takeActions() -> [InputGroup.Action] {
        defer { actions = [] }
        return actions
    }

    /// Changes from way to way so far.
    var switches: Int {
        actions.count { if case .tell(.switching) = $0 { true } else { false } }
    }
}

@Suite(.timeLimit(.minutes(1))) struct InputGroupTests {
    /// What is done to the input, and the condition that is met by it alone.
    enum Fault: CaseIterable {
        case drop, kill, throttle, starve, flood, thin, resize, loud, freeze, mute, black, flap
    }

    private static func condition(_ fault: Fault) -> String {
        switch fault {
        case .drop: "no-data 1s"
        case .kill: "off-air 1s"
        case .throttle: "fps < 80% for 2s"
        case .starve: "bitrate < 500k for 2s"
        case .flood: "bitrate > 5M for 2s"
        case .thin: "keyframes > 4s for 2s"
        case .resize: "size not 1280x720 for 2s"
        case .loud: "loudness off -23 by 2 for 2s"
        case .freeze: "frozen 2s"
        case .mute: "silence 2s"
        case .black: "black 2s"
        case .flap: "failures > 2 in 10s"
        }
    }

    private static func provoke(_ fault: Fault, _ stage: inout GroupStage, _ isOn: Bool) {
        switch fault {
        case .drop, .kill:
            if isOn { stage.giving.remove(GroupStage.main) } else { stage.giving.insert(GroupStage.main) }
            if fault == .kill { stage.states[GroupStage.main]?.isOpen = !isOn }
        // A third of the pictures that are due.
        case .throttle: stage.states[GroupStage.main]?.framesPerSecond = isOn ? 75 : 25
        case .starve:
            stage.arrivals[GroupStage.main] = InputArrival(bitsPerSecond: isOn ? 100_000 : 2_000_000, drops: 0)
        case .flood:
            stage.arrivals[GroupStage.main] = InputArrival(bitsPerSecond: isOn ? 9_000_000 : 2_000_000, drops: 0)
        case .thin:
            stage.arrivals[GroupStage.main] = InputArrival(
                bitsPerSecond: 2_000_000, drops: 0, keyframeSeconds: isOn ? 5 : 2)
        case .resize:
            stage.states[GroupStage.main]?.canvas = Canvas(isOn ? "640x360" : "1280x720")
        case .loud: if isOn { stage.loud.insert(GroupStage.main) } else { stage.loud.remove(GroupStage.main) }
        case .freeze: stage.luma[GroupStage.main] = isOn ? 100 : nil
        case .black: stage.luma[GroupStage.main] = isOn ? 16 : nil
        case .mute: if isOn { stage.silent.insert(GroupStage.main) } else { stage.silent.remove(GroupStage.main) }
        case .flap: break
        }
    }

    /// Each fault alone: a blip does nothing, the fault shows the backup, and its end the input again.
    @Test(arguments: [Fault.drop, .kill, .throttle, .starve, .flood, .thin, .resize, .freeze, .mute, .black])
    func namedConditionSwitchesAndReturns(fault: Fault) throws {
        let words = Self.condition(fault)
        var stage = try GroupStage([words]) { $0.clearMilliseconds = 2000 }
        stage.begin()
        stage.pass(5)
        #expect(stage.group.shown == GroupStage.main && stage.switches == 0)
        if fault == .throttle {
            // The rate itself falls: pictures come once in a while.
            var isGiving = false
            for _ in 0..<40 {
                isGiving.toggle()
                if isGiving { stage.giving.insert(GroupStage.main) } else { stage.giving.remove(GroupStage.main) }
                stage.pass(0.04)
            }
            stage.giving.insert(GroupStage.main)
            stage.pass(3)
            #expect(stage.switches == 0, "a blip")
            for _ in 0..<100 where stage.switches == 0 {
                isGiving.toggle()
                if isGiving { stage.giving.insert(GroupStage.main) } else { stage.giving.remove(GroupStage.main) }
                stage.pass(0.04)
            }
            stage.giving.remove(GroupStage.main)
            stage.pass(0.2)
        } else {
            Self.provoke(fault, &stage, true)
            stage.pass(0.7)
            Self.provoke(fault, &stage, false)
            stage.pass(3)
            #expect(stage.switches == 0, "a blip")
            Self.provoke(fault, &stage, true)
            stage.pass(3.5)
        }
        #expect(stage.group.shown == GroupStage.backup, "\(fault)")
        let condition = try SwitchCondition(words)
        let told = stage.takeActions()
        #expect(told.contains(.tell(.switching(from: .main, to: .backup, .condition(condition)))), "\(told)")
        let last = try #require(stage.group.last)
        #expect(last.start < 0.1 && last.firstIDR < 0.1 && last.stop == 0)
        #expect(last.detect < Double(condition.milliseconds) / 1000 + 0.6)
        // It stays bad for a while, and is not gone back to.
        stage.pass(15)
        #expect(stage.group.shown == GroupStage.backup)
        Self.provoke(fault, &stage, false)
        stage.giving.insert(GroupStage.main)
        stage.pass(13)
        #expect(stage.group.shown == GroupStage.main, "\(fault)")
    }

    /// A meter of loudness answers three seconds later than the sound has changed.
    @Test func loudnessSwitchesAndReturns() throws {
        var stage = try GroupStage([Self.condition(.loud)]) { $0.clearMilliseconds = 2000 }
        stage.begin()
        stage.pass(6)
        #expect(stage.group.shown == GroupStage.main && stage.switches == 0)
        Self.provoke(.loud, &stage, true)
        stage.pass(6)
        #expect(stage.group.shown == GroupStage.backup)
        Self.provoke(.loud, &stage, false)
        stage.pass(20)
        #expect(stage.group.shown == GroupStage.main)
    }

    @Test func failuresAreDeathsOfItsReader() throws {
        var stage = try GroupStage([Self.condition(.flap)])
        stage.begin()
        stage.pass(3)
        for _ in 0..<3 {
            #expect(stage.group.shown == GroupStage.main)
            stage.group.interrupted(GroupStage.main)
            stage.pass(1)
        }
        #expect(stage.group.shown == GroupStage.backup)
    }

    /// A counter that begins anew with another process is no fault.
    @Test func dropsAreCountedWithinTheirSpan() throws {
        var stage = try GroupStage(["drops > 10 in 5s"])
        stage.begin()
        var drops = 900
        func lose(_ count: Int, _ stage: inout GroupStage) {
            drops += count
            stage.arrivals[GroupStage.main] = InputArrival(bitsPerSecond: 1_000_000, drops: drops)
        }
        lose(0, &stage)
        stage.pass(5)
        for _ in 0..<6 {
            lose(3, &stage)
            stage.pass(2)
        }
        #expect(stage.group.shown == GroupStage.main, "three in two seconds are borne")
        stage.group.interrupted(GroupStage.main)
        drops = 0
        lose(2, &stage)
        stage.pass(6)
        #expect(stage.group.shown == GroupStage.main)
        lose(12, &stage)
        stage.pass(1)
        #expect(stage.group.shown == GroupStage.backup)
        #expect(
            stage.takeActions().contains(
                .tell(.switching(from: .main, to: .backup, .condition(try SwitchCondition("drops > 10 in 5s"))))))
    }

    @Test func oscillatingFaultFlapsAtMostTwiceAMinute() throws {
        var stage = try GroupStage(backups: 1) {
            ($0.clearMilliseconds, $0.dwellMilliseconds) = (500, 500)
        }
        stage.begin()
        for step in 0..<240 {
            if step % 4 < 2 { stage.giving.remove(GroupStage.main) } else { stage.giving.insert(GroupStage.main) }
            stage.pass(1)
        }
        #expect(stage.shows.count > 4)
        for (index, show) in stage.shows.enumerated() {
            let inAMinute = stage.shows[index...].prefix { $0.at - show.at <= 60_000 }.count
            #expect(inAMinute <= 2, "\(stage.shows)")
        }
    }

    @Test func lastPictureStandsUntilTheBackupHasOne() throws {
        var stage = try GroupStage { $0.isCold = true }
        stage.states[GroupStage.backup] = InputState()
        stage.giving.remove(GroupStage.backup)
        stage.begin()
        stage.pass(3)
        stage.giving.remove(GroupStage.main)
        stage.pass(2)
        #expect(stage.takeActions().contains(.wake(GroupStage.backup)))
        #expect(stage.group.shown == GroupStage.main)
        var open = InputState()
        (open.isOpen, open.isLive, open.hasSomething) = (true, true, true)
        stage.states[GroupStage.backup] = open
        stage.pass(0.2)
        #expect(stage.group.shown == GroupStage.main, "it is open, and has given nothing")
        stage.giving.insert(GroupStage.backup)
        stage.pass(0.2)
        #expect(stage.group.shown == GroupStage.backup)
        #expect(stage.group.last.map { $0.start > 0.5 } == true)
        stage.giving.insert(GroupStage.main)
        stage.pass(20)
        #expect(stage.group.shown == GroupStage.main)
        #expect(stage.takeActions().contains(.rest(GroupStage.backup)))
    }

    @Test func secondBackupTakesOverFromTheFirst() throws {
        var stage = try GroupStage(backups: 2)
        stage.begin()
        stage.pass(3)
        stage.giving.remove(GroupStage.main)
        stage.pass(2)
        #expect(stage.group.shown == GroupStage.backup)
        stage.pass(12)
        stage.giving.remove(GroupStage.backup)
        stage.pass(3)
        #expect(stage.group.shown == GroupStage.second)
    }

    @Test func backupThatIsBlackItselfIsNotReady() throws {
        var stage = try GroupStage(["black 1s"])
        stage.luma = [GroupStage.main: 16, GroupStage.backup: 16]
        stage.begin()
        stage.pass(5)
        #expect(stage.group.shown == GroupStage.main)
        #expect(stage.takeActions().contains(.tell(.backupNotReady(.backup))))
        stage.luma = [GroupStage.main: 16]
        stage.pass(1)
        #expect(stage.group.shown == GroupStage.backup)
    }

    @Test func inputThatIsNotThereAtTheStartIsBackedFromTheStart() throws {
        var stage = try GroupStage()
        stage.states[GroupStage.main] = InputState()
        stage.giving.remove(GroupStage.main)
        stage.begin()
        stage.pass(0.2)
        #expect(stage.group.shown == GroupStage.backup)
    }

    @Test func endOfTheInputIsNoFault() throws {
        var stage = try GroupStage()
        stage.begin()
        stage.pass(3)
        stage.giving.remove(GroupStage.main)
        stage.states[GroupStage.main]?.hasEnded = true
        stage.states[GroupStage.main]?.isOpen = false
        stage.pass(10)
        #expect(stage.group.shown == GroupStage.main && stage.switches == 0)
    }

    @Test func handChoosesAndHolds() throws {
        var stage = try GroupStage()
        stage.begin()
        stage.pass(3)
        stage.choose(.way(.backup))
        stage.pass(0.2)
        #expect(stage.group.shown == GroupStage.backup)
        stage.giving.remove(GroupStage.backup)
        stage.pass(20)
        #expect(stage.group.shown == GroupStage.backup, "a person has chosen it")
        stage.choose(.auto)
        stage.pass(1)
        #expect(stage.group.shown == GroupStage.main)
        stage.choose(.hold)
        stage.giving = [GroupStage.backup]
        stage.pass(20)
        #expect(stage.group.shown == GroupStage.main)
        stage.choose(.way(.pull))
        #expect(stage.group.machine.mode == .hold, "it has no such way")
    }

    /// Whatever comes, something is shown, and no cold backup stays open without use.
    @Test(arguments: 0..<4) func anythingLeavesItWithOneThatIsShown(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var stage = try GroupStage(backups: 2) { $0.isCold = true }
        stage.begin()
        var open: Set<InputID> = []
        for _ in 0..<100 {
            let member = [GroupStage.main, GroupStage.backup, GroupStage.second].randomElement(using: &random)
            if let member {
                if Bool.random(using: &random) { stage.giving.insert(member) } else { stage.giving.remove(member) }
                stage.states[member]?.isOpen = Bool.random(using: &random)
                stage.states[member]?.hasEnded = Int.random(in: 0..<20, using: &random) == 0
            }
            let modes: [SwitchMode] = [.auto, .auto, .auto, .hold, .way(.backup(2)), .way(.main)]
            if Int.random(in: 0..<20, using: &random) == 0 {
                stage.choose(modes.randomElement(using: &random) ?? .auto)
            }
            stage.pass(1)
            for action in stage.takeActions() {
                if case .wake(let member) = action { open.insert(member) }
                if case .rest(let member) = action { open.remove(member) }
            }
            #expect(stage.group.members.contains(stage.group.shown))
            #expect(open.count <= 2)
        }
    }
}
