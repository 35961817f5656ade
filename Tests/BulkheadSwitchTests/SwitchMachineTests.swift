import BulkheadMedia
import BulkheadModel
import BulkheadSwitch
import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct SwitchMachineTests {
    // MARK: beginning

    static let beginnings: [(saved: Way?, mode: SwitchMode, preferred: Way, begins: Way)] = [
        (nil, .auto, .push, .push), (nil, .auto, .pull, .pull), (.pull, .auto, .push, .pull),
        (.push, .hold, .pull, .push), (.push, .pull, .push, .pull), (nil, .push, .pull, .push),
    ]

    @Test(arguments: beginnings)
    func otherWayIsStoppedBeforeTheFirstIsStarted(
        row: (saved: Way?, mode: SwitchMode, preferred: Way, begins: Way)
    ) {
        var stage = SwitchStage { $0.preferred = row.preferred }
        stage.handle(.begin(saved: row.saved, row.mode))
        #expect(stage.take() == [.stop(row.begins.other)])
        stage.handle(.begin(saved: nil, .auto))
        #expect(stage.take() == [])
        stage.handle(.stopped(row.begins.other))
        #expect(stage.take() == [.save, .start(row.begins)])
        stage.handle(.keyframe)
        #expect(stage.machine.phase == .starting, "an IDR that the other way has left")
        stage.handle(.accepted(row.begins))
        stage.handle(.keyframe)
        #expect(stage.machine.phase == .working && stage.machine.way == row.begins)
    }

    @Test func stopThatIsNeverConfirmedHoldsNothingUp() {
        var stage = SwitchStage()
        stage.handle(.begin(saved: nil, .auto))
        stage.pass(2.9)
        #expect(stage.take() == [.stop(.pull)])
        stage.pass(0.2)
        #expect(stage.take() == [.save, .start(.push)])
    }

    // MARK: conditions

    private static func changed(_ change: (inout WayReport) -> Void) -> WayReport { WayReport.good.with(change) }

    /// A condition, a report by which it is met, how long that must last, and for how long it may without being met.
    static let signs: [(words: String, report: WayReport?, seconds: Double, blip: Double)] = [
        ("no-data 3s", changed { $0.secondsSinceLastFrame = 3 }, 1, 0),
        ("off-air 2s", changed { $0.isOnAir = false }, 3, 1),
        ("fps < 80% for 3s", changed { $0.framesPerSecond = 23.9 }, 4, 2),
        ("fps < 20 for 3s", changed { $0.framesPerSecond = 19 }, 4, 2),
        ("bitrate < 50% for 5s", changed { $0.bitsPerSecond = 1_200_000 }, 6, 4),
        ("bitrate < 500k for 2s", changed { $0.bitsPerSecond = 400_000 }, 3, 1),
        ("failures > 0 in 30s", changed { $0.failures = 1 }, 1, 0),
        ("drops > 5 in 10s", changed { $0.drops = 6 }, 1, 0),
        ("report missing 3 periods", nil, 3, 2),
        ("black 5s", changed { $0.blackSeconds = 5 }, 1, 0),
        ("frozen 5s", changed { $0.frozenSeconds = 5 }, 1, 0),
        ("clipping 2s", changed { $0.clippedSeconds = 2 }, 1, 0),
        ("silence 10s", changed { $0.silentSeconds = 10 }, 1, 0),
        ("bitrate > 3M for 2s", changed { $0.bitsPerSecond = 3_100_000 }, 3, 1),
        ("loudness off -23 by 2 for 2s", changed { $0.shortTermLoudness = -18 }, 3, 1),
        ("integrated off -23 by 2 for 2s", changed { $0.integratedLoudness = -26 }, 3, 1),
        (
            "size wrong 2s",
            changed {
                ($0.canvas, $0.wantedCanvas) = (Canvas(width: 640, height: 360), Canvas(width: 1280, height: 720))
            }, 3, 1
        ),
        ("size > 640x360 for 2s", changed { $0.canvas = Canvas(width: 1280, height: 720) }, 3, 1),
        ("keyframes > 4s", changed { $0.keyframeSeconds = 4.1 }, 1, 0),
        ("queue > 3s", changed { $0.queuedSeconds = 3.1 }, 1, 0),
        ("queue > 3s for 2s", changed { $0.queuedSeconds = 3.1 }, 3, 1),
    ]

    @Test(arguments: signs, Way.allCases)
    func conditionThatLastsSwitchesAndABlipDoesNot(
        row: (words: String, report: WayReport?, seconds: Double, blip: Double), way: Way
    ) throws {
        let condition = try SwitchCondition(row.words)
        var stage = SwitchStage {
            $0.push = [condition]
            $0.pull = [condition]
        }
        stage.begin(way)
        let bad = row.report.map { [way: $0] } ?? [:]
        for _ in 0..<3 {
            stage.pass(5, [way: .good])
            stage.pass(row.blip, bad)
        }
        stage.pass(5, [way: .good])
        #expect(stage.take() == [], "blips")

        stage.pass(row.seconds + 0.1, bad)
        #expect(
            stage.take() == [
                .tell(.abnormal(way, condition)),
                .tell(.switching(from: way, to: way.other, .condition(condition))), .stop(way),
            ])
        stage.pass(0.5)
        stage.handle(.stopped(way))
        #expect(stage.take() == [.save, .start(way.other)])
        stage.pass(0.3)
        stage.handle(.accepted(way.other))
        stage.pass(0.2)
        stage.handle(.keyframe)
        let news = stage.take()
        guard case .tell(.working(way.other, .condition(condition), let times))? = news.first, news.count == 1 else {
            Issue.record("\(news)")
            return
        }
        // The decision fell within the last tenth of a second.
        #expect(abs(times.stop - 0.55) < 0.06 && abs(times.start - 0.3) < 0.01 && abs(times.firstIDR - 0.2) < 0.01)
        #expect(times.detect <= max(row.seconds, Double(condition.milliseconds) / 1000) + 0.2)
        #expect(abs(times.total - times.detect - 1.05) < 0.06)
    }

    /// The same rules watch the way that has taken over, each with its own conditions.
    @Test func conditionsOfTheOtherWayAreNotApplied() throws {
        var stage = try SwitchStage {
            $0.push = [try SwitchCondition("no-data 1s")]
            $0.pull = [try SwitchCondition("queue > 3s")]
        }
        stage.begin(.pull)
        stage.pass(30, [.pull: .good.with { $0.secondsSinceLastFrame = 20 }])
        #expect(stage.take() == [])
    }

    @Test func whatIsNotKnownMeetsNoCondition() throws {
        var stage = try SwitchStage {
            $0.push = try [
                "no-data 1s", "fps < 80% for 1s", "bitrate < 50% for 1s", "queue > 1s", "black 1s", "silence 1s",
            ]
            .map { words throws(BroadcastError) in try SwitchCondition(words) }
        }
        stage.begin(.push)
        stage.pass(60, [.push: WayReport(isOnAir: true)])
        stage.pass(60, [.push: WayReport(isOnAir: true, framesPerSecond: 1, bitsPerSecond: 1)])
        #expect(stage.take() == [])
    }

    /// A picture that moves has stood for a moment whenever it is asked; each time it is another one.
    @Test func whatBeginsAnewIsNoFaultHoweverOftenItIsSeen() throws {
        var stage = try SwitchStage {
            $0.push = try ["frozen 5s", "black 5s", "silence 5s", "clipping 5s", "no-data 5s"]
                .map { words throws(BroadcastError) in try SwitchCondition(words) }
        }
        stage.begin(.push)
        let brief = WayReport.good.with {
            ($0.frozenSeconds, $0.blackSeconds, $0.silentSeconds, $0.clippedSeconds) = (0.2, 0.5, 3, 0.1)
            $0.secondsSinceLastFrame = 0.9
        }
        stage.pass(60, [.push: brief])
        #expect(stage.take() == [])
        stage.pass(3, [.push: brief.with { $0.frozenSeconds = 5.5 }])
        #expect(stage.take().contains(.tell(.abnormal(.push, try SwitchCondition("frozen 5s")))))
    }

    @Test func ratesSayNothingUntilTheyHaveSettled() throws {
        var stage = try SwitchStage { $0.push = [try SwitchCondition("fps < 80% for 1s")] }
        stage.begin(.push)
        stage.pass(2.9, [.push: .good.with { $0.framesPerSecond = 1 }])
        stage.pass(5, [.push: .good])
        #expect(stage.take() == [])
    }

    @Test func counterThatBeginsAnewIsNotCountedTwice() throws {
        var stage = try SwitchStage { $0.push = [try SwitchCondition("failures > 3 in 30s")] }
        stage.begin(.push)
        for count in [1000, 1001, 1002, 0, 1] { stage.pass(1, [.push: .good.with { $0.failures = count }]) }
        #expect(stage.take() == [])
        stage.pass(1, [.push: .good.with { $0.failures = 3 }])
        #expect(stage.take().contains(.stop(.push)))
    }

    @Test func failuresOutsideTheSpanAreForgotten() throws {
        var stage = try SwitchStage { $0.push = [try SwitchCondition("failures > 3 in 30s")] }
        stage.begin(.push)
        for count in 0...20 { stage.pass(11, [.push: .good.with { $0.failures = count }]) }
        #expect(stage.take() == [])
    }

    // MARK: what holds it up

    private static let noData = WayReport.good.with { $0.secondsSinceLastFrame = 9 }

    private static func noDataStage(_ change: (inout SwitchRules) -> Void = { _ in }) throws -> SwitchStage {
        try SwitchStage {
            $0.push = [try SwitchCondition("no-data 1s")]
            $0.pull = [try SwitchCondition("no-data 1s")]
            change(&$0)
        }
    }

    @Test func noSwitchToABackupThatIsNotReady() throws {
        var stage = try Self.noDataStage()
        stage.begin(.pull)
        stage.pass(2, [.pull: .good, .push: .notReady])
        stage.pass(20, [.pull: Self.noData, .push: .notReady])
        let condition = try SwitchCondition("no-data 1s")
        #expect(stage.take() == [.tell(.abnormal(.pull, condition)), .tell(.backupNotReady(.push))])
        stage.pass(1, [.pull: Self.noData, .push: .ready])
        #expect(stage.take() == [.tell(.switching(from: .pull, to: .push, .condition(condition))), .stop(.pull)])
    }

    @Test func faultOnBothWaysFlapsTwiceAMinuteAndThenLess() throws {
        var stage = try Self.noDataStage()
        stage.begin(.pull)
        var times: [Double] = []
        for _ in 0..<6000 {
            stage.pass(0.1, [.pull: Self.noData, .push: Self.noData])
            for action in stage.take() {
                if case .tell(.switching) = action { times.append(stage.seconds) }
                if case .stop(let way) = action { stage.confirm(to: way.other) }
            }
        }
        for (index, time) in times.enumerated() { #expect(times[index...].count { $0 - time <= 60 } <= 2) }
        #expect(times.count <= 10 && times.count >= 4, "\(times)")
        let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
        #expect(zip(gaps.dropFirst(2), gaps.dropFirst(3)).allSatisfy { $1 >= $0 - 1 }, "\(gaps)")
    }

    @Test func wayThatHasJustBegunIsNotLeftAtOnce() throws {
        var stage = try Self.noDataStage()
        stage.begin(.pull)
        stage.pass(1, [.pull: Self.noData])
        stage.confirm(to: .push)
        _ = stage.take()
        stage.pass(9.9, [.push: Self.noData])
        #expect(!stage.take().contains { $0.isStartOrStop })
        stage.pass(1.2, [.push: Self.noData])
        #expect(stage.take().contains(.stop(.push)))
    }

    // MARK: starting

    @Test func wayThatDoesNotStartGivesWayToTheOther() throws {
        var stage = try Self.noDataStage()
        stage.begin(.pull)
        stage.pass(1, [.pull: Self.noData])
        stage.handle(.stopped(.pull))
        _ = stage.take()
        stage.pass(10.1)
        #expect(
            stage.take() == [
                .tell(.startFailed(.push, "no IDR has come within 10 s")),
                .tell(.switching(from: .push, to: .pull, .startFailed)), .stop(.push),
            ])
    }

    @Test func wayThatFailsAtOnceIsStartedAnewOnceASecondAtMost() throws {
        var stage = try Self.noDataStage()
        stage.handle(.begin(saved: .push, .push))
        var starts = 0
        for _ in 0..<100 {
            for action in stage.take() {
                if case .stop(let way) = action { stage.handle(.stopped(way)) }
                if case .start(let way) = action {
                    #expect(way == .push, "a person has chosen it")
                    starts += 1
                    stage.handle(.startFailed(way, "refused"))
                }
            }
            stage.pass(0.1)
        }
        #expect((5...11).contains(starts), "\(starts)")
    }

    // MARK: policies

    static let policies: [(policy: ReturnPolicy, preferred: Way, returns: Bool)] = [
        (.stay, .pull, false), (.return, .pull, true), (.return, .push, false), (.best, .pull, false),
    ]

    @Test(arguments: policies)
    func policySaysWhetherTheStreamReturns(row: (policy: ReturnPolicy, preferred: Way, returns: Bool)) throws {
        var stage = try Self.noDataStage {
            $0.policy = row.policy
            $0.preferred = row.preferred
        }
        stage.begin(.pull)
        stage.pass(1, [.pull: Self.noData])
        stage.confirm(to: .push)
        _ = stage.take()
        stage.pass(9.9, [.push: .good, .pull: .ready])
        #expect(!stage.take().contains { $0.isStartOrStop })
        stage.pass(3, [.push: .good, .pull: .ready])
        #expect(stage.machine.phase == (row.returns ? .awaitingKeyframe : .working))
        stage.handle(.keyframe)
        #expect(stage.take().contains(.stop(.push)) == row.returns)
    }

    @Test func streamReturnsOnceTheWayHasBeenReadyForTheClearTime() throws {
        var stage = try Self.noDataStage {
            $0.policy = .return
            $0.preferred = .pull
        }
        stage.begin(.pull)
        stage.pass(1, [.pull: Self.noData, .push: .ready])
        stage.confirm(to: .push)
        stage.pass(60, [.push: .good, .pull: .notReady])
        #expect(stage.machine.phase == .working)
        stage.pass(4.9, [.push: .good, .pull: .ready])
        #expect(stage.machine.phase == .working)
        stage.pass(1, [.push: .good, .pull: .notReady])
        stage.pass(5, [.push: .good, .pull: .ready])
        #expect(stage.machine.phase == .working)
        stage.pass(1.1, [.push: .good, .pull: .ready])
        #expect(stage.machine.phase == .awaitingKeyframe)
        // An IDR that never comes is not waited for.
        _ = stage.take()
        stage.pass(5.1, [.push: .good, .pull: .ready])
        #expect(stage.take().contains(.stop(.push)))
    }

    @Test func bestReturnsWhenTheTroubleIsForgotten() throws {
        var stage = try Self.noDataStage {
            $0.policy = .best
            $0.preferred = .pull
        }
        stage.begin(.pull)
        stage.pass(1, [.pull: Self.noData])
        stage.confirm(to: .push)
        stage.pass(590, [.push: .good, .pull: .ready])
        #expect(stage.machine.phase == .working && stage.machine.way == .push)
        stage.pass(15, [.push: .good, .pull: .ready])
        #expect(stage.machine.phase == .awaitingKeyframe)
    }

    // MARK: by hand

    @Test func handSwitchesBehindAnIDR() throws {
        var stage = try Self.noDataStage()
        stage.begin(.pull)
        stage.pass(1, [.pull: .good])
        stage.handle(.hand(.push))
        #expect(stage.take() == [.tell(.mode(.push)), .save])
        stage.handle(.keyframe)
        #expect(stage.take() == [.tell(.switching(from: .pull, to: .push, .hand)), .stop(.pull)])
        stage.confirm(to: .push)
        #expect(stage.machine.phase == .working && stage.machine.way == .push)
        // It stays there, whatever happens, until it may decide by itself again.
        _ = stage.take()
        stage.pass(30, [.push: Self.noData])
        #expect(!stage.take().contains { $0.isStartOrStop })
        stage.handle(.hand(.auto))
        stage.pass(1, [.push: Self.noData])
        #expect(stage.take().contains(.stop(.push)))
    }

    @Test func handSwitchesAtOnceWhereTheWayIsAbnormal() throws {
        var stage = try Self.noDataStage()
        stage.begin(.pull, mode: .hold)
        stage.pass(2, [.pull: Self.noData])
        #expect(!stage.take().contains { $0.isStartOrStop })
        stage.handle(.hand(.push))
        #expect(stage.take().contains(.stop(.pull)))
    }

    /// In each phase, a wish for each way.
    @Test(arguments: SwitchMachine.Phase.allTested, Way.allCases)
    func handIsObeyedInEveryPhase(phase: SwitchMachine.Phase, wish: Way) throws {
        var stage = try Self.noDataStage()
        if phase != .stopping && phase != .starting {
            stage.begin(.pull)
        } else {
            stage.handle(.begin(saved: .pull, .auto))
        }
        if phase == .starting { stage.handle(.stopped(.push)) }
        if phase == .awaitingKeyframe { stage.handle(.hand(.push)) }
        #expect(stage.machine.phase == phase)
        stage.handle(.hand(SwitchMode(wish)))
        for _ in 0..<3 {
            for action in stage.take() {
                if case .stop(let way) = action { stage.handle(.stopped(way)) }
                if case .start(let way) = action { stage.handle(.accepted(way)) }
            }
            if phase == .stopping { stage.handle(.stopped(.push)) }
            if phase == .starting { stage.handle(.accepted(stage.machine.way)) }
            stage.handle(.keyframe)
        }
        #expect(stage.machine.phase == .working)
        #expect(stage.machine.way == wish)
    }

    // MARK: more than two ways

    private static let backup = Way(rawValue: "backup-2")

    @Test func whatHasFailedLeastTakesOver() throws {
        var stage = try Self.noDataStage {
            $0.ways = [.main, .backup, Self.backup]
            $0.preferred = .main
            for way in $0.ways { $0.conditions[way] = $0.push }
        }
        stage.handle(.begin(saved: nil, .auto))
        #expect(Set(stage.take()) == [.stop(.backup), .stop(Self.backup)])
        stage.handle(.stopped(.backup))
        stage.handle(.accepted(.main))
        stage.handle(.keyframe)
        _ = stage.take()
        stage.handle(.report(.backup, .ready))
        stage.handle(.report(Self.backup, .ready))
        stage.passOf(.main, 2, Self.noData)
        #expect(stage.take().contains(.stop(.main)))
        stage.handle(.stopped(.main))
        #expect(stage.machine.way == .backup)
        stage.handle(.startFailed(.backup, "refused"))
        stage.pass(1.2)
        stage.handle(.stopped(.backup))
        #expect(stage.machine.way == Self.backup, "the input itself has failed, and the first backup")
        stage.handle(.hand(.way(.main)))
        stage.handle(.stopped(Self.backup))
        #expect(stage.machine.way == .main)
        stage.handle(.hand(.pull))
        #expect(stage.machine.mode == .way(.main), "there is no such way")
    }

    @Test func idleWayThatMeetsItsConditionsIsNotReadyWhereTheyAreWatched() throws {
        for isWatched in [true, false] {
            var stage = try Self.noDataStage { $0.idleAreWatched = isWatched }
            stage.begin(.pull)
            stage.handle(.report(.push, Self.noData.with { $0.isReady = true }))
            stage.passOf(.pull, 2, Self.noData)
            #expect(stage.take().contains(.stop(.pull)) == !isWatched)
        }
    }

    @Test func whatAViewerHasSeenIsNoReportOfTheSystem() throws {
        var stage = try SwitchStage { $0.push = try [SwitchCondition("report missing 3 periods")] }
        stage.begin(.push)
        stage.pass(2, [.push: .good])
        stage.pass(5, [.push: .good.with { $0.isSecondHand = true }])
        #expect(stage.take().contains(.stop(.push)))
        var other = try Self.noDataStage()
        other.begin(.push)
        other.pass(2, [.push: Self.noData.with { $0.isSecondHand = true }])
        #expect(other.take().contains(.stop(.push)), "the viewer has seen nothing")
    }

    @Test func strayEventsChangeNothing() throws {
        var stage = try Self.noDataStage()
        for event in [SwitchMachine.Event.tick, .stopped(.push), .accepted(.pull), .keyframe, .startFailed(.push, "")] {
            stage.handle(event)
        }
        #expect(stage.take() == [] && stage.machine.phase == .idle)
        stage.begin(.pull)
        for event in [SwitchMachine.Event.stopped(.push), .accepted(.pull), .keyframe, .startFailed(.pull, "")] {
            stage.handle(event)
        }
        #expect(stage.take() == [] && stage.machine.phase == .working)
    }
}

extension SwitchMachine.Phase {
    static let allTested: [Self] = [.working, .awaitingKeyframe, .stopping, .starting]
}

extension SwitchMode {
    init(_ way: Way) { self = way == .push ? .push : .pull }
}
