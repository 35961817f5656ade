import BulkheadLiveServer
import BulkheadSystem
import NIOCore
import Testing

/// What each viewer is told of a room, whenever it comes, and how often.
@Suite(.timeLimit(.minutes(1))) struct RoomFeedTests {
    private static func events(_ feed: RoomFeed, _ reader: inout RoomFeed.Reader) -> [String] {
        var events: [String] = []
        while let event = feed.next(&reader) { events.append(String(buffer: event)) }
        return events
    }

    /// The numbers of the comments among `events`.
    private static func numbers(_ events: [String]) -> [Int] {
        events.compactMap { $0.firstMatch(of: /"number":(\d+),"at"/).flatMap { Int($0.1) } }
    }

    private static func feed(_ numbers: ClosedRange<Int64>, epoch: Int64 = 1000) -> RoomFeed {
        var feed = RoomFeed(epoch: epoch)
        feed.set(board: #"{"title":"a"}"#.utf8, isOpen: true)
        for number in numbers { feed.add(comment: number, at: 5000 + number, #"{"text":"x"}"#.utf8) }
        return feed
    }

    @Test func eventsAreAsTheStandardWantsThem() {
        var feed = RoomFeed(epoch: 7)
        #expect(!feed.hasRoom)
        feed.set(board: "{\"title\":\r\n\"a\"}".utf8, isOpen: false)
        feed.add(comment: 3, at: 99, #"{"text":"x"}"#.utf8)
        feed.takeBack([1, 2], fromPictureOnly: true)
        var reader = feed.reader(lastID: "7-0")
        #expect(
            Self.events(feed, &reader) == [
                "event: board\ndata: {\"title\":  \"a\"}\n\n",
                "event: gone\ndata: {\"numbers\":[1,2],\"fromPictureOnly\":true}\n\n",
                "id: 7-3\nevent: comment\ndata: {\"number\":3,\"at\":99,\"comment\":{\"text\":\"x\"}}\n\n",
            ])
        #expect(feed.next(&reader) == nil)
        feed.set(board: "{}".utf8, isOpen: true)
        #expect(Self.events(feed, &reader) == ["event: board\ndata: {}\n\n"] && feed.isOpen)
    }

    @Test func aViewerIsGivenEachCommentOnce() {
        var feed = Self.feed(1...250)
        var newcomer = feed.reader(lastID: nil)
        #expect(Self.numbers(Self.events(feed, &newcomer)) == Array(151...250))
        // Back with what it has; and with an id that comes from nowhere.
        var back = feed.reader(lastID: "1000-240")
        #expect(Self.numbers(Self.events(feed, &back)) == Array(241...250))
        for id in ["", "x", "1000", "1000--3", "999-240", "1000-99999999999999999999"] {
            var stranger = feed.reader(lastID: id)
            #expect(Self.numbers(Self.events(feed, &stranger)).count == 100, "\(id)")
        }
        var ahead = feed.reader(lastID: "1000-900")
        #expect(Self.numbers(Self.events(feed, &ahead)).isEmpty)
        // Numbers that have been, come from a master that begins again with what it kept.
        feed.add(comment: 250, at: 1, "{}".utf8)
        feed.add(comment: 251, at: 1, "{}".utf8)
        for reader in [newcomer, back, ahead] {
            var reader = reader
            #expect(Self.numbers(Self.events(feed, &reader)) == [251])
        }
    }

    /// Whoever is slow is told how much there was; what viewers are never told was not missed.
    @Test func whatASlowViewerMissesIsSaid() {
        var feed = Self.feed(1...10)
        var reader = feed.reader(lastID: nil)
        #expect(Self.numbers(Self.events(feed, &reader)).last == 10)
        // 11 to 20 were blocked.
        for number in Int64(21)...25 { feed.add(comment: number, at: 0, "{}".utf8) }
        #expect(Self.numbers(Self.events(feed, &reader)) == Array(21...25))
        for number in Int64(26)...700 { feed.add(comment: number, at: 0, "{}".utf8) }
        let events = Self.events(feed, &reader)
        #expect(events.first == "event: missed\ndata: {\"count\":375}\n\n")
        #expect(Self.numbers(events) == Array(401...700))
        #expect(Self.events(feed, &reader).isEmpty)
    }

    @Test func whatIsKeptIsBounded() {
        var feed = RoomFeed(epoch: 1)
        feed.set(board: "{}".utf8, isOpen: false)
        let long = [UInt8](repeating: 0x41, count: 16 << 10)
        for number in Int64(1)...1000 { feed.add(comment: number, at: 0, long) }
        var reader = feed.reader(lastID: "1-0")
        let count = Self.events(feed, &reader).reduce(0) { $0 + $1.utf8.count }
        #expect(count <= RoomFeed.byteLimit + 200)
    }

    @Test func whatWasTakenBackIsGivenToNobody() {
        var feed = Self.feed(1...5)
        var early = feed.reader(lastID: nil)
        _ = Self.events(feed, &early)
        feed.takeBack([2, 4], fromPictureOnly: false)
        #expect(Self.events(feed, &early) == ["event: gone\ndata: {\"numbers\":[2,4],\"fromPictureOnly\":false}\n\n"])
        var late = feed.reader(lastID: nil)
        #expect(Self.numbers(Self.events(feed, &late)) == [1, 3, 5])
        // Who was away may not have been told.
        var back = feed.reader(lastID: "1000-5")
        #expect(Self.events(feed, &back).contains { $0.hasPrefix("event: gone") })
    }

    @Test func anAddressAndAllTogetherAreLimited() throws {
        var limits = SpeakingLimits()
        func address(_ number: Int) throws -> ClientAddress {
            ClientAddress(try SocketAddress(ipAddress: "10.0.\(number / 256).\(number % 256)", port: 1))
        }
        let start = MonotonicTime.now
        let (one, other) = (try address(1), try address(2))
        let taken = (0..<20).filter { _ in limits.take(from: one, at: start) }
        #expect(taken.count == SpeakingLimits.perAddress)
        let isOtherTaken = limits.take(from: other, at: start)
        #expect(isOtherTaken)
        let later = limits.take(from: one, at: start.advanced(by: .seconds(4)))
        #expect(later)
        // A thousand addresses: no more than all may.
        var count = 0
        for number in 3..<1003 where limits.take(from: try address(number), at: start.advanced(by: .seconds(4))) {
            count += 1
        }
        #expect(count <= SpeakingLimits.inAll)
        #expect(one.tag != other.tag && one.tag.count == 7)
    }
}
