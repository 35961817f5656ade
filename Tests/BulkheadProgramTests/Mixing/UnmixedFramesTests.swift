import BulkheadEvents
import BulkheadProgram
import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct UnmixedFramesTests {
    @Test func theyAreToldOnceAMinute() {
        var frames = UnmixedFrames()
        let start = MonotonicTime(nanoseconds: 7_000_000_000)
        let first = frames.note(at: start)
        #expect(first == .unmixed(frames: 1))
        for second in 1...59 as ClosedRange<Int64> {
            let told = frames.note(at: start.advanced(by: .seconds(second)))
            #expect(told == nil)
        }
        let later = frames.note(at: start.advanced(by: .seconds(60)))
        #expect(later == .unmixed(frames: 60))
        _ = frames.note(at: start.advanced(by: .seconds(61)))
        #expect(frames.count == 62)
    }
}
