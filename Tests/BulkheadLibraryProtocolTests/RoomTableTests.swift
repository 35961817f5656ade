import BulkheadLibraryProtocol
import BulkheadSystem
import BulkheadTestSupport
import Testing

/// Live rooms and their leases.
@Suite(.timeLimit(.minutes(1))) struct RoomTableTests {
    private let epoch = Epoch.random()
    private func node(_ name: String) throws -> NodeID { try #require(NodeID(name)) }
    private func at(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(seconds * 1e9)) }

    private func report(_ name: String, _ sequence: Int64, _ rooms: [String], _ epoch: Epoch? = nil) throws
        -> LiveReport
    {
        LiveReport(
            node: try node(name), epoch: epoch ?? self.epoch, sequence: sequence,
            rooms: try rooms.map { LiveRoom(name: try #require(RoomName($0)), kind: .server) })
    }

    @Test func roomIsThereWhileItsLeaseLives() throws {
        var table = RoomTable()
        let room = try #require(RoomName("live/show"))
        table.hear(try report("a", 1, ["live/show", "live/other"]), at: at(0))
        table.hear(try report("b", 1, ["live/show"]), at: at(2))
        #expect(Set(table.nodes(of: room, at: at(2.9)).keys) == [try node("a"), try node("b")])
        #expect(table.rooms(at: at(2.9)).map(\.name.description) == ["live/other", "live/show"])
        // Its moment, and not when somebody sweeps.
        #expect(Set(table.nodes(of: room, at: at(3)).keys) == [try node("b")])
        #expect(table.rooms(at: at(3)).map(\.name.description) == ["live/show"])
        #expect(table.nodes(of: room, at: at(5)).isEmpty && table.rooms(at: at(5)).isEmpty)
    }

    @Test func roomThatIsNotNamedAnyMoreIsGoneAtOnce() throws {
        var table = RoomTable()
        let room = try #require(RoomName("live/show"))
        table.hear(try report("a", 1, ["live/show"]), at: at(0))
        table.hear(try report("a", 2, []), at: at(1))
        #expect(table.nodes(of: room, at: at(1)).isEmpty)
        // Overtaken on its way.
        let isHeard = table.hear(try report("a", 1, ["live/show"]), at: at(1.1))
        #expect(!isHeard)
        #expect(table.nodes(of: room, at: at(1.1)).isEmpty)
        // A node that was started again counts from 1.
        let isHeardLater = table.hear(try report("a", 1, ["live/show"]), at: at(4))
        #expect(isHeardLater)
        #expect(!table.nodes(of: room, at: at(4)).isEmpty)
    }

    @Test(arguments: ["", "/", "a//b", "../x", "a/./b", "a b", "a?b", String(repeating: "a", count: 129), "a\u{0}"])
    func oddNamesAreNone(text: String) { #expect(RoomName(text) == nil) }

    @Test func namesMayBeOfAnyScript() { #expect(RoomName("live/直播_1")?.description == "live/直播_1") }

    @Test func titlesAreOneLineAndShort() throws {
        #expect(RoomTitle("") == nil && RoomTitle("a\nb") == nil && RoomTitle("a\u{202E}b") == nil)
        #expect(RoomTitle(String(repeating: "a", count: 201)) == nil)
        #expect(RoomTitle(cutting: "Evening\u{0}\u{202E} 晚")?.description == "Evening 晚")
        #expect(RoomTitle(cutting: String(repeating: "晚", count: 100))?.description.utf8.count == 198)
        #expect(RoomTitle(cutting: "\n") == nil)
        let room = LiveRoom(name: try #require(RoomName("live/a")), kind: .server, title: RoomTitle("Evening"))
        var table = RoomTable()
        table.hear(LiveReport(node: try node("b"), epoch: epoch, sequence: 1, rooms: [room]), at: at(0))
        table.hear(try report("c", 1, ["live/a"]), at: at(0))
        let listed = try #require(table.rooms(at: at(1)).first)
        #expect(listed.room == room && listed.nodes.map(\.description) == ["b", "c"])
    }

    @Test func tooManyRoomsAreRefused() throws {
        var table = RoomTable()
        let rooms = (0...LiveReport.most).map { "live/\($0)" }
        let isHeard = table.hear(try report("a", 1, rooms), at: at(0))
        #expect(!isHeard)
    }
}
