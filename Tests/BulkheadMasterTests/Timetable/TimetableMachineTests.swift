import BulkheadMaster
import BulkheadModel
import Testing

/// What of a timetable is done when.
@Suite(.timeLimit(.minutes(1))) struct TimetableMachineTests {
    /// 2026-01-01 00:00 of UTC.
    private static let start: Int64 = 1_767_225_600
    private static let hour: Int64 = 3600

    private static func machine(_ schedules: String...) throws -> TimetableMachine {
        var machine = TimetableMachine(from: start)
        machine.begin(with: try schedules.map { try CronSchedule($0) }, .universal)
        return machine
    }

    @Test func entryRunsWhenItIsDue() throws {
        var machine = try Self.machine("0 1 * * *", "30 1 * * *")
        #expect(machine.look(at: Self.start + Self.hour - 1) == [])
        #expect(machine.look(at: Self.start + Self.hour) == [.run(0)])
        #expect(machine.look(at: Self.start + Self.hour) == [])
        #expect(machine.look(at: Self.start + Self.hour + 1800) == [.run(1)])
        #expect(machine.look(at: Self.start + 25 * Self.hour) == [.run(0)])
    }

    @Test func whatIsDueFirstGoesFirst() throws {
        var machine = try Self.machine("2 0 * * *", "1 0 * * *", "2 0 * * *")
        #expect(machine.look(at: Self.start + 180) == [.run(1), .run(0), .run(2)])
    }

    /// A machine that slept, or a clock that was put forward.
    @Test func missedEntriesOfTheLastMinutesRunOnce() throws {
        var machine = try Self.machine("* * * * *", "0 1 * * *", "2 3 * * *")
        let now = Self.start + 3 * Self.hour + 300
        #expect(machine.look(at: now) == [.missed(1, at: Self.start + Self.hour), .run(0), .run(2)])
        #expect(machine.look(at: now + 1) == [])
    }

    @Test func clockThatIsPutBackALittleRunsNothingTwice() throws {
        var machine = try Self.machine("0 1 * * *")
        #expect(machine.look(at: Self.start + Self.hour) == [.run(0)])
        #expect(machine.look(at: Self.start + Self.hour - 600) == [])
        #expect(machine.look(at: Self.start + Self.hour + 1) == [])
        #expect(machine.look(at: Self.start + 25 * Self.hour) == [.run(0)])
    }

    @Test func clockThatIsCorrectedBeginsAnew() throws {
        var machine = try Self.machine("0 1 * * *")
        #expect(machine.look(at: Self.start + 240 * Self.hour) == [.missed(0, at: Self.start + Self.hour)])
        #expect(machine.look(at: Self.start + 48 * Self.hour) == [])
        #expect(machine.look(at: Self.start + 49 * Self.hour) == [.run(0)])
    }

    /// A broadcast that was resumed.
    @Test func whatWasDueInAnInterruptionIsMissed() throws {
        var machine = TimetableMachine(from: Self.start)
        machine.begin(with: [try CronSchedule("0 1 * * *")], .universal)
        #expect(machine.look(at: Self.start + 5 * Self.hour) == [.missed(0, at: Self.start + Self.hour)])
    }

    @Test func otherEntriesBeginNow() throws {
        var machine = try Self.machine("0 1 * * *")
        machine.change(to: [try CronSchedule("0 0 * * *")], .universal, at: Self.start + 60)
        #expect(machine.look(at: Self.start + 2 * Self.hour) == [])
        #expect(machine.look(at: Self.start + 24 * Self.hour) == [.run(0)])
        machine.change(to: [], .universal, at: Self.start + 24 * Self.hour)
        #expect(machine.look(at: Self.start + 480 * Self.hour) == [] && machine.upcoming(3, after: 0).isEmpty)
    }

    @Test func nextRunsAreInOrder() throws {
        let machine = try Self.machine("0 1 * * *", "*/30 * * * *")
        let runs = machine.upcoming(4, after: Self.start + 1)
        #expect(runs.map(\.entry) == [1, 0, 1, 1])
        #expect(runs.map { $0.at - Self.start } == [1800, 3600, 3600, 5400])
    }

    /// Each run of ten years, with a clock that is looked at once a minute, comes once.
    @Test func tenYearsOfNightsAreTenYearsOfRuns() throws {
        var machine = try Self.machine("0 1 * * *")
        var runs = 0
        for hour in 0..<87_648 {
            runs += machine.look(at: Self.start + Int64(hour) * Self.hour).count
        }
        #expect(runs == 3652)
    }
}
