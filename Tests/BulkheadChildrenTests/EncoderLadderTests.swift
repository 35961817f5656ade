import BulkheadChildren
import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct EncoderLadderTests {
    private typealias Ladder = EncoderLadder

    private static func moment(_ milliseconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: 5_000_000_000_000 + milliseconds * 1_000_000)
    }

    /// Killed from outside, before it had made a frame safe.
    private static func kill(worked: Bool = false) -> Ladder.Death {
        Ladder.Death(isItsOwn: false, hadWorked: worked, frame: 7, isExact: true)
    }

    /// Died by itself with `frame` owed.
    private static func crash(_ frame: Int64?, exact: Bool = true, worked: Bool = false) -> Ladder.Death {
        Ladder.Death(isItsOwn: true, hadWorked: worked, frame: frame, isExact: exact)
    }

    /// The steps after deaths that come 100 ms apart.
    private static func steps(_ ladder: inout Ladder, _ deaths: [Ladder.Death], from start: Int64 = 0) -> [Ladder.Step]
    {
        deaths.enumerated().map { ladder.step(after: $1, at: moment(start + Int64($0) * 100)) }
    }

    @Test func killsWithProgressNeverClimb() {
        var ladder = Ladder()
        for index in 0..<1000 {
            #expect(
                ladder.step(after: Self.kill(worked: true), at: Self.moment(Int64(index))) == .restart(after: .zero))
        }
        #expect(!ladder.isSafe)
        #expect(ladder.recentDeaths == 0)
        #expect(ladder.patience == 1)
        #expect(ladder.takePoisonousFrame() == nil)
    }

    /// At once, at once, with delays, safe settings, the slate, and from there slower and slower.
    @Test func deathsWithoutProgressClimb() {
        var ladder = Ladder()
        let steps = Self.steps(&ladder, Array(repeating: Self.kill(), count: 15))
        #expect(
            steps == [
                .restart(after: .zero), .restart(after: .zero), .restart(after: .milliseconds(100)),
                .restart(after: .milliseconds(250)), .safeSettings(after: .milliseconds(100)),
                .safeSettings(after: .milliseconds(250)), .safeSettings(after: .milliseconds(250)),
                .slate(retryAfter: .milliseconds(1000)), .slate(retryAfter: .milliseconds(2000)),
                .slate(retryAfter: .milliseconds(4000)), .slate(retryAfter: .milliseconds(8000)),
                .slate(retryAfter: .milliseconds(10_000)), .slate(retryAfter: .milliseconds(10_000)),
                .slate(retryAfter: .milliseconds(10_000)), .slate(retryAfter: .milliseconds(10_000)),
            ])
        #expect(ladder.isSafe)
    }

    /// One frame made safe anywhere on the ladder: the next death is answered at once again.
    @Test func progressGoesBackToTheBottom() {
        for deaths in 1...12 {
            var ladder = Ladder()
            _ = Self.steps(&ladder, Array(repeating: Self.kill(), count: deaths))
            let later = Self.moment(2000)
            #expect(ladder.step(after: Self.kill(worked: true), at: later) == .restart(after: .zero))
            #expect(ladder.recentDeaths == 0)
            #expect(ladder.patience == 1)
            // The settings that work are kept: they are left on purpose only.
            #expect(ladder.isSafe == (deaths >= Ladder.deathsBeforeSafety))
        }
    }

    @Test func deathsThatAreFarApartNeverClimb() {
        var ladder = Ladder()
        for index in 0..<100 {
            #expect(
                ladder.step(after: Self.kill(), at: Self.moment(Int64(index) * 10_001)) == .restart(after: .zero))
        }
        #expect(!ladder.isSafe)
        #expect(ladder.recentDeaths == 1)
    }

    /// Leaving safety begins from the start: as many deaths as at first are needed for it again.
    @Test func safetyCanBeLeft() {
        var ladder = Ladder()
        _ = Self.steps(&ladder, Array(repeating: Self.kill(), count: 6))
        _ = ladder.step(after: Self.kill(worked: true), at: Self.moment(1000))
        ladder.leaveSafety()
        #expect(!ladder.isSafe)
        let steps = Self.steps(&ladder, Array(repeating: Self.kill(), count: 5), from: 60_000)
        #expect(steps.first == .restart(after: .zero))
        #expect(steps.last == .safeSettings(after: .milliseconds(100)))
    }

    /// Wanted settings are tried again after half a minute, and then less and less often.
    @Test func returnsFromSafetyGetRarer() {
        var ladder = Ladder()
        var returns: [Duration] = []
        for _ in 0..<7 { returns.append(ladder.nextReturn()) }
        #expect(returns == [30, 60, 120, 240, 480, 600, 600].map { .seconds($0) })
    }

    @Test func deadlinesGrowWithTheDeaths() {
        var ladder = Ladder()
        #expect(ladder.patience == 1)
        var patience: [Int] = []
        for index in 0..<10 {
            _ = ladder.step(after: Self.kill(), at: Self.moment(Int64(index)))
            patience.append(ladder.patience)
        }
        #expect(patience == [1, 2, 2, 4, 4, 8, 8, 8, 8, 8])
    }

    // MARK: the poisonous frame

    /// Three encoders that answer each frame before they take the next die by themselves of the same one.
    @Test func exactFrameIsFound() {
        var ladder = Ladder()
        var found: [Int64?] = []
        // The first had worked before it came to the frame.
        for (index, worked) in [true, false, false].enumerated() {
            let step = ladder.step(after: Self.crash(500, worked: worked), at: Self.moment(Int64(index) * 10))
            #expect(step == .restart(after: .zero))
            found.append(ladder.takePoisonousFrame())
        }
        #expect(found == [nil, nil, 500])
        // It is told once, and the settings are not blamed for it alone.
        #expect(ladder.takePoisonousFrame() == nil)
        #expect(ladder.recentDeaths == 2)
        #expect(!ladder.isSafe)
    }

    /// Somebody who kills encoder after encoder says nothing about the frame.
    @Test func killsBlameNoFrame() {
        var ladder = Ladder()
        for index in 0..<20 {
            _ = ladder.step(after: Self.kill(), at: Self.moment(Int64(index) * 10))
            #expect(ladder.takePoisonousFrame() == nil)
        }
    }

    @Test func deathsAtDifferentFramesBlameNone() {
        var ladder = Ladder()
        for index in 0..<20 {
            _ = ladder.step(after: Self.crash(Int64(index)), at: Self.moment(Int64(index) * 10))
            #expect(ladder.takePoisonousFrame() == nil)
        }
        _ = ladder.step(after: Self.crash(nil), at: Self.moment(300))
        #expect(ladder.takePoisonousFrame() == nil)
    }

    /// Where encoders hold many frames, the one they died of is not known: safe settings tell.
    @Test func vagueFrameIsFoundWithSafeSettings() {
        var ladder = Ladder()
        #expect(
            ladder.step(after: Self.crash(500, exact: false, worked: true), at: Self.moment(0))
                == .restart(after: .zero))
        #expect(ladder.takePoisonousFrame() == nil)
        #expect(
            ladder.step(after: Self.crash(500, exact: false), at: Self.moment(10))
                == .safeSettings(after: .milliseconds(100)))
        #expect(ladder.takePoisonousFrame() == nil)
        #expect(ladder.isSafe)
        // It gets further, to the frame that it was: 530, and dies of that one alone.
        var found: [Int64?] = []
        for (index, worked) in [true, false, false].enumerated() {
            _ = ladder.step(after: Self.crash(530, worked: worked), at: Self.moment(20 + Int64(index) * 10))
            found.append(ladder.takePoisonousFrame())
        }
        #expect(found == [nil, nil, 530])
    }

    /// Two crashes at one frame long ago must not make a kill at another one a matter of the settings.
    @Test func oldSuspicionDoesNotBlameTheSettings() {
        var ladder = Ladder()
        _ = ladder.step(after: Self.crash(500, exact: false, worked: true), at: Self.moment(0))
        _ = ladder.step(after: Self.crash(500, exact: false), at: Self.moment(10))
        _ = ladder.step(after: Self.kill(worked: true), at: Self.moment(1000))
        ladder.leaveSafety()
        let death = Ladder.Death(isItsOwn: false, hadWorked: false, frame: 9000, isExact: false)
        #expect(ladder.step(after: death, at: Self.moment(600_000)) == .restart(after: .zero))
        #expect(!ladder.isSafe)
    }
}
