import BulkheadChain
import BulkheadChildren
import BulkheadModel
import BulkheadSystem
import BulkheadWire
import Testing

/// Which plugin a host's end is charged to, and what becomes of it.
@Suite(.timeLimit(.minutes(1))) struct BlameTests {
    private typealias Evidence = Blame.Evidence

    private static let plugins = [Sample.plugin(1, "a"), Sample.plugin(2, "b")]

    private static func judge(
        _ evidence: Evidence, _ plugins: [ChainPlugin] = plugins
    ) -> Blame.Verdict {
        var blame = Blame()
        return blame.judge(evidence, plugins, at: Sample.moment(0))
    }

    /// One end of a host with plugins `a` and `b`, and the verdict.
    @Test(arguments: [
        // The plugin in a call is to blame, unless the crash was in the library of the other one.
        (Evidence(isItsOwn: true, called: 1), Blame.Verdict.guilty(1)),
        (Evidence(isItsOwn: true, crashedLibrary: "/plugins/b.so", called: 1), .guilty(2)),
        (Evidence(isItsOwn: true, crashedLibrary: "/plugins/b.so"), .guilty(2)),
        (Evidence(isItsOwn: true, crashedLibrary: "/lib/libc.so", called: 1), .guilty(1)),
        (Evidence(isItsOwn: true, suspect: 2), .guilty(2)),
        (Evidence(isItsOwn: true, called: 1, suspect: 2), .guilty(1)),
        // Nothing is known, or what is known makes no sense.
        (Evidence(isItsOwn: true), .nobody),
        (Evidence(isItsOwn: true, called: 9), .nobody),
        (Evidence(isItsOwn: true, called: 9, suspect: 2), .guilty(2)),
        // It was killed from outside.
        (Evidence(isItsOwn: false, called: 1), .nobody),
        (Evidence(isItsOwn: false, crashedLibrary: "/plugins/b.so"), .nobody),
        (Evidence(isItsOwn: false), .nobody),
    ])
    fileprivate func firstEnds(evidence: Blame.Evidence, verdict: Blame.Verdict) {
        #expect(Self.judge(evidence) == verdict)
    }

    /// Two plugins of one library: the report can't tell them apart, the breadcrumb can.
    @Test func aLibraryOfSeveralPluginsNeedsTheBreadcrumb() {
        let twins = [Sample.plugin(1, "a"), Sample.plugin(2, "a")]
        #expect(Self.judge(Evidence(isItsOwn: true, crashedLibrary: "/plugins/a.so", called: 2), twins) == .guilty(2))
        #expect(Self.judge(Evidence(isItsOwn: true, crashedLibrary: "/plugins/a.so"), twins) == .nobody)
    }

    /// Ends one after the other, and the last verdict.
    @Test(
        arguments: [
            // The second signal in a row that hits the same plugin's call comes from it.
            ([Evidence(isItsOwn: false, called: 1), Evidence(isItsOwn: false, called: 1)], Blame.Verdict.guilty(1)),
            ([Evidence(isItsOwn: false, called: 1), Evidence(isItsOwn: false, called: 2)], .nobody),
            (
                [
                    Evidence(isItsOwn: false, called: 1), Evidence(isItsOwn: false, called: 2),
                    Evidence(isItsOwn: false, called: 1),
                ], .nobody
            ),
            (
                [
                    Evidence(isItsOwn: false, called: 1), Evidence(isItsOwn: false),
                    Evidence(isItsOwn: false, called: 1),
                ],
                .nobody
            ),
            // Between calls of several plugins nothing shows which of them does it.
            ([Evidence(isItsOwn: true), Evidence(isItsOwn: true)], .unexplained),
            ([Evidence(isItsOwn: false), Evidence(isItsOwn: false)], .nobody),
        ] as [([Blame.Evidence], Blame.Verdict)])
    func endsInARow(evidence: [Blame.Evidence], verdict: Blame.Verdict) {
        var blame = Blame()
        let verdicts = evidence.enumerated().map {
            blame.judge($1, Self.plugins, at: Sample.moment(Int64($0) * 1000))
        }
        #expect(verdicts.last == verdict)
        #expect(verdicts.dropLast().allSatisfy { $0 == .nobody })
    }

    @Test func endsFarApartAreNoRow() {
        var blame = Blame()
        for second in [Int64(0), 11, 22] {
            let verdict = blame.judge(Evidence(isItsOwn: true), Self.plugins, at: Sample.moment(second * 1000))
            #expect(verdict == .nobody)
        }
    }

    /// A thread of the only plugin crashes between calls: the second time in a row it is charged.
    @Test func theOnlyActivePluginIsChargedForTheSecondEnd() {
        var blame = Blame()
        var plugins = Self.plugins
        plugins[1].refusal = Refusal(.other, "gone")
        let verdicts = (0...1).map { _ in blame.judge(Evidence(isItsOwn: true), plugins, at: Sample.moment(0)) }
        #expect(verdicts == [.nobody, .guilty(1)])
    }

    // MARK: charges

    @Test func chargesLeadFromQuarantineToOff() {
        var plugin = Sample.plugin(1)
        var times: [Double?] = []
        for _ in 1...4 {
            let isCharged = plugin.charge(at: Sample.moment(0))
            #expect(isCharged)
            times.append(plugin.quarantine.secondsLeft(at: Sample.moment(0)))
            #expect(!plugin.isActive)
            plugin.quarantine.readmit()
        }
        #expect(times == [1, 5, 30, nil])
        #expect(plugin.status(at: Sample.moment(0), host: 1).state == .off && plugin.deaths == 4)
    }

    /// A host that had the plugin loaded already dies of it once more: one misdeed, two deaths.
    @Test func aChargedPluginIsNotChargedAgainForTheSameMisdeed() {
        var plugin = Sample.plugin(1)
        let charges = [plugin.charge(at: Sample.moment(0)), plugin.charge(at: Sample.moment(10))]
        #expect(charges == [true, false])
        #expect(plugin.deaths == 2 && plugin.quarantine.charges == 1)
    }

    @Test func aPluginIsTriedAgainWhenItsTimeHasCome() {
        var plugin = Sample.plugin(1)
        #expect(Readmission(of: plugin, isBusy: false, at: Sample.moment(0)) == .never)
        _ = plugin.charge(at: Sample.moment(0))
        #expect(Readmission(of: plugin, isBusy: false, at: Sample.moment(999)) == .never)
        #expect(Readmission(of: plugin, isBusy: false, at: Sample.moment(1000)) == .now)
        // A change that is under way may take the plugin in itself.
        #expect(Readmission(of: plugin, isBusy: true, at: Sample.moment(1000)) == .after(.milliseconds(250)))
        plugin.quarantine.pardon()
        #expect(Readmission(of: plugin, isBusy: false, at: Sample.moment(1000)) == .never)
        for _ in 1...4 {
            _ = plugin.charge(at: Sample.moment(0))
            plugin.quarantine.readmit()
        }
        #expect(Readmission(of: plugin, isBusy: false, at: Sample.moment(99_000)) == .never)
    }

    /// Signals that others send, too, between calls, again and again: nobody has so much to do with one host.
    @Test func killsWithoutEndComeFromWithin() {
        for (plugins, verdict) in [
            ([Sample.plugin(1, "a")], Blame.Verdict.guilty(1)), (Self.plugins, .unexplained),
        ] {
            var blame = Blame()
            var verdicts: [Blame.Verdict] = []
            for kill in 0..<20 {
                verdicts.append(
                    blame.judge(Evidence(isItsOwn: false), plugins, at: Sample.moment(Int64(kill) * 280)))
            }
            #expect(verdicts.prefix(Blame.mostKills).allSatisfy { $0 == .nobody })
            #expect(verdicts.contains(verdict))
            // One a second may be anybody's.
            var patient = Blame()
            for kill in 0..<100 {
                let moment = Sample.moment(Int64(kill) * 1000)
                let verdict = patient.judge(Evidence(isItsOwn: false), plugins, at: moment)
                #expect(verdict == .nobody)
            }
        }
    }
}
