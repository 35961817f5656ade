import BulkheadEvents
import BulkheadModel
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2))) struct EventLogTests {
    @Test func listenersHearWhatComesAfterThem() {
        let log = EventLog()
        let heard = Mutex<[String]>([])
        log.post(.timeline, .timeline(.onAir))
        let id = log.listen { event in heard.withLock { $0.append(event.code) } }
        log.post(.timeline, .timeline(.ending))
        log.post(.encoder(7), .encoder(.slateBegan(frame: 45)), mediaSeconds: 1.5)
        log.unlisten(id)
        log.unlisten(id)
        log.post(.encoder(8), .child(.restarting))
        #expect(heard.withLock { $0 } == ["timeline.ending", "encoder.slate-began"])
        #expect(
            log.recent.map(\.code) == [
                "timeline.on-air", "timeline.ending", "encoder.slate-began", "encoder.restarting",
            ])
        let second = log.recent[2]
        #expect(second.level == .error && second.part == .encoder(7) && second.mediaSeconds == 1.5)
        #expect(second.happening == .encoder(.slateBegan(frame: 45)))
        // After the first of January 2025.
        #expect(second.time > 1_735_689_600)
    }

    /// Links don't know where the timeline stands, and their events have a place on it all the same.
    @Test func eventsWithoutAPlaceHaveTheTimelines() {
        let log = EventLog()
        log.post(.link(1, name: "a"), .link(.accepted))
        log.note(mediaNanoseconds: 2_500_000_000)
        log.post(.link(1, name: "a"), .link(.accepted))
        log.post(.timeline, .timeline(.ending), mediaSeconds: 3)
        #expect(log.recent.map(\.mediaSeconds) == [nil, 2.5, 3])
    }

    @Test func everyListenerHearsEveryEvent() {
        let log = EventLog()
        let counts = Mutex<[Int: Int]>([:])
        let ids = (0..<5).map { number in log.listen { _ in counts.withLock { $0[number, default: 0] += 1 } } }
        #expect(Set(ids).count == 5)
        log.unlisten(ids[2])
        for _ in 0..<10 { log.post(.timeline, .timeline(.onAir)) }
        #expect(counts.withLock { $0 } == [0: 10, 1: 10, 3: 10, 4: 10])
    }

    @Test func onlyTheLastAreKept() {
        let log = EventLog()
        for number in 0..<1000 { log.post(.timeline, .timeline(.lag(milliseconds: number))) }
        #expect(log.recent.map(\.happening) == (800..<1000).map { .timeline(.lag(milliseconds: $0)) })
    }

    /// A listener may post, listen and stop listening from within.
    @Test func listenersMayUseTheLog() {
        let log = EventLog()
        let id = Mutex(0)
        let heard = Mutex<[String]>([])
        let listener = log.listen { event in
            heard.withLock { $0.append(event.code) }
            if event.happening == .link(.paused) {
                log.unlisten(id.withLock { $0 })
                log.post(.link(1, name: "main"), .link(.resumed))
            }
        }
        id.withLock { $0 = listener }
        log.post(.link(1, name: "main"), .link(.paused))
        #expect(heard.withLock { $0 } == ["link.paused"])
        #expect(log.recent.map(\.code) == ["link.paused", "link.resumed"])
    }

    @Test func manyThreadsMayPost() async {
        let log = EventLog()
        let count = Mutex(0)
        _ = log.listen { _ in count.withLock { $0 += 1 } }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<200 { log.post(.timeline, .timeline(.onAir)) } } }
        }
        #expect(count.withLock { $0 } == 1600)
        #expect(log.recent.count == 200)
    }
}

@Suite(.timeLimit(.minutes(1))) struct EventTests {
    private static let event = Event(
        .encoder(7, .twin), .child(.tookOver(pid: 12, was: .twin, frame: 90)), time: 1.5, mediaSeconds: 3)

    private static func json(_ event: Event) throws -> String {
        try #require(JSONLine.text(event))
    }

    @Test func eventIsOneObject() throws {
        #expect(
            try Self.json(Self.event)
                == #"{"code":"encoder.took-over","level":"notice","mediaSeconds":3,"part":{"duty":"twin","id":7,"#
                + #""name":"encoder","role":"encoder"},"time":1.5,"values":{"frame":90,"pid":12,"was":"twin"}}"#)
        #expect(try JSONLine.decode(Event.self, from: JSONLine.encode(Self.event)) == Self.event)
    }

    /// A newer version may add codes, keys, roles, duties and words; an older one goes on reading.
    @Test(arguments: [
        (#""encoder.took-over""#, #""encoder.flew""#), (#""encoder.took-over""#, #""mixer.mixed""#),
        (#""was":"twin""#, #""was":"elsewhere""#), (#""pid":12"#, #""pid":"twelve""#), (#""pid":12,"#, ""),
    ])
    func whatIsUnknownIsKept(known: String, other: String) throws {
        let json = try Self.json(Self.event).replacing(known, with: other)
        let event = try JSONLine.decode(Event.self, from: Array(json.utf8))
        guard case .unknown = event.happening else {
            Issue.record("read as \(event.happening)")
            return
        }
        #expect(json.contains("\"\(event.code)\"") && event.level == .notice && event.part == .encoder(7, .twin))
    }

    @Test func unknownRolesAndDutiesArePassedOver() throws {
        let json = try Self.json(Self.event).replacing(#""role":"encoder""#, with: #""role":"teleporter""#)
            .replacing(#""duty":"twin""#, with: #""duty":"idle""#).replacing(
                "\"level\":\"notice\"", with: #""level":"panic""#)
        let part = try JSONLine.decode(Event.self, from: Array(json.utf8)).part
        #expect(part.role == .unknown && part.duty == nil && part.id == 7 && part.name == "encoder")
    }
}
