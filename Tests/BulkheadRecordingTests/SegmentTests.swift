import BulkheadMP4
import BulkheadMedia
import BulkheadRecording
import Testing

@Suite(.timeLimit(.minutes(1))) struct SegmentTests {
    private static let notes: [IndexEntry] = [
        .takeover(frame: 75, wallClock: SegmentSample.clock, cause: "the encoder on air died"),
        .loss(first: 80, last: 89, wallClock: SegmentSample.clock, cause: "memory"),
        .mark(frame: 90, wallClock: SegmentSample.clock, text: "Questions"),
    ]

    @Test func fragmentsLastHalfASecondAndEndBeforeAnIDR() throws {
        let sample = try SegmentSample()
        let reading = try SegmentReading(ArraySource(sample.media))
        // 90 frames at 30 a second, an IDR each second.
        #expect(reading.fragments.map(\.entry.frameCount) == [15, 15, 15, 15, 15, 15])
        #expect(reading.fragments.map(\.entry.startsWithIDR) == [true, false, true, false, true, false])
        #expect(reading.fragments.map(\.entry.firstFrame) == [60, 75, 90, 105, 120, 135])
        #expect(reading.fragments.map(\.entry.firstDTS) == [0, 45_000, 90_000, 135_000, 180_000, 225_000])
        #expect(reading.fragments.allSatisfy { $0.entry.duration == 45_000 })
        #expect(reading.fragments.allSatisfy { $0.entry.firstPTS == $0.entry.firstDTS + 6000 })
        #expect(reading.nextFrame == 150)
    }

    @Test func indexFollowsFromTheMediaAlone() throws {
        var sample = try SegmentSample(notes: Self.notes)
        for isFinished in [false, true] {
            if isFinished { sample.finish() }
            let reading = try SegmentReading(ArraySource(sample.media))
            #expect(reading.ending == .whole)
            #expect(IndexWriter.bytes(of: reading.index) == sample.index)
            let index = IndexReading(sample.index)
            #expect(index.entries.map(\.entry) == reading.index)
            #expect(index.faults.isEmpty)
            #expect(reading.fragments[1].notes == Self.notes)
        }
    }

    @Test func everyIDRInTheIndexIsOneInTheMedia() throws {
        let sample = try SegmentSample()
        var count = 0
        for located in IndexReading(sample.index).entries {
            guard case .fragment(let entry) = located.entry, let offset = entry.idrOffset else { continue }
            #expect(sample.media[Int(offset) + 4] & 0x1F == 5)
            #expect(entry.crc == CRC32.of(sample.media[Int(entry.bytes.lowerBound)..<Int(entry.bytes.upperBound)]))
            count += 1
        }
        #expect(count == 3)
    }

    /// A recorder is killed between completing a file and saying so: the next one takes that back, and goes on in the file.
    @Test func finishedFileGoesOn() throws {
        var sample = try SegmentSample()
        let before = sample.media
        sample.finish()
        #expect(FragmentWriter.isFinished(Array(sample.media.prefix(48))))
        #expect(!FragmentWriter.isFinished(Array(before.prefix(48))) && !FragmentWriter.isFinished([]))
        var again = sample.media
        again.replaceSubrange(..<FragmentWriter.openHead.count, with: FragmentWriter.openHead)
        // With what is left of the end behind it, and cut.
        let reading = try SegmentReading(ArraySource(again))
        #expect(reading.end == UInt64(before.count) && !reading.header.isFinished)
        #expect(Array(again.prefix(before.count)) == before)
        let writer = try SegmentWriter(continuing: SegmentReading(ArraySource(before)))
        #expect(writer.nextFrame == 150)
    }

    /// A recorder is killed between any two writes: the next one goes on in the same file.
    @Test func successorGoesOnInTheSameFile() throws {
        let whole = try SegmentSample()
        var cut = 0
        for piece in whole.pieces.dropLast(2) {
            cut += piece.media.count
            let torn = Array(whole.media[..<cut]) + [0, 0, 1, 0, 0x75, 0x75]
            let reading = try SegmentReading(ArraySource(torn))
            #expect(reading.end == UInt64(cut))
            var writer = try SegmentWriter(continuing: reading)
            #expect(writer.start == whole.writer.start)
            let frame = writer.nextFrame > 0 ? writer.nextFrame : 60
            let rest = try SegmentSample.packets(from: 60, count: 90).filter {
                $0.packet.dts >= SegmentSample.rate?.time(of: frame) ?? .zero
            }
            var media = Array(torn[..<cut])
            var cutter = FragmentCutter()
            for packet in rest {
                guard let fragment = cutter.add(packet) else { continue }
                media += try writer.fragment(of: fragment, wallClock: SegmentSample.clock).media
            }
            let last = cutter.flush()
            media += try writer.fragment(of: try #require(last), wallClock: SegmentSample.clock).media
            let again = try SegmentReading(ArraySource(media))
            #expect(again.fragments.map(\.entry.frameCount).reduce(0) { $0 + Int($1) } == 90)
            #expect(again.nextFrame == 150)
            #expect(try again.fragments.flatMap(\.fragment.samples).count == whole.sampleCount())
        }
    }

    @Test func soundBeforeTheFirstPictureIsLeftOut() throws {
        let packets = try SegmentSample.packets(from: 60, count: 15)
        var writer = SegmentWriter(
            recording: .random(), number: 1, configuration: try SegmentSample.configuration(),
            first: try #require(packets.first), wallClock: SegmentSample.clock, monotonicNanoseconds: 0)
        let early = Packet(
            kind: .audio, dts: MediaTime(milliseconds: 1980), pts: MediaTime(milliseconds: 1980), bytes: [1])
        _ = try writer.fragment(of: [RecordedPacket(early)] + packets, wallClock: SegmentSample.clock)
        #expect(writer.leftOutCount == 1)
        #expect(throws: MP4Error.noSamples) {
            try writer.fragment(of: [RecordedPacket(early)], wallClock: SegmentSample.clock)
        }
    }
}

extension SegmentSample {
    fileprivate func sampleCount() throws -> Int {
        try SegmentReading(ArraySource(media)).fragments.flatMap(\.fragment.samples).count
    }
}
