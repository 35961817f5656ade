import BulkheadEvents
import BulkheadFLV
import BulkheadModel
import BulkheadProbe
import BulkheadTestSupport
import NIOCore
import Synchronization
import Testing

/// The viewer without its decoder, given the tags of a file.
@Suite(.timeLimit(.minutes(2))) struct ProbeTests {
    private func tags(seconds: Int = 2) async throws -> [FLVTag] {
        let clip = try await MediaClip.make(seconds: seconds)
        var decoder = FLVDecoder()
        decoder.append(ByteBuffer(bytes: clip.flv))
        var tags: [FLVTag] = []
        while let tag = try decoder.next() { tags.append(tag) }
        return tags
    }

    private func watch(_ tags: [FLVTag]) async throws -> (report: StreamReport, observed: [Observation]) {
        let observed = Mutex<[Observation]>([])
        let probe = try Probe(decoder: nil, isFile: true) { observation in
            observed.withLock { $0.append(observation) }
        }
        for tag in tags {
            await probe.take(tag.kind, timestamp: tag.timestampMilliseconds, payload: tag.payload)
        }
        await probe.drain()
        let report = await probe.report()
        await probe.close()
        return (report, observed.withLock { $0 })
    }

    private func isPicture(_ tag: FLVTag) -> Bool {
        tag.kind == .video && VideoPayloadHeader(tag.payload)?.isSequenceHeader == false
    }

    @Test func aClipHasNoFault() async throws {
        let (report, observed) = try await watch(tags())
        let video = try #require(report.video)
        #expect(video.accessUnits == 50)
        #expect(video.keyframes == 2)
        #expect(video.longestKeyframeIntervalSeconds == 1)
        #expect(video.codec.hasPrefix("H.264 "))
        #expect((24.9...25.1).contains(video.framesPerSecond))
        #expect(report.audio?.codec == "AAC-LC 48000 Hz stereo")
        #expect(report.arrival?.longestGap.milliseconds.rounded() == 40)
        #expect(report.numbers == nil)
        #expect(observed.allSatisfy { $0.happening.facts.level == .notice })
    }

    @Test func missingPicturesAreAGapAndAJump() async throws {
        var tags = try await tags()
        let pictures = tags.indices.filter { isPicture(tags[$0]) }
        for index in pictures[30..<36].reversed() { tags.remove(at: index) }
        let (report, observed) = try await watch(tags)
        #expect(report.videoTimestamps.jumps == 1)
        #expect(report.videoTimestamps.longestJumpMilliseconds == 280)
        #expect(report.arrival?.longestGap.milliseconds.rounded() == 280)
        #expect(report.arrival?.longestGap.unit == 30)
        #expect(
            observed.contains { $0.happening.facts.word == .timestampsJumped }
                && observed.contains { $0.happening.facts.word == .gap })
    }

    @Test func timestampsThatGoBackAreFaults() async throws {
        var tags = try await tags()
        let pictures = tags.indices.filter { isPicture(tags[$0]) }
        let earlier = tags[pictures[10]].timestampMilliseconds
        tags[pictures[12]].timestampMilliseconds = earlier
        let (report, observed) = try await watch(tags)
        #expect(report.videoTimestamps.backwards == 1)
        let backwards = observed.first { $0.happening.facts.word == .timestampsBackwards }
        #expect(backwards?.happening.facts.values[.unit] == .integer(12))
    }

    @Test func anotherSequenceHeaderIsAChange() async throws {
        var tags = try await tags(seconds: 1)
        let index = try #require(tags.firstIndex { $0.kind == .video && !isPicture($0) })
        var other = tags[index]
        other.payload.setInteger(UInt8(66), at: other.payload.readerIndex + 6)
        tags += [tags[index], other, tags[index]]
        let (report, observed) = try await watch(tags)
        #expect(report.video?.configurationChanges == 2)
        #expect(observed.count { $0.happening.facts.word == .video } == 3)
    }

    @Test func enhancedHeadersNameTheirCodec() async throws {
        // Enhanced RTMP: sequence start of hvc1, then a key frame with a composition time of 0.
        let header: [UInt8] = [0x90, 0x68, 0x76, 0x63, 0x31, 1, 2, 3]
        let key: [UInt8] = [0x91, 0x68, 0x76, 0x63, 0x31, 0, 0, 0, 0, 0, 0, 1, 0x26]
        let tags = [header, key].map {
            FLVTag(kind: .video, timestampMilliseconds: 0, payload: ByteBuffer(bytes: $0))
        }
        let (report, _) = try await watch(tags)
        #expect(report.video?.codec == "HEVC")
        #expect(report.video?.keyframes == 1)
    }

    @Test func nothingIsNothing() async throws {
        let (report, observed) = try await watch([])
        #expect(report.video == nil)
        #expect(report.arrival == nil)
        #expect(observed.isEmpty)
    }
}
