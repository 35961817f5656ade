import BulkheadChain
import BulkheadChildren
import BulkheadModel
import BulkheadSystem
import Glibc
import Testing

/// What the end of a host means for its plugins, and what is said of it.
@Suite(.timeLimit(.minutes(1))) struct InquestTests {
    private static let roster = PluginRoster([Sample.plugin(1, "a"), Sample.plugin(2, "b")])
    private static let crash = ChildEnd(cause: .exited(.signaled(SIGSEGV)))
    private static let kill = ChildEnd(cause: .exited(.signaled(SIGKILL)))
    private static let words = "\(crash.cause)"

    private static func look(_ ending: Inquest.Ending) -> Inquest.Verdict {
        var inquest = Inquest()
        return inquest.look(into: ending, roster, at: Sample.moment(0))
    }

    @Test func aCrashOnAirIsChargedToThePluginInItsCall() {
        let verdict = Self.look(.init(duty: .onAir, end: Self.crash, called: 2))
        #expect(verdict.findings == [.leaveOut(2, cause: Self.words), .died(.onAir, in: 2, showsCall: true)])
        #expect(verdict.guilty == 2)
    }

    /// The host's own report says more than the breadcrumb.
    @Test func theCrashReportIsRead() {
        let end = ChildEnd(
            cause: Self.crash.cause, standardErrorTail: "crashed by SIGSEGV\n/plugins/a.so(+0x11)[0x1]\n")
        #expect(Self.look(.init(duty: .onAir, end: end, called: 2)).guilty == 1)
    }

    /// From outside, or with a breadcrumb that names no plugin of this post.
    @Test(arguments: [
        Inquest.Ending(duty: .onAir, end: kill, called: 1), .init(duty: .onAir, end: crash, called: 9),
    ])
    func aDeathThatIsNoPluginsIsSaidAndChargedToNone(ending: Inquest.Ending) {
        #expect(Self.look(ending) == .init(findings: [.died(.onAir, in: nil, showsCall: false)]))
    }

    @Test func theSecondCrashBetweenCallsIsUnexplained() {
        var inquest = Inquest()
        let ending = Inquest.Ending(duty: .onAir, end: Self.crash)
        let first = inquest.look(into: ending, Self.roster, at: Sample.moment(0))
        let second = inquest.look(into: ending, Self.roster, at: Sample.moment(100))
        #expect(first.findings == [.died(.onAir, in: nil, showsCall: false)])
        #expect(second.findings == [.unexplained, .died(.onAir, in: nil, showsCall: false)])
    }

    @Test func aHostThatWasLetGoHasNotDied() {
        #expect(Self.look(.init(duty: .onAir, end: ChildEnd(cause: .released))) == .init())
    }

    /// Nothing of a standby's was on air: its plugin is named, and stays.
    @Test func aStandbysDeathIsSaid() {
        let verdict = Self.look(.init(duty: .standby, end: Self.crash, called: 1))
        #expect(verdict == .init(findings: [.died(.standby, in: 1, showsCall: false)], guilty: 1))
    }

    /// A change that was asked for is not made; one that comes by itself goes on without the plugin.
    @Test(arguments: [true, false]) func aNextHostThatEndsDoesNotCome(isAsked: Bool) {
        let verdict = Self.look(.init(duty: .next, end: Self.crash, called: 1, isAsked: isAsked))
        let words = "\(Self.words) in the plugin a"
        #expect(verdict.findings == [.notReplaced(cause: words)] + (isAsked ? [] : [.leaveOut(1, cause: words)]))
        #expect(verdict.guilty == 1)
    }

    @Test(arguments: [Duty.retired, .twin, nil]) func othersMayEnd(duty: Duty?) {
        #expect(Self.look(.init(duty: duty, end: Self.crash, called: 1)) == .init())
    }
}
