import BulkheadAudience
import BulkheadDanmaku
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct RoomMetadataTests {
    @Test func whatChangesIsSaidOnceASecond() throws {
        var record = RoomRecord(try #require(Canvas(width: 1920, height: 1080)))
        var metadata = RoomMetadata()
        let start = MonotonicTime.now
        func at(_ milliseconds: Int64) -> MonotonicTime { start.advanced(by: .milliseconds(milliseconds)) }
        // A room of which nothing is known says nothing.
        #expect(metadata.update(record, at: at(0)) == nil)
        record.title = "Evening"
        #expect(metadata.update(record, at: at(1)) == [RoomEntry("title", "Evening")])
        #expect(metadata.update(record, at: at(5000)) == nil)
        record.notice = "Be kind"
        record.pin(RoomComment(id: "1", source: "room", author: "Ann", text: "read\nthis"))
        let all = [RoomEntry("title", "Evening"), RoomEntry("notice", "Be kind"), RoomEntry("pinned", "read this")]
        #expect(metadata.update(record, at: at(5001)) == all)
        record.title = "Night"
        record.pin(nil)
        #expect(metadata.update(record, at: at(6000)) == nil)
        #expect(metadata.update(record, at: at(6001)) == [RoomEntry("title", "Night"), RoomEntry("notice", "Be kind")])
        (record.title, record.notice) = ("", "")
        #expect(metadata.update(record, at: at(9000)) == [])
    }
}
