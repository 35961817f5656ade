import BulkheadMP4
import BulkheadMedia
import BulkheadRecording
import BulkheadTestSupport
import Testing

/// What becomes a chapter, and where.
@Suite(.timeLimit(.minutes(1))) struct ChapterTests {
    private static let clock = SegmentSample.clock

    @Test func notesBecomeChaptersAndAreReadAgain() throws {
        let notes: [IndexEntry] = [
            .mark(frame: 90, wallClock: Self.clock, text: "goal"),
            .scene(frame: 96, wallClock: Self.clock, name: String(repeating: "é", count: 60)),
            .takeover(frame: 99, wallClock: Self.clock, cause: "by request"),
            .loss(first: 100, last: 101, wallClock: Self.clock, cause: "memory-full"),
        ]
        var segment = try SegmentSample(notes: notes)
        segment.finish()
        let reading = try SegmentReading(ArraySource(segment.media))
        let index = IndexReading(segment.index)
        #expect(index.faults.isEmpty && reading.notes(with: index).map(\.entry) == notes)
        #expect(SegmentCheck(reading, index: index, mediaByteCount: UInt64(segment.media.count)).isSound)
        let chapters = Chapter.all(of: reading.notes(with: nil))
        // A frame lasts 1/30 s, and the first is frame 60.
        for (chapter, milliseconds) in zip(chapters, [1000, 1200, 1300] as [Int64]) {
            #expect(abs(chapter.start - milliseconds * 1_000_000) < 100)
        }
        #expect(
            chapters.map(\.title) == ["goal", "Scene: " + String(repeating: "é", count: 60), "Takeover: by request"])
        // Those of the file: 4 bytes of flags, 4 of nothing, how many, and the first one's time and length.
        let place = try #require(Self.place(of: "chpl", in: segment.media))
        #expect(
            Array(segment.media[(place + 4)..<(place + 26)]) == [1] + [UInt8](repeating: 0, count: 7) + [3]
                + [0, 0, 0, 0, 0, 0x98, 0x96, 0x7F, 4] + Array("goal".utf8))
    }

    private static func place(of type: String, in bytes: [UInt8]) -> Int? {
        bytes.indices.dropLast(3).last { bytes[$0..<($0 + 4)].elementsEqual(type.utf8) }
    }

    /// Frames that an overloaded encoder has skipped have no picture, and numbers count pictures.
    @Test func placesFollowThePicturesNotTheCount() throws {
        let rate = try #require(SegmentSample.rate)
        let packets = try SegmentSample.packets(from: 0, count: 30)
        // The same numbers go on ten seconds later.
        let later = packets.filter(\.packet.isVideo).map { packet in
            let time = packet.packet.dts + MediaTime(milliseconds: 10_000)
            return RecordedPacket(
                Packet(kind: packet.packet.kind, dts: time, pts: time, bytes: packet.packet.bytes),
                frame: packet.frame + 30)
        }
        var writer = SegmentWriter(
            recording: .random(), number: 0, configuration: try SegmentSample.configuration(),
            first: packets[0], wallClock: Self.clock, monotonicNanoseconds: 0)
        var media = writer.header.media
        media += try writer.fragment(of: packets, wallClock: Self.clock).media
        writer.note(.mark(frame: 33, wallClock: Self.clock, text: "a"))
        media += try writer.fragment(of: later, wallClock: Self.clock).media
        let reading = try SegmentReading(ArraySource(media))
        let expected = 10_000_000_000 + rate.time(of: 3).nanoseconds
        #expect(abs(try #require(reading.notes(with: nil).first).start - expected) < 20_000)
        // Whoever goes on knows it as well.
        var next = try SegmentWriter(continuing: reading)
        next.note(.mark(frame: 35, wallClock: Self.clock, text: "b"))
        let tail = next.finish().media.steps[0].bytes
        let place = try #require(Self.place(of: "chpl", in: tail))
        #expect(tail[place + 12] == 2)
    }

    @Test func tooManyLeaveOutWhatNobodyHasAskedFor() {
        var notes: [NotedEntry] = []
        for number in 0..<200 as Range<Int64> {
            let second = number * 1_000_000_000
            notes.append(NotedEntry(.takeover(frame: number, wallClock: Self.clock, cause: ""), start: second))
            notes.append(NotedEntry(.scene(frame: number, wallClock: Self.clock, name: "s"), start: second + 1))
            if number % 2 == 0 {
                notes.append(NotedEntry(.mark(frame: number, wallClock: Self.clock, text: "m"), start: second + 2))
            }
        }
        // The same once more, as in the next segment.
        notes += notes
        let chapters = Chapter.all(of: notes)
        #expect(chapters.count == 255 && chapters.map(\.start) == chapters.map(\.start).sorted())
        #expect(chapters.count { $0.title == "m" } == 100 && chapters.count { $0.title == "Scene: s" } == 155)
    }

    /// Numbers of a spoiled file end nothing.
    @Test(arguments: [Int64.min, -1, .max]) func framesThatCannotBeAreAtTheirFragment(frame: Int64) throws {
        let segment = try SegmentSample(notes: [.mark(frame: frame, wallClock: Self.clock, text: "x")])
        let notes = try SegmentReading(ArraySource(segment.media)).notes(with: nil)
        #expect(notes.count == 1 && notes.allSatisfy { $0.start >= 0 && $0.start < 10_000_000_000 })
    }
}
