import BulkheadModel
import BulkheadOutputs
import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct OutageWatchTests {
    private static func after(_ seconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: 1_000_000_000).advanced(by: .seconds(seconds))
    }

    private static func lanes(_ states: LinkState...) -> [LinkStatus] {
        states.map { LinkStatus(name: "link", destination: "a", state: $0) }
    }

    /// When a link that is down from the start is told of, looked at each second.
    private func told(_ watch: inout OutageWatch, _ seconds: ClosedRange<Int64>, _ lanes: [LinkStatus]) -> [Int64] {
        var told: [Int64] = []
        for second in seconds {
            let span = watch.look(at: 1, lanes, at: Self.after(second))
            if let span {
                #expect(span == .seconds(span.components.seconds / 60 * 60))
                told.append(second)
            }
        }
        return told
    }

    @Test func outageIsToldEachMinute() {
        var watch = OutageWatch()
        #expect(told(&watch, 0...200, Self.lanes(.connecting)) == [60, 120, 180])
    }

    /// It may go through all states of its way back.
    @Test func wayBackIsAnOutage() {
        var watch = OutageWatch()
        #expect(told(&watch, 0...30, Self.lanes(.saved)).isEmpty)
        #expect(told(&watch, 31...59, Self.lanes(.selected)).isEmpty)
        #expect(told(&watch, 60...61, Self.lanes(.cleared)) == [60])
    }

    @Test func linkThatIsThereAgainBeginsAnew() {
        var watch = OutageWatch()
        #expect(told(&watch, 0...59, Self.lanes(.saved)).isEmpty)
        #expect(told(&watch, 60...60, Self.lanes(.restored)).isEmpty)
        #expect(told(&watch, 61...130, Self.lanes(.saved)) == [121])
    }

    @Test func laneThatPublishesIsEnough() {
        var watch = OutageWatch()
        #expect(told(&watch, 0...200, Self.lanes(.saved, .publishing)).isEmpty)
        #expect(told(&watch, 201...300, Self.lanes(.saved, .connecting)) == [261])
    }

    @Test(arguments: [LinkState.paused, .failed, .ended, .idle, .stalled, .writing])
    func whatIsNotWaitedForIsNoOutage(state: LinkState) {
        var watch = OutageWatch()
        #expect(told(&watch, 0...200, Self.lanes(state)).isEmpty)
    }

    /// A master that was stopped for an hour tells once.
    @Test func missedMinutesAreToldAsOne() {
        var watch = OutageWatch()
        _ = watch.look(at: 1, Self.lanes(.saved), at: Self.after(0))
        let span = watch.look(at: 1, Self.lanes(.saved), at: Self.after(3610))
        let next = watch.look(at: 1, Self.lanes(.saved), at: Self.after(3611))
        #expect(span == .seconds(3600) && next == nil)
    }
}
