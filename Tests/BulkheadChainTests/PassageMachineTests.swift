import BulkheadChain
import BulkheadMedia
import BulkheadSystem
import BulkheadTestSupport
import BulkheadTimeline
import BulkheadWire
import Testing

/// Frames and sound at one post, in every order of answers, deadlines and deaths.
@Suite(.timeLimit(.minutes(1))) struct PassageMachineTests {
    private typealias Machine = PassageMachine
    private typealias Action = PassageMachine.Action

    /// One event at a time, in milliseconds, and what is to come of it.
    private struct Step {
        let time: Int64
        let event: Machine.Event
        let actions: [Action]

        init(_ time: Int64, _ event: Machine.Event, _ actions: [Action]) {
            self.time = time
            self.event = event
            self.actions = actions
        }
    }

    private static let working = Machine.Terms(
        deadline: .milliseconds(30), worksOnPictures: true, worksOnSound: true, wantsPictures: true)

    private static func play(
        _ steps: [Step], on machine: inout Machine, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for (index, step) in steps.enumerated() {
            let actions = machine.handle(step.event, at: Sample.moment(step.time))
            #expect(actions == step.actions, "step \(index): \(step.event)", sourceLocation: sourceLocation)
        }
    }

    private static func frame(_ number: FrameNumber) -> TimelineFrame { Sample.frame(number) }
    private static func unfiltered(_ number: FrameNumber) -> TimelineFrame {
        Sample.frame(number, isUnfiltered: true)
    }
    private static func result(_ number: FrameNumber) -> SlotReference { Sample.slot(number, pool: 2) }

    // MARK: pictures

    @Test func aPictureIsGivenAndLeavesAsTheHostLeftIt() {
        var machine = Machine(Self.working)
        Self.play(
            [
                Step(0, .frame(Self.frame(1)), [.process(Self.frame(1))]),
                Step(1, .frame(Self.frame(2)), []),
                Step(
                    5, .processed(1, Self.result(1)),
                    [
                        .worked, .release(Sample.slot(1)), .leave(Sample.worked(1)), .process(Self.frame(2)), .progress,
                    ]),
                // Nothing changed: the picture leaves in its own slot, and is not unfiltered.
                Step(9, .processed(2, nil), [.leave(Self.frame(2)), .progress]),
            ], on: &machine)
        #expect(machine.isEmpty && machine.deadline == nil)
    }

    /// What leaves at once, by what the host can do and what the plugins want.
    @Test(arguments: [(false, false, false), (false, true, true)])
    func withoutAHostThatWorksAPictureLeavesAtOnce(works: Bool, wants: Bool, isUnfiltered: Bool) {
        var machine = Machine(
            Machine.Terms(deadline: .milliseconds(30), worksOnPictures: works, wantsPictures: wants))
        Self.play(
            [Step(0, .frame(Self.frame(1)), [.leave(Sample.frame(1, isUnfiltered: isUnfiltered))])], on: &machine)
    }

    @Test func aPictureThatCanNotBeGivenLeavesAndTheNextOneIsTried() {
        var machine = Machine(Self.working)
        Self.play(
            [
                Step(0, .frame(Self.frame(1)), [.process(Self.frame(1))]),
                Step(0, .frame(Self.frame(2)), []),
                Step(0, .notProcessed(1), [.leave(Self.unfiltered(1)), .process(Self.frame(2))]),
                // An answer for another picture is none.
                Step(0, .notProcessed(7), []),
                Step(1, .processed(2, nil), [.worked, .leave(Self.frame(2)), .progress]),
            ], on: &machine)
    }

    @Test func aMissedDeadlineLetsThePictureGoAndPassesTheNextOnesBy() {
        var machine = Machine(Self.working)
        Self.play(
            [
                Step(0, .frame(Self.frame(1)), [.process(Self.frame(1))]),
                Step(29, .timeout, []),
                Step(30, .timeout, [.missed, .leave(Self.unfiltered(1)), .progress]),
                // The host is still at work on it.
                Step(33, .frame(Self.frame(2)), [.leave(Self.unfiltered(2))]),
                // What it comes up with in the end is thrown away, and the next picture is given.
                Step(40, .processed(1, Self.result(1)), [.release(Self.result(1)), .progress]),
                Step(41, .frame(Self.frame(3)), [.process(Self.frame(3))]),
            ], on: &machine)
        #expect(machine.deadline == Sample.moment(71))
    }

    @Test func whatWaitsBehindAMissedPictureLeavesWithIt() {
        var machine = Machine(Self.working)
        Self.play(
            [
                Step(0, .frame(Self.frame(1)), [.process(Self.frame(1))]),
                Step(10, .frame(Self.frame(2)), []),
                Step(
                    30, .timeout,
                    [.missed, .leave(Self.unfiltered(1)), .leave(Self.unfiltered(2)), .progress]),
            ], on: &machine)
        #expect(machine.isEmpty && machine.waitingCount == 0)
    }

    // MARK: deaths

    @Test func theSuccessorGetsThePictureOnceMoreAndNotLater() {
        var machine = Machine(Self.working)
        Self.play(
            [
                Step(0, .frame(Self.frame(1)), [.process(Self.frame(1))]),
                Step(5, .frame(Self.frame(2)), []),
                Step(10, .hostLost(hasSuccessor: true), []),
                Step(10, .hostTaken, []),
                Step(10, .go, [.process(Self.frame(1))]),
            ], on: &machine)
        #expect(machine.deadline == Sample.moment(30), "the deadline is that of the first try")
        Self.play(
            [
                // It dies of the same picture: the one after it is not risked a second time.
                Step(12, .hostLost(hasSuccessor: true), [.leave(Self.unfiltered(1))]),
                Step(12, .hostTaken, []),
                Step(12, .go, [.process(Self.frame(2))]),
            ], on: &machine)
        #expect(machine.deadline == Sample.moment(42))
    }

    @Test func withoutASuccessorThePictureLeavesAsItCame() {
        var machine = Machine(Self.working)
        Self.play([Step(0, .frame(Self.frame(1)), [.process(Self.frame(1))])], on: &machine)
        Self.play([Step(3, .hostLost(hasSuccessor: false), [.leave(Self.unfiltered(1))])], on: &machine)
        machine.terms.worksOnPictures = false
        Self.play(
            [Step(3, .go, []), Step(4, .frame(Self.frame(2)), [.leave(Self.unfiltered(2))])], on: &machine)
    }

    /// The picture has left already: a death changes nothing for it, and the successor is given the next one.
    @Test func aDeathAfterTheDeadlineFreesTheWay() {
        var machine = Machine(Self.working)
        Self.play(
            [
                Step(0, .frame(Self.frame(1)), [.process(Self.frame(1))]),
                Step(30, .timeout, [.missed, .leave(Self.unfiltered(1)), .progress]),
                Step(900, .hostLost(hasSuccessor: true), []),
                Step(900, .hostTaken, []),
                Step(900, .frame(Self.frame(2)), [.process(Self.frame(2))]),
            ], on: &machine)
    }

    @Test func eachHostHasToShowThatItWorks() {
        var machine = Machine(Self.working)
        for number in [FrameNumber(1), 3] {
            Self.play(
                [
                    Step(0, .hostTaken, []),
                    Step(0, .frame(Self.frame(number)), [.process(Self.frame(number))]),
                    Step(0, .processed(number, nil), [.worked, .leave(Self.frame(number)), .progress]),
                    Step(0, .frame(Self.frame(number + 1)), [.process(Self.frame(number + 1))]),
                    Step(0, .processed(number + 1, nil), [.leave(Self.frame(number + 1)), .progress]),
                ], on: &machine)
        }
    }

    // MARK: holding

    @Test func aHeldPostIsIdleWhenTheHostHasAnswered() {
        var machine = Machine(Self.working)
        Self.play(
            [
                Step(0, .frame(Self.frame(1)), [.process(Self.frame(1))]),
                Step(0, .block(Sample.block(1)), [.processSound(Sample.block(1))]),
                Step(1, .hold, []),
                Step(1, .frame(Self.frame(2)), []),
                Step(1, .block(Sample.block(2)), []),
                // The sound is still owed.
                Step(2, .processed(1, nil), [.worked, .leave(Self.frame(1)), .progress]),
                Step(3, .processedSound(nil), [.leaveSound(Sample.block(1)), .idle, .progress]),
                Step(3, .hostTaken, []),
                Step(3, .go, [.processSound(Sample.block(2)), .process(Self.frame(2))]),
            ], on: &machine)
    }

    @Test func aHeldPostWithNothingInHandIsIdleAtOnce() {
        var machine = Machine(Self.working)
        Self.play([Step(0, .hold, [.idle])], on: &machine)
    }

    /// A host that is late is not waited for.
    @Test func aDeadlineMakesAHeldPostIdle() {
        var machine = Machine(Self.working)
        Self.play(
            [
                Step(0, .frame(Self.frame(1)), [.process(Self.frame(1))]),
                Step(1, .hold, []),
                Step(2, .frame(Self.frame(2)), []),
                Step(30, .timeout, [.missed, .leave(Self.unfiltered(1)), .idle, .progress]),
                Step(30, .hostTaken, []),
                Step(30, .go, [.process(Self.frame(2))]),
            ], on: &machine)
    }

    @Test func aHoldThatIsCalledOffLetsAllGoOn() {
        var machine = Machine(Self.working)
        Self.play(
            [
                Step(0, .frame(Self.frame(1)), [.process(Self.frame(1))]),
                Step(1, .hold, []),
                Step(1, .frame(Self.frame(2)), []),
                Step(2, .processed(1, nil), [.worked, .leave(Self.frame(1)), .idle, .progress]),
                Step(3, .go, [.process(Self.frame(2))]),
            ], on: &machine)
    }

    // MARK: sound

    @Test func soundLeavesInOrderWhateverTheHostDoes() {
        var machine = Machine(Self.working)
        Self.play(
            [
                Step(0, .block(Sample.block(1)), [.processSound(Sample.block(1))]),
                Step(1, .block(Sample.block(2)), [.processSound(Sample.block(2))]),
            ], on: &machine)
        #expect(machine.deadline == Sample.moment(60), "sound has twice the time of a picture")
        Self.play(
            [
                Step(2, .processedSound([9, 9]), [.worked, .leaveSound(Sample.block(1, 9)), .progress]),
                Step(61, .timeout, [.leaveSound(Sample.block(2)), .progress]),
                // The host is behind: what comes now is not given to it.
                Step(62, .block(Sample.block(3)), [.leaveSound(Sample.block(3))]),
                Step(63, .processedSound([9, 9]), [.progress]),
                Step(64, .block(Sample.block(4)), [.processSound(Sample.block(4))]),
                // A death lets go of what the host had.
                Step(65, .hostLost(hasSuccessor: true), [.leaveSound(Sample.block(4))]),
            ], on: &machine)
        #expect(machine.isEmpty && machine.soundCount == 0)
    }

    @Test func picturesAndSoundHaveDeadlinesOfTheirOwn() {
        var machine = Machine(Self.working)
        Self.play(
            [
                Step(0, .block(Sample.block(1)), [.processSound(Sample.block(1))]),
                Step(40, .frame(Self.frame(1)), [.process(Self.frame(1))]),
                Step(60, .timeout, [.leaveSound(Sample.block(1)), .progress]),
            ], on: &machine)
        #expect(machine.deadline == Sample.moment(70))
        Self.play([Step(70, .timeout, [.missed, .leave(Self.unfiltered(1)), .progress])], on: &machine)
    }

    // MARK: any order

    /// Whatever comes in whatever order: each frame and each block leaves once and in order, no slot is released twice,
    /// and no answer is waited for beyond its deadline.
    @Test(arguments: 1...40) func nothingIsLostInAnyOrder(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var course = Course()
        for _ in 0..<600 { course.step(&random) }
        course.end()
        #expect(course.framesLeft == Array(1...course.lastFrame))
        #expect(course.blocksLeft == Array(1...course.lastBlock))
        #expect(course.problems.isEmpty, "\(course.problems)")
    }

    /// A machine with a host that answers, dawdles and dies by chance.
    private struct Course {
        var machine = Machine(working)
        var now: Int64 = 0
        var lastFrame: FrameNumber = 0
        var lastBlock: Int64 = 0
        var framesLeft: [FrameNumber] = []
        var blocksLeft: [Int64] = []
        var problems: [String] = []
        private var hostFrame: FrameNumber?
        private var hostBlocks: [Int64] = []
        private var released: Set<SlotReference> = []

        mutating func step(_ random: inout SeededGenerator) {
            now += Int64.random(in: 0...12, using: &random)
            if let deadline = machine.deadline, deadline <= Sample.moment(now) { feed(.timeout) }
            switch Int.random(in: 0..<12, using: &random) {
            case 0...2:
                lastFrame += 1
                feed(.frame(Sample.frame(lastFrame)))
            case 3...4:
                lastBlock += 1
                feed(.block(Sample.block(lastBlock)))
            case 5...7:
                guard let number = hostFrame else { return }
                hostFrame = nil
                feed(.processed(number, Bool.random(using: &random) ? result(number) : nil))
            case 8:
                guard !hostBlocks.isEmpty else { return }
                hostBlocks.removeFirst()
                feed(.processedSound(Bool.random(using: &random) ? [1, 1] : nil))
            case 9: feed(.hold)
            case 10:
                machine.terms.worksOnPictures = Bool.random(using: &random)
                machine.terms.worksOnSound = Bool.random(using: &random)
                feed(.go)
            default:
                (hostFrame, hostBlocks) = (nil, [])
                feed(.hostLost(hasSuccessor: Bool.random(using: &random)))
                feed(.hostTaken)
                feed(.go)
            }
        }

        mutating func end() {
            machine.terms = Machine.Terms(deadline: .milliseconds(30))
            (hostFrame, hostBlocks) = (nil, [])
            feed(.hostLost(hasSuccessor: false))
            feed(.go)
            if !machine.isEmpty { problems.append("something is left") }
        }

        private mutating func feed(_ event: Machine.Event) {
            for action in machine.handle(event, at: Sample.moment(now)) {
                switch action {
                case .process(let frame):
                    if hostFrame != nil { problems.append("two pictures at once") }
                    hostFrame = frame.frame
                case .processSound(let block): hostBlocks.append(block.number)
                case .leave(let frame): framesLeft.append(frame.frame)
                case .leaveSound(let block): blocksLeft.append(block.number)
                case .release(let slot):
                    if !released.insert(slot).inserted { problems.append("\(slot) is released twice") }
                case .idle:
                    (hostFrame, hostBlocks) = (nil, [])
                    feed(.hostTaken)
                    feed(.go)
                case .missed, .worked, .progress: break
                }
            }
            if let deadline = machine.deadline, deadline.since(Sample.moment(now)) > 60_000_000 {
                problems.append("a deadline lies too far ahead")
            }
        }
    }
}
