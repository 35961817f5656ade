import BulkheadEvents
import Synchronization
import Testing

@Suite struct EventLogTests {
    @Test func listenersHearWhatComesAfterThem() {
        let log = EventLog()
        let heard = Mutex<[String]>([])
        log.post(.notice, "master", "before", "nobody listens")
        let id = log.listen { event in heard.withLock { $0.append(event.kind) } }
        log.post(.notice, "master", "first", "one")
        log.post(.error, "encoder", "second", "two", mediaSeconds: 1.5, details: ["pid": "7"])
        log.unlisten(id)
        log.unlisten(id)
        log.post(.notice, "master", "after", "nobody listens")
        #expect(heard.withLock { $0 } == ["first", "second"])
        #expect(log.recent.map(\.kind) == ["before", "first", "second", "after"])
        let second = log.recent[2]
        #expect(second.level == .error && second.part == "encoder" && second.message == "two")
        #expect(second.mediaSeconds == 1.5 && second.details == ["pid": "7"])
        // After the first of January 2025.
        #expect(second.time > 1_735_689_600)
    }

    @Test func everyListenerHearsEveryEvent() {
        let log = EventLog()
        let counts = Mutex<[Int: Int]>([:])
        let ids = (0..<5).map { number in log.listen { _ in counts.withLock { $0[number, default: 0] += 1 } } }
        #expect(Set(ids).count == 5)
        log.unlisten(ids[2])
        for _ in 0..<10 { log.post(.notice, "p", "k", "m") }
        #expect(counts.withLock { $0 } == [0: 10, 1: 10, 3: 10, 4: 10])
    }

    @Test func onlyTheLastAreKept() {
        let log = EventLog()
        for number in 0..<1000 { log.post(.notice, "p", "k", "\(number)") }
        #expect(log.recent.map(\.message) == (800..<1000).map { "\($0)" })
    }

    /// A listener may post, listen and stop listening from within.
    @Test func listenersMayUseTheLog() {
        let log = EventLog()
        let id = Mutex(0)
        let heard = Mutex<[String]>([])
        let listener = log.listen { event in
            heard.withLock { $0.append(event.kind) }
            if event.kind == "outer" {
                log.unlisten(id.withLock { $0 })
                log.post(.notice, "p", "inner", "m")
            }
        }
        id.withLock { $0 = listener }
        log.post(.notice, "p", "outer", "m")
        #expect(heard.withLock { $0 } == ["outer"])
        #expect(log.recent.map(\.kind) == ["outer", "inner"])
    }

    @Test func manyThreadsMayPost() async {
        let log = EventLog()
        let count = Mutex(0)
        _ = log.listen { _ in count.withLock { $0 += 1 } }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<200 { log.post(.notice, "p", "k", "m") } } }
        }
        #expect(count.withLock { $0 } == 1600)
        #expect(log.recent.count == 200)
    }
}
