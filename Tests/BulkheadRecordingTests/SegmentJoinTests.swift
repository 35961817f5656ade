import BulkheadMP4
import BulkheadMedia
import BulkheadRecording
import Testing

@Suite(.timeLimit(.minutes(1))) struct SegmentJoinTests {
    private static func reading(_ frames: Range<Int64>, number: UInt32) throws -> SegmentReading {
        try SegmentReading(ArraySource(try SegmentSample(frames: frames, number: number).media))
    }

    @Test func segmentsFollowEachOtherByNumber() throws {
        let readings = [try Self.reading(90..<120, number: 1), try Self.reading(60..<90, number: 0)]
        let join = try SegmentJoin(readings)
        #expect(join.places.map(\.source) == [1, 0])
        #expect(join.places.map(\.shift) == [0, 1_000_000_000])
        #expect(join.missing.isEmpty)
        #expect(readings[1].fragments.flatMap(\.fragment.samples).allSatisfy { join.places[0].keeps($0) })
    }

    /// After a failed sync, what was not durable is written once more, in the next segment.
    @Test func framesOfTwoSegmentsAreTakenOnce() throws {
        let readings = [try Self.reading(60..<105, number: 0), try Self.reading(90..<120, number: 1)]
        let join = try SegmentJoin(readings)
        let pictures = readings[0].fragments.flatMap(\.fragment.samples).filter { $0.track == 1 }
        #expect(pictures.count == 45)
        #expect(pictures.count { join.places[0].keeps($0) } == 30)
        #expect(join.missing.isEmpty)
    }

    /// A segment of 30 pictures from `first` on, with so many tracks beside the program's sound. A sound that begins with the
    /// next segment's first picture is in it.
    private static func segment(from first: Int64, number: UInt32, tracks: [String]) throws -> SegmentReading {
        let packets = try SegmentSample.packets(from: first, count: 30)
        var configuration = try SegmentSample.configuration()
        configuration.tracks = tracks
        var writer = SegmentWriter(
            recording: SegmentSample.recording, number: number, configuration: configuration, first: packets[0],
            wallClock: SegmentSample.clock, monotonicNanoseconds: 0)
        let end = try #require(SegmentSample.rate).time(of: first + 30)
        var sounds = packets.filter { !$0.packet.isVideo }.map(\.packet)
        sounds.append(Packet(kind: .audio, dts: end, pts: end, bytes: [7]))
        let own = tracks.indices.flatMap { track in sounds.map { RecordedPacket($0, track: track) } }
        // One of a track that this file does not have.
        let stray = RecordedPacket(sounds[0], track: tracks.count)
        let all = packets.filter(\.packet.isVideo) + sounds.map { RecordedPacket($0) } + own + [stray]
        let fragment = try writer.fragment(of: all, wallClock: SegmentSample.clock)
        #expect(writer.leftOutCount == 1 && writer.furtherTracks == tracks)
        return try SegmentReading(ArraySource(writer.header.media + fragment.media))
    }

    @Test func tracksThatComeAreJoinedAndTheSoundAtTheBorderStays() throws {
        let readings = [
            try Self.segment(from: 60, number: 0, tracks: ["host"]),
            try Self.segment(from: 90, number: 1, tracks: ["host", "guest"]),
        ]
        let join = try SegmentJoin(readings)
        #expect(join.tracks.map(\.name) == ["", "", "host", "guest"] && join.tracks.map(\.id) == [1, 2, 3, 4])
        // The next segment's own sound begins later than its picture, so that the last one of this is not in it.
        let samples = readings[0].fragments.flatMap(\.fragment.samples)
        #expect(samples.allSatisfy { join.places[0].keeps($0) })
        for track in [2, 3] as [UInt32] {
            let last = try #require(samples.last { $0.track == track })
            #expect(last.dts == 48_000)
        }
        let other = try Self.segment(from: 90, number: 1, tracks: ["guest", "host"])
        #expect(throws: SegmentJoin.Obstacle.otherConfiguration(1)) { try SegmentJoin([readings[0], other]) }
    }

    @Test func missingFramesAreNamed() throws {
        let join = try SegmentJoin([try Self.reading(60..<80, number: 0), try Self.reading(120..<130, number: 1)])
        #expect(join.missing == [80...119])
        guard case .loss(80, 119, _, _) = join.places[1].losses[0] else {
            Issue.record("the joined file would not say what it lacks")
            return
        }
    }

    @Test func whatDoesNotBelongTogetherIsRefused() throws {
        let reading = try Self.reading(60..<90, number: 0)
        #expect(throws: SegmentJoin.Obstacle.twice(0, 1)) { try SegmentJoin([reading, reading]) }
        let packets = try SegmentSample.packets(from: 90, count: 10)
        var writer = SegmentWriter(
            recording: .random(), number: 1, configuration: try SegmentSample.configuration(),
            first: try #require(packets.first), wallClock: SegmentSample.clock, monotonicNanoseconds: 0)
        let fragment = try writer.fragment(of: packets, wallClock: SegmentSample.clock)
        let other = try SegmentReading(ArraySource(writer.header.media + fragment.media))
        #expect(throws: SegmentJoin.Obstacle.otherRecording(1)) { try SegmentJoin([reading, other]) }
    }

    @Test func spanBeginsWithTheIDRBefore() throws {
        let reading = try Self.reading(60..<150, number: 0)
        // 1.5 s is half a GOP behind the IDR at 1 s; pictures are shown two frames after they are decoded.
        let cut = try #require(SegmentCut(1_500_000_000..<2_000_000_000, of: reading))
        #expect(cut.base == 1_000_000_000)
        let delay = MediaTime(ticks: 2, of: Timebase(1, 30)).nanoseconds
        #expect(cut.presentation == 500_000_000 + delay..<1_000_000_000 + delay)
        let kept = reading.fragments.flatMap(\.fragment.samples).filter { cut.keeps($0) }
        // Up to what is shown at 2 s, which is decoded two frames before.
        #expect(kept.filter { $0.track == 1 }.map(\.dts) == (30..<62).map { Int64($0) * 3000 })
        #expect(kept.filter { $0.track == 2 }.allSatisfy { $0.dts >= 48_000 && $0.dts < 99_200 })
        #expect(SegmentCut(5_000_000_000..<6_000_000_000, of: reading) == nil)
        #expect(SegmentCut(0..<Int64.max, of: reading) != nil)
    }
}
