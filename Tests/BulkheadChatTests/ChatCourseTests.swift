import BulkheadChat
import BulkheadSystem
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(1))) struct ChatCourseTests {
    private var course = ChatCourse(serverCount: 2, at: MonotonicTime.now)
    private let start = MonotonicTime.now.advanced(by: .seconds(1))

    private mutating func give(_ event: ChatCourse.Event, at seconds: Double) -> [ChatCourse.Action] {
        course.handle(event, at: start.advanced(by: .milliseconds(Int64(seconds * 1000))), chance: 1)
    }

    private var due: Double? { course.due.map { Double($0.since(start)) / 1e9 } }

    private mutating func join(_ number: Int, at seconds: Double) {
        _ = give(.opened(number), at: seconds)
        _ = give(.chosen(number), at: seconds)
        _ = give(.received(number), at: seconds)
        _ = give(.joined(number), at: seconds)
        _ = give(.settled(number), at: seconds)
    }

    @Test mutating func aBreakHasItsSteps() {
        let opened = give(.wake, at: 0)
        #expect(opened == [.open(1, server: 0)])
        let reached = give(.opened(1), at: 0.1)
        let chosen = give(.chosen(1), at: 0.2)
        let joining = give(.joined(1), at: 0.3)
        #expect(joining.isEmpty && due == 1.3)
        let joined = give(.settled(1), at: 0.5)
        #expect(reached == [.tell(.reached, server: 0, text: "")] && chosen == [.tell(.chosen, server: 0, text: "")])
        #expect(joined == [.tell(.joined, server: 0, text: "")])
        let lost = give(.ended(1, "reset"), at: 10)
        #expect(lost == [.tell(.lost, server: 0, text: "reset")])
        // The next server, soon.
        #expect(due == 10.2)
        let again = give(.wake, at: 10.2)
        #expect(again == [.open(2, server: 1)])
    }

    /// A server that takes us in and throws us out is not hammered; one that was good is tried at once again.
    @Test mutating func failuresAreForgottenAfterMinutesOfLifeAlone() {
        var now = 0.0
        var pauses: [Double] = []
        for number in 1...9 {
            _ = give(.wake, at: now)
            join(number, at: now)
            _ = give(.ended(number, "closed"), at: now + 100)
            pauses.append((due ?? 0) - now - 100)
            now = due ?? 0
        }
        #expect(pauses.map { ($0 * 10).rounded() / 10 } == [0.2, 1, 2, 4, 8, 16, 30, 60, 60])
        _ = give(.wake, at: now)
        join(10, at: now)
        _ = give(.ended(10, "closed"), at: now + 181)
        #expect(abs((due ?? 0) - now - 181.2) < 0.001)
    }

    @Test mutating func silenceIsAskedBeforeItIsJudged() {
        _ = give(.wake, at: 0)
        _ = give(.opened(1), at: 0)
        _ = give(.received(1), at: 0)
        _ = give(.joined(1), at: 0)
        // What was missed has not come within a second: it is told without.
        #expect(due == 1)
        let told = give(.wake, at: 1)
        #expect(told == [.tell(.joined, server: 0, text: "")] && due == 5)
        let settled = give(.wake, at: 5)
        #expect(settled == [.settle(1)] && due == 10)
        // Until all that was missed has come.
        let further = give(.wake, at: 10)
        #expect(further == [.settle(1)] && due == 15)
        let end = give(.settled(1), at: 10)
        #expect(end.isEmpty && due == 30)
        let asked = give(.wake, at: 31)
        #expect(asked == [.ping(1)] && due == 41)
        // Any byte is a sign of life.
        _ = give(.received(1), at: 40)
        #expect(due == 70)
        // A machine that slept for an hour asks first.
        let late = give(.wake, at: 3600)
        #expect(late == [.ping(1)])
        let dead = give(.wake, at: 3610)
        #expect(dead.first == .close(1))
        guard case .tell(.lost, server: 0, _) = dead.last else {
            Issue.record("it is not lost: \(dead)")
            return
        }
    }

    /// Nobody promises an answer to a heartbeat of Douyu's.
    @Test mutating func someServersMayBeSilentForLonger() {
        course = ChatCourse(
            serverCount: 1, silence: .init(beforePing: .seconds(45), afterPing: .seconds(75)), at: .now)
        _ = give(.wake, at: 0)
        join(1, at: 0)
        _ = give(.wake, at: 5)
        #expect(due == 45)
        let asked = give(.wake, at: 45)
        #expect(asked == [.ping(1)] && due == 120)
        let dead = give(.wake, at: 120)
        let text = "nothing came for 120 s, and no answer to a ping"
        #expect(dead == [.close(1), .tell(.lost, server: 0, text: text)])
    }

    @Test mutating func aServerThatNeverLetsUsInIsLeft() {
        _ = give(.wake, at: 0)
        _ = give(.opened(1), at: 1)
        #expect(due == 20)
        let left = give(.wake, at: 20)
        #expect(left.first == .close(1))
        guard case .tell(.failing, server: 0, _) = left.last else {
            Issue.record("it does not fail: \(left)")
            return
        }
    }

    @Test mutating func aRefusalIsNoOutage() {
        var now = 0.0
        var pauses: [Double] = []
        for number in 1...5 {
            _ = give(.wake, at: now)
            _ = give(.opened(number), at: now)
            let actions = give(.rejected(number, "no such channel"), at: now)
            #expect(actions == [.close(number), .tell(.rejected, server: (number - 1) % 2, text: "no such channel")])
            // The end of a socket that was closed is no news.
            #expect(give(.ended(number, "closed"), at: now).isEmpty)
            pauses.append((due ?? 0) - now)
            now = due ?? 0
        }
        #expect(pauses == [60, 120, 300, 900, 900])
    }

    /// One who lets us in and throws us out at once has not let us in.
    @Test mutating func beingThrownOutIsARefusalEachTime() {
        var now = 0.0
        var pauses: [Double] = []
        for number in 1...4 {
            _ = give(.wake, at: now)
            join(number, at: now)
            _ = give(.rejected(number, "it was sent away: spam"), at: now + 1)
            pauses.append(((due ?? 0) - now - 1).rounded())
            now = due ?? 0
        }
        #expect(pauses == [60, 120, 300, 900])
        _ = give(.wake, at: now)
        join(5, at: now)
        _ = give(.rejected(5, "it was sent away: spam"), at: now + 181)
        #expect(((due ?? 0) - now - 181).rounded() == 60)
    }

    /// Twitch's RECONNECT: both run for a while, and nothing is lost.
    @Test mutating func aServerThatLeavesIsLeftWithoutAGap() {
        _ = give(.wake, at: 0)
        join(1, at: 0)
        let opened = give(.leaves(1), at: 10)
        #expect(opened == [.open(2, server: 0)])
        // Once is enough.
        #expect(give(.leaves(1), at: 10).isEmpty)
        _ = give(.opened(2), at: 11)
        let joined = give(.joined(2), at: 12) + give(.settled(2), at: 12)
        #expect(joined.isEmpty)
        _ = give(.received(1), at: 14)
        _ = give(.received(2), at: 14)
        let moved = give(.wake, at: 15)
        #expect(moved == [.close(1), .tell(.moved, server: 0, text: "")])
        #expect(give(.ended(1, "closed"), at: 15).isEmpty)
    }

    /// It takes us in, says that it leaves, and closes: again and again.
    @Test mutating func aServerThatLeavesForEverIsAskedMoreSeldom() {
        var now = 0.0
        var opened: [Double] = []
        for _ in 0..<5 {
            for case .open(let number, _) in give(.wake, at: now) {
                opened.append(now)
                join(number, at: now)
                for case .open(let heir, _) in give(.leaves(number), at: now) {
                    opened.append(now)
                    _ = give(.ended(number, "closed"), at: now)
                    join(heir, at: now)
                    _ = give(.leaves(heir), at: now)
                    _ = give(.ended(heir, "closed"), at: now)
                }
                _ = give(.ended(number, "closed"), at: now)
            }
            now = due ?? now
        }
        #expect(opened.count == 6)
        let pauses = zip(opened.dropFirst(), opened).map { $0 - $1 }
        #expect(pauses.first == 0 && pauses.dropFirst().allSatisfy { $0 > 0 } && pauses == pauses.sorted(), "\(pauses)")
        #expect((pauses.last ?? 0) > 2)
    }

    @Test mutating func aServerThatLeavesAtOnceIsLost() {
        _ = give(.wake, at: 0)
        join(1, at: 0)
        _ = give(.leaves(1), at: 10)
        _ = give(.opened(2), at: 10.3)
        let lost = give(.ended(1, "closed"), at: 10.5)
        #expect(lost == [.tell(.lost, server: 0, text: "closed"), .tell(.reached, server: 0, text: "")])
        let chosen = give(.chosen(2), at: 10.7)
        #expect(chosen == [.tell(.chosen, server: 0, text: "")])
        let joined = give(.joined(2), at: 11) + give(.settled(2), at: 11)
        #expect(joined == [.tell(.joined, server: 0, text: "")])
    }
}
