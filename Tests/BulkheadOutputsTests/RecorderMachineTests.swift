import BulkheadChildren
import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadOutputs
import BulkheadSystem
import BulkheadTestSupport
import BulkheadWire
import Testing

/// Which recorder writes, and what is said of it.
@Suite(.timeLimit(.minutes(1))) struct RecorderMachineTests {
    /// A machine with a clock of its own, and all that it has asked for.
    private struct Desk {
        var machine: RecorderMachine
        var now = MonotonicTime(nanoseconds: 0)
        var actions: [RecorderMachine.Action] = []
        private var lastChild = 0
        private var nextPicture: Int64 = 0

        init(fallback: String = "", persists: Bool = true, limits: RecordQueue.Limits = .init()) {
            let task = RecorderTask(.mp4, path: "/r/a.mp4", isPattern: persists, persists: persists)
            var terms = RecorderMachine.Terms(task)
            terms.fallbackFolder = fallback
            machine = RecorderMachine(terms, limits: limits, awaitsIDR: false)
        }

        mutating func handle(_ event: RecorderMachine.Event) { actions += machine.handle(event, at: now) }

        /// Does what is asked for: the recorder that is launched opens its file.
        /// - Returns: its task.
        @discardableResult
        mutating func launch(isRegular: Bool = true) -> RecorderTask? {
            guard actions.contains(where: { if case .launch = $0 { true } else { false } }) else { return nil }
            actions.removeAll { if case .launch = $0 { true } else { false } }
            lastChild += 1
            let child = ChildID(lastChild)
            handle(.launched(child))
            handle(.greeted(child))
            var task: RecorderTask?
            for case .open(child, let asked) in actions { task = asked }
            handle(.said(child, .ready))
            let segment = task?.segment ?? 0
            let part =
                task?.part ?? RecordedPart(path: task?.path ?? "", device: 1, inode: UInt64(lastChild), byteCount: 0)
            handle(
                .said(
                    child, .opened(segment: segment, part, isRegular: isRegular, goesOn: task?.part != nil)))
            return task
        }

        var child: ChildID { ChildID(lastChild) }

        mutating func give(_ count: Int) {
            for _ in 0..<count {
                let time = MediaTime(milliseconds: nextPicture * 20)
                let isIDR = nextPicture % 10 == 0
                handle(
                    .packet(
                        Packet(
                            kind: .video(isIDR: isIDR, isDisposable: false), dts: time, pts: time,
                            bytes: [UInt8](repeating: 0, count: 100))))
                nextPicture += 1
            }
        }

        mutating func save(_ durable: Int64, byteCount: UInt64 = 1000) {
            handle(
                .said(
                    child,
                    .saved(
                        RecorderProgress(
                            segment: 0, writtenNumber: durable, durableNumber: durable, durableByteCount: byteCount,
                            origin: 0))))
        }

        /// Quarters of a second, in which the recorder answers or not.
        mutating func wait(_ ticks: Int, answers: Bool) {
            for _ in 0..<ticks {
                now = now.advanced(by: RecorderMachine.tick)
                handle(.tick)
                guard answers else { continue }
                let child = child
                for case .give(child, .measure(let token)) in actions {
                    let measure = RecorderMeasure(
                        token: token, writtenByteCount: 0, durableByteCount: 0, freeByteCount: nil, busyMilliseconds: 0)
                    actions.removeAll { $0 == .give(child, .measure(token: token)) }
                    handle(.said(child, .measured(measure)))
                }
            }
        }

        /// The pictures that the recorder was given.
        func given(to child: ChildID) -> [Int64] {
            actions.compactMap {
                if case .give(child, .picture(_, let picture, _)) = $0 { picture } else { nil }
            }
        }

        /// What was said, as `full` and `-full`.
        var troubles: [String] {
            actions.compactMap {
                switch $0 {
                case .post(.trouble(let trouble, _, _, _, _, _, _)): trouble.rawValue
                case .post(.cleared(let trouble, _, _, _)): "-\(trouble.rawValue)"
                default: nil
                }
            }
        }
    }

    @Test func deadRecordersFileGoesOn() {
        var desk = Desk()
        desk.handle(.start)
        #expect(desk.launch()?.part == nil)
        desk.give(20)
        desk.save(12, byteCount: 4711)
        let first = desk.child
        desk.handle(.ended(first, "SIGKILL"))
        let task = desk.launch()
        #expect(task?.part?.byteCount == 4711 && task?.segment == 0 && task?.part?.path == "/r/a.mp4")
        #expect(desk.given(to: desk.child) == Array(13..<20))
        #expect(desk.troubles == [])
    }

    /// A track has come: the recorder is told what files have from now on.
    @Test func otherTracksAreToldAgain() throws {
        var desk = Desk()
        var configuration = StreamConfiguration(
            canvas: try #require(Canvas(width: 64, height: 64)), frameRate: try #require(FrameRate(50)),
            videoBitsPerSecond: 1, audioBitsPerSecond: 1, avcConfiguration: [1], audioSpecificConfig: [2])
        desk.handle(.configuration(configuration, number: 0))
        desk.handle(.start)
        desk.launch()
        desk.give(3)
        let sound = Packet(kind: .audio, dts: .zero, pts: .zero, bytes: [3])
        desk.handle(.track(1, sound))
        configuration.tracks = ["a", "b"]
        desk.handle(.configuration(configuration, number: 0))
        desk.give(1)
        let told = desk.actions.compactMap { action -> [String]? in
            if case .give(_, .configure(let configuration)) = action { configuration.tracks } else { nil }
        }
        #expect(told == [[], ["a", "b"]])
        #expect(desk.actions.contains(.give(desk.child, .track(number: 3, track: 1, sound))))
        // It waits as pictures do.
        desk.save(2)
        desk.handle(.ended(desk.child, "SIGKILL"))
        desk.launch()
        #expect(desk.actions.contains(.give(desk.child, .track(number: 3, track: 1, sound))))
    }

    @Test func silentRecorderIsNamedWithinASecondAndNotWaitedFor() {
        var desk = Desk()
        desk.handle(.start)
        desk.launch()
        desk.give(20)
        desk.wait(4, answers: true)
        let first = desk.child
        desk.wait(4, answers: false)
        #expect(desk.troubles == ["not-answering"])
        desk.wait(8, answers: false)
        #expect(desk.actions.contains { if case .dismiss(first, _, isItsFault: true) = $0 { true } else { false } })
        // The first has not ended, and may never do.
        desk.launch()
        #expect(desk.child != first && desk.given(to: desk.child) == Array(0..<20))
        desk.save(19)
        #expect(desk.troubles == ["not-answering", "-not-answering"])
        desk.handle(.ended(first, "SIGKILL"))
        #expect(desk.machine.child == desk.child)
    }

    /// Processes that their disks hold up for ever are not heaped up.
    @Test func undeadRecordersAreBounded() {
        var desk = Desk()
        desk.handle(.start)
        var children: [ChildID] = []
        for _ in 0..<4 {
            desk.launch()
            children.append(desk.child)
            desk.wait(12, answers: false)
        }
        #expect(desk.launch() == nil)
        desk.handle(.ended(children[0], "SIGKILL"))
        #expect(desk.launch() != nil)
    }

    /// What was written since the last sync is not believed: the next file begins with the IDR before.
    @Test func failedSyncBeginsTheNextFile() {
        var desk = Desk()
        desk.handle(.start)
        desk.launch()
        desk.give(25)
        desk.save(22)
        let trouble = RecorderTrouble(.syncFailed, .stops, errno: 5, path: "/r/a.mp4")
        desk.handle(.said(desk.child, .trouble(trouble)))
        let task = desk.launch()
        #expect(task?.part == nil && task?.segment == 1)
        #expect(desk.given(to: desk.child) == Array(20..<25))
        desk.save(24)
        #expect(desk.troubles == ["sync-failed", "-sync-failed"])
    }

    @Test func fallbackGoesOnAndIsLeftAgain() {
        var desk = Desk(fallback: "/f")
        desk.handle(.start)
        desk.launch()
        desk.give(5)
        desk.handle(.said(desk.child, .trouble(.init(.readOnly, .stops, errno: 30, path: "/r/a.mp4"))))
        #expect(desk.launch()?.path == "/f/a.mp4")
        desk.save(4)
        // It is not over as long as the first disk is not written to.
        #expect(desk.troubles == ["read-only"] && desk.machine.isFallback)
        desk.wait(250, answers: true)
        #expect(desk.launch()?.path == "/r/a.mp4")
        desk.give(5)
        desk.save(9)
        #expect(desk.troubles == ["read-only", "-read-only"] && !desk.machine.isFallback)
    }

    /// A recorder may die before it can say that its trouble is over.
    @Test func troubleOfADeadRecorderEndsWithProgress() {
        var desk = Desk()
        desk.handle(.start)
        desk.launch()
        desk.give(5)
        desk.handle(.said(desk.child, .trouble(.init(.full, .retries, errno: 28, path: "/r/a.mp4"))))
        desk.handle(.said(desk.child, .trouble(.init(.full, of: .index, .retries, errno: 28, path: "/r/a.mp4.index"))))
        desk.handle(.said(desk.child, .trouble(.init(.slow, .none, errno: 0, path: "/r/a.mp4"))))
        desk.handle(.ended(desk.child, "SIGKILL"))
        #expect(desk.troubles.sorted() == ["-full", "-slow", "full", "full", "slow"])
        desk.launch()
        desk.save(4)
        #expect(desk.troubles.filter { $0 == "-full" }.count == 2)
        #expect(desk.machine.troubles(at: desk.now).isEmpty)
    }

    /// A folder that has gone comes back by a person: it is tried less and less often, and told once.
    @Test func aFileThatCannotBeMadeIsTriedLessAndLessOften() {
        var desk = Desk()
        desk.handle(.start)
        var delays: [Duration] = []
        for number in 1...9 {
            for case .launch(let delay) in desk.actions { delays.append(delay) }
            desk.actions.removeAll { if case .launch = $0 { true } else { false } }
            let child = ChildID(number)
            desk.handle(.launched(child))
            desk.handle(.greeted(child))
            desk.handle(.said(child, .ready))
            desk.handle(.said(child, .trouble(.init(.notCreated, .stops, errno: 2, path: "/r/a.mp4"))))
            desk.handle(.ended(child, "exit code 0"))
        }
        #expect(delays == [0, 0, 0, 1, 2, 4, 8, 15, 15].map { .seconds($0) })
        #expect(desk.troubles == ["not-created"])
    }

    /// A link's file was named by its whole path: it ends at the first error.
    @Test func linksFileFails() {
        var desk = Desk(persists: false)
        desk.handle(.start)
        desk.launch()
        desk.give(5)
        desk.handle(.said(desk.child, .trouble(.init(.full, .stops, errno: 28, path: "/r/a.mp4"))))
        #expect(desk.actions.contains(.fail(errno: 28, path: "/r/a.mp4")))
        // The link says it.
        #expect(desk.troubles == [])
        #expect(desk.launch() == nil)
    }

    @Test func growthIsWatchedWhateverTheRecorderSays() {
        var desk = Desk()
        desk.handle(.start)
        desk.launch()
        // Half a fragment waits for the rest of it, however long the input is silent.
        desk.give(5)
        desk.wait(14, answers: true)
        #expect(desk.troubles.isEmpty)
        desk.give(50)
        desk.wait(1, answers: true)
        #expect(desk.troubles == ["not-growing"])
        desk.save(50)
        desk.wait(1, answers: true)
        #expect(desk.troubles == ["not-growing", "-not-growing"])
    }

    @Test func whatNeverGetsToADiskIsSaid() {
        var desk = Desk()
        desk.handle(.start)
        desk.launch()
        desk.give(25)
        desk.save(9)
        desk.handle(.finish)
        desk.handle(.abort)
        #expect(desk.actions.contains(.post(.leftOut(frame: 10, frames: 15, cause: .ended))))
    }

    /// What a liar says ends it, or counts for nothing.
    @Test func liarsCostNothing() {
        var desk = Desk()
        desk.handle(.start)
        desk.launch()
        desk.give(5)
        let first = desk.child
        desk.handle(.said(first, .finished))
        #expect(desk.actions.contains { if case .dismiss(first, _, isItsFault: true) = $0 { true } else { false } })
        desk.launch()
        desk.handle(
            .said(
                desk.child,
                .saved(
                    RecorderProgress(
                        segment: .max, writtenNumber: .max, durableNumber: .max, durableByteCount: .max, origin: .min)))
        )
        desk.handle(.said(desk.child, .cleared(.full, .index)))
        desk.handle(.said(ChildID(99), .finished))
        #expect(desk.machine.waiting.durableCount == 5)
    }
}
