import BulkheadModel
import BulkheadSwitch
import BulkheadSystem
import BulkheadTestSupport
import Testing

/// A switch between two systems that do what they like.
@Suite(.timeLimit(.minutes(1))) struct SwitchPropertyTests {
    @Test(arguments: 0..<20)
    func neverBothNeverNoneForLongAndSeldomBackAndForth(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var rules = SwitchRules()
        rules.push = try Self.conditions()
        rules.pull = try Self.conditions()
        rules.policy = ReturnPolicy.allCases.randomElement(using: &random) ?? .stay
        rules.preferred = Way.allCases.randomElement(using: &random) ?? .push
        let origin = MonotonicTime(nanoseconds: Int64.random(in: 0...1_000_000_000_000, using: &random))
        var machine = SwitchMachine(rules, at: origin)
        var systems = Systems()
        var switches: [Int] = []
        var idleSince: Int?
        func run(_ event: SwitchMachine.Event, at step: Int) {
            let now = origin.advanced(by: .milliseconds(step * 100))
            for action in machine.handle(event, at: now) {
                switch action {
                case .start(let way): systems.start(way, at: step)
                case .stop(let way): systems.stop(way, at: step)
                case .tell(.switching(_, _, let cause)) where cause != .hand: switches.append(step)
                case .tell, .save: break
                }
            }
        }
        run(.begin(saved: Way.allCases.randomElement(using: &random), .auto), at: 0)
        for step in 1...9000 {
            if step % 10 == 0 {
                for way in Way.allCases where Double.random(in: 0...1, using: &random) < 0.97 {
                    run(.report(way, Self.report(&random)), at: step)
                }
            }
            for event in systems.answers(&random) { run(event, at: step) }
            if Double.random(in: 0...1, using: &random) < 0.05 { run(.keyframe, at: step) }
            if Double.random(in: 0...1, using: &random) < 0.0005 {
                run(.hand([SwitchMode.auto, .hold, .push, .pull].randomElement(using: &random) ?? .auto), at: step)
            }
            run(.tick, at: step)

            #expect(systems.breaches == [], "seed \(seed), step \(step)")
            idleSince = systems.isAnyWanted ? nil : idleSince ?? step
            // Nothing is wanted only while a stop is waited for.
            #expect(idleSince.map { step - $0 <= 31 } ?? true, "seed \(seed): no way since step \(idleSince ?? 0)")
        }
        for (index, step) in switches.enumerated() {
            #expect(switches[index...].count { $0 - step <= 600 } <= SwitchMachine.mostSwitches, "seed \(seed)")
        }
    }

    private static func conditions() throws -> [SwitchCondition] {
        try ["no-data 1s", "fps < 80% for 3s", "failures > 3 in 30s", "report missing 3 periods", "queue > 3s for 2s"]
            .map { words throws(BroadcastError) in try SwitchCondition(words) }
    }

    private static func report(_ random: inout SeededGenerator) -> WayReport {
        let isBad = Double.random(in: 0...1, using: &random) < 0.2
        return WayReport(
            isOnAir: Bool.random(using: &random),
            secondsSinceLastFrame: isBad ? Double.random(in: -1...1e300, using: &random) : 0.01,
            framesPerSecond: Bool.random(using: &random) ? .nan : Double.random(in: 0...60, using: &random),
            expectedFramesPerSecond: Bool.random(using: &random) ? nil : 30,
            queuedSeconds: isBad ? .infinity : 0, drops: Int.random(in: .min ... .max, using: &random),
            failures: Bool.random(using: &random) ? .max : Int.random(in: -3...3, using: &random),
            isReady: [nil, true, false].randomElement(using: &random) ?? nil)
    }
}

/// Two systems that are slow, fail, and sometimes never answer.
private struct Systems {
    private var wanted: Set<Way> = []
    private var unanswered: [SwitchMachine.Event] = []
    /// When each was told to stop; nil once it has said so.
    private var stopping: [Way: Int] = [:]
    private(set) var breaches: [String] = []

    var isAnyWanted: Bool { !wanted.isEmpty }

    mutating func start(_ way: Way, at step: Int) {
        if wanted.contains(way.other) { breaches.append("both are wanted") }
        if let since = stopping[way.other], step - since < 30 { breaches.append("the other one has not stopped") }
        wanted.insert(way)
        unanswered.append(.accepted(way))
    }

    mutating func stop(_ way: Way, at step: Int) {
        wanted.remove(way)
        stopping[way] = step
        unanswered.append(.stopped(way))
    }

    mutating func answers(_ random: inout SeededGenerator) -> [SwitchMachine.Event] {
        var answers: [SwitchMachine.Event] = []
        unanswered.removeAll { event in
            let chance = Double.random(in: 0...1, using: &random)
            if chance < 0.01 { return true }
            guard chance < 0.2 else { return false }
            if case .accepted(let way) = event, chance < 0.05 { answers.append(.startFailed(way, "refused")) }
            if case .stopped(let way) = event { stopping[way] = nil }
            answers.append(event)
            return true
        }
        return answers
    }
}
