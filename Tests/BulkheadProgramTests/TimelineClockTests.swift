import BulkheadMedia
import BulkheadProgram
import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct TimelineClockTests {
    private static let start = MonotonicTime(nanoseconds: 3_000_000_000)

    private static func clock(_ numerator: UInt32 = 25, _ denominator: UInt32 = 1) throws -> TimelineClock {
        TimelineClock(try #require(FrameRate(numerator, denominator)))
    }

    private static func after(_ milliseconds: Int64) -> MonotonicTime {
        start.advanced(by: .milliseconds(milliseconds))
    }

    @Test func nothingIsDueBeforeTheStart() throws {
        var clock = try Self.clock()
        #expect(clock.nextDue == nil)
        #expect(clock.skipSleep(at: Self.after(1_000_000)) == nil)
        #expect(clock.position(at: Self.start) == .zero)
    }

    @Test func framesAreDueByTheirNumbers() throws {
        var clock = try Self.clock()
        clock.begin(at: Self.start, lastingSeconds: nil)
        #expect(clock.nextDue == Self.start)
        #expect(clock.advance() == 0)
        #expect(clock.nextFrame == 1)
        #expect(clock.nextDue == Self.after(40))
    }

    /// Times are counted from the origin, so that no rounding adds up: 30000 frames take 1001 seconds.
    @Test func fractionsDoNotDrift() throws {
        var clock = try Self.clock(30_000, 1001)
        clock.begin(at: Self.start, lastingSeconds: nil)
        for _ in 0..<30_000 { _ = clock.advance() }
        #expect(clock.nextDue == Self.after(1_001_000))
    }

    static let lengths: [(seconds: Double?, last: Int64?)] = [(nil, nil), (2, 49), (0.01, 0), (0, 0), (1.98, 49)]

    @Test(arguments: lengths)
    func lengthSaysWhichFrameIsTheLast(seconds: Double?, last: Int64?) throws {
        var clock = try Self.clock()
        clock.begin(at: Self.start, lastingSeconds: seconds)
        #expect(clock.lastFrame == last)
        #expect(clock.end == last.map { MediaTime(milliseconds: ($0 + 1) * 40) })
        for _ in 0..<50 {
            #expect(clock.isPastEnd == last.map { clock.nextFrame > $0 } ?? false)
            _ = clock.advance()
        }
    }

    @Test func lateTicksAreCaughtUpButNotASleep() throws {
        var clock = try Self.clock()
        clock.begin(at: Self.start, lastingSeconds: nil)
        _ = clock.advance()
        #expect(clock.skipSleep(at: Self.after(2040)) == nil)
        #expect(clock.nextDue == Self.after(40))
        #expect(clock.skipSleep(at: Self.after(5040)) == .seconds(5))
        #expect(clock.nextDue == Self.after(5040))
        #expect(clock.nextFrame == 1)
        #expect(clock.position(at: Self.after(5040)) == MediaTime(milliseconds: 40))
    }
}
