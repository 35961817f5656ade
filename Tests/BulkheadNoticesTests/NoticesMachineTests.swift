import BulkheadEvents
import BulkheadModel
import BulkheadNotices
import BulkheadSystem
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(1))) struct NoticesMachineTests {
    private var machine = NoticesMachine(
        [
            NoticeTarget(url: "https://a.example/x", name: "a"),
            NoticeTarget(url: "https://b.example/x", name: "b", codes: ["link.*"]),
        ], origin: "o")
    private var now = MonotonicTime(nanoseconds: 1)

    private mutating func handle(_ event: NoticesMachine.Event) -> [NoticesMachine.Action] {
        machine.handle(event, at: now)
    }

    private mutating func start() {
        _ = handle(.launched(1))
        _ = handle(.ready(1))
    }

    @Test func targetsHearWhatTheyWant() {
        let all = NoticeTarget(url: "https://a.example/x")
        let links = NoticeTarget(url: "https://b.example/x", codes: ["link.*"])
        #expect(all.wants("encoder.died", .warning) && !links.wants("encoder.died", .warning))
        #expect(!all.wants("link.connected", .notice) && links.wants("link.connected", .notice))
        #expect(NoticeTarget(.file, url: "/l").wants("encoder.ready", .notice))
    }

    @Test func aTargetIsCalledByWhatIsNoSecret() {
        #expect(NoticeTarget(url: "https://u:p@h.example:8443/SECRET").name == "h.example:8443")
        #expect(NoticeTarget(.command, url: "/usr/bin/alarm --key SECRET").name == "alarm")
        #expect(NoticeTarget(.file, url: "/var/log/show.log").name == "show.log")
    }

    @Test mutating func aSilentNotifierIsReplaced() {
        start()
        _ = handle(.sign(1))
        now = now.advanced(by: .seconds(5))
        let patient = handle(.tick)
        now = now.advanced(by: .seconds(1))
        let silent = handle(.tick)
        #expect(patient == [] && silent == [.dismiss(1, "it has said nothing for 5 s")])
    }

    @Test mutating func aNoticeWaitsUntilANotifierIsReady() {
        let early = handle(.happened(body: [1], targets: [0, 1]))
        #expect(early == [])
        _ = handle(.launched(1))
        let given = handle(.ready(1))
        #expect(given == [.give(1, Notice(number: 0, id: "o-0", body: [1]), targets: [0, 1])])
        let next = handle(.happened(body: [2], targets: [1]))
        #expect(next == [.give(1, Notice(number: 1, id: "o-1", body: [2]), targets: [1])])
    }

    @Test mutating func theNextNotifierIsGivenWhatIsNotSettled() {
        start()
        _ = handle(.happened(body: [1], targets: [0, 1]))
        _ = handle(.happened(body: [2], targets: [0]))
        let settled = handle(.settled(1, number: 0, target: 0, .delivered, text: ""))
        #expect(settled == [.worked(1)])
        let ended = handle(.ended(1, "SIGKILL"))
        #expect(ended == [.launch(after: .zero)])
        _ = handle(.launched(2))
        let given = handle(.ready(2))
        #expect(
            given == [
                .give(2, Notice(number: 0, id: "o-0", body: [1]), targets: [1]),
                .give(2, Notice(number: 1, id: "o-1", body: [2]), targets: [0]),
            ])
        #expect(machine.status.map(\.delivered) == [1, 0])
        #expect(machine.status.map(\.waiting) == [1, 1])
    }

    @Test mutating func troubleIsToldOnceAndItsEndOnce() {
        start()
        _ = handle(.happened(body: [1], targets: [0]))
        let first = handle(.trouble(1, target: 0, text: "it answers HTTP 503"))
        #expect(first == [.tell(.failing(target: "a", text: "it answers HTTP 503"))])
        let second = handle(.trouble(1, target: 0, text: "couldn't connect"))
        #expect(second == [])
        #expect(machine.status[0].problem == "couldn't connect")
        let end = handle(.settled(1, number: 0, target: 0, .delivered, text: ""))
        #expect(end == [.worked(1), .tell(.back(target: "a"))])
        #expect(machine.status[0].problem == nil)
        #expect(machine.isDone)
    }

    @Test mutating func whatIsRefusedIsLostAndNamedOnce() {
        start()
        for _ in 0..<2 { _ = handle(.happened(body: [1], targets: [0])) }
        let first = handle(.settled(1, number: 0, target: 0, .refused, text: "it answers HTTP 404"))
        #expect(first == [.worked(1), .tell(.rejected(target: "a", text: "it answers HTTP 404"))])
        let second = handle(.settled(1, number: 1, target: 0, .refused, text: "it answers HTTP 410"))
        #expect(second == [])
        #expect(machine.status[0].problem == "it answers HTTP 410")
        #expect(machine.status[0].lost == 2)
    }

    /// A target that is away for a day must not cost memory.
    @Test mutating func theOldestGoesWhenTooManyWait() {
        start()
        var told: [NotifierHappening] = []
        var forgotten = 0
        for number in 0..<NoticesMachine.mostWaiting + 3 {
            now = now.advanced(by: .seconds(1))
            for action in handle(.happened(body: [UInt8(truncatingIfNeeded: number)], targets: [0])) {
                if case .tell(let happening) = action { told.append(happening) }
                if case .forget = action { forgotten += 1 }
            }
        }
        #expect(machine.status[0].waiting == NoticesMachine.mostWaiting)
        #expect(machine.status[0].lost == 3)
        #expect(forgotten == 3)
        #expect(told == [.dropped(target: "a", events: 1)])
        let next = handle(.settled(1, number: 3, target: 0, .delivered, text: ""))
        #expect(next == [.worked(1), .tell(.dropped(target: "a", events: 3))])
    }

    @Test mutating func aFloodOfEventsIsBounded() {
        start()
        for _ in 0..<1000 { _ = handle(.happened(body: [], targets: [0])) }
        #expect(machine.status[0].waiting == 200)
        #expect(machine.status[0].lost == 800)
    }

    @Test mutating func theEndWaitsForWhatIsLeft() {
        start()
        _ = handle(.happened(body: [1], targets: [0]))
        let finish = handle(.finish)
        #expect(finish == [])
        let last = handle(.settled(1, number: 0, target: 0, .delivered, text: ""))
        #expect(last == [.worked(1), .release(1)])
    }

    @Test mutating func theEndDoesNotWaitForEver() {
        start()
        _ = handle(.happened(body: [1], targets: [0]))
        _ = handle(.finish)
        let end = handle(.giveUp)
        #expect(end == [.tell(.dropped(target: "a", events: 1)), .release(1)])
        #expect(machine.isDone)
        let ended = handle(.ended(1, "ended"))
        #expect(ended == [])
    }

    @Test mutating func whoAnswersForNobodyIsEnded() {
        start()
        _ = handle(.happened(body: [1], targets: [0]))
        let lie = handle(.settled(1, number: 0, target: 7, .delivered, text: ""))
        #expect(lie == [.dismiss(1, "it answered for target 7, of which there is none")])
        let trouble = handle(.trouble(1, target: 7, text: ""))
        #expect(trouble == [.dismiss(1, "it answered for target 7, of which there is none")])
        let unknown = handle(.settled(1, number: 99, target: 0, .delivered, text: ""))
        #expect(unknown == [])
    }
}
