import BulkheadModel
import BulkheadSwitch
import BulkheadSystem

/// A machine with a clock of its own, in seconds, and what it has asked for.
struct SwitchStage {
    private(set) var machine: SwitchMachine
    private(set) var seconds = 100.0
    /// What has been asked for since it was last looked at.
    private var asked: [SwitchMachine.Action] = []

    init() { machine = SwitchMachine(SwitchRules(), at: Self.time(100)) }

    init(_ change: (inout SwitchRules) throws -> Void) rethrows {
        var rules = SwitchRules()
        try change(&rules)
        machine = SwitchMachine(rules, at: Self.time(100))
    }

    private static func time(_ seconds: Double) -> MonotonicTime {
        MonotonicTime(nanoseconds: Int64((seconds * 1000).rounded()) * 1_000_000)
    }

    mutating func handle(_ event: SwitchMachine.Event) {
        asked += machine.handle(event, at: Self.time(seconds))
    }

    /// Lets time pass in steps of a tenth of a second; each second `reports` come.
    mutating func pass(_ span: Double, _ reports: [Way: WayReport] = [:]) {
        for _ in 0..<Int((span * 10).rounded()) {
            seconds = ((seconds + 0.1) * 10).rounded() / 10
            if seconds == seconds.rounded() {
                for way in Way.allCases { if let report = reports[way] { handle(.report(way, report)) } }
            }
            handle(.tick)
        }
    }

    /// The same with reports of one way, whatever it is called.
    mutating func passOf(_ way: Way, _ span: Double, _ report: WayReport) {
        for _ in 0..<Int(span.rounded()) {
            seconds += 1
            handle(.report(way, report))
            handle(.tick)
        }
    }

    /// What was asked for since the last call.
    mutating func take() -> [SwitchMachine.Action] {
        defer { asked = [] }
        return asked
    }

    /// Begins with `way` at work.
    mutating func begin(_ way: Way, mode: SwitchMode = .auto) {
        handle(.begin(saved: way, mode))
        confirm(to: way)
        _ = take()
    }

    /// The systems do what is asked for, at once.
    mutating func confirm(to way: Way) {
        handle(.stopped(way.other))
        handle(.accepted(way))
        handle(.keyframe)
    }
}

extension Way {
    /// The two ways of most tests.
    static let allCases: [Way] = [.push, .pull]
    var other: Way { self == .push ? .pull : .push }
}

extension WayReport {
    /// All is well.
    static let good = WayReport(
        isOnAir: true, secondsSinceLastFrame: 0.02, framesPerSecond: 30, expectedFramesPerSecond: 30,
        bitsPerSecond: 2_500_000, expectedBitsPerSecond: 2_500_000, queuedSeconds: 0.1, drops: 0, failures: 0,
        blackSeconds: 0, silentSeconds: 0)
    static let ready = WayReport(isOnAir: false, isReady: true)
    static let notReady = WayReport(isOnAir: false, isReady: false)

    func with(_ change: (inout WayReport) -> Void) -> WayReport {
        var report = self
        change(&report)
        return report
    }
}

extension SwitchMachine.Action {
    var isStartOrStop: Bool {
        switch self {
        case .start, .stop: true
        case .tell, .save: false
        }
    }
}
