import BulkheadMP4
import BulkheadMedia
import BulkheadRecording
import Testing

@Suite(.timeLimit(.minutes(1))) struct SegmentCheckTests {
    private static let notes: [IndexEntry] = [
        .takeover(frame: 75, wallClock: SegmentSample.clock, cause: "the encoder on air died")
    ]

    private static func check(_ media: [UInt8], _ index: [UInt8]?) throws -> SegmentCheck {
        SegmentCheck(
            try SegmentReading(ArraySource(media)), index: index.map { IndexReading($0) },
            mediaByteCount: UInt64(media.count))
    }

    private static func codes(_ media: [UInt8], _ index: [UInt8]?) throws -> [String] {
        try check(media, index).findings.map(\.code)
    }

    @Test func fileAndIndexOfOneWriterAgree() throws {
        var sample = try SegmentSample(notes: Self.notes)
        let growing = try Self.check(sample.media, sample.index)
        #expect(growing.isSound)
        #expect(growing.findings.map(\.code) == ["not-finished"])
        sample.finish()
        #expect(try Self.codes(sample.media, sample.index) == [])
    }

    /// The rule of the whole: no byte of a fragment, and none of the index, can change without being noticed, and the
    /// place that is named is near.
    @Test func everySpoiledByteIsFound() throws {
        var sample = try SegmentSample(frames: 60..<80, notes: Self.notes)
        sample.finish()
        let (media, index) = (sample.media, sample.index)
        let parts = try SegmentReading(ArraySource(media)).fragments
        let fragments =
            try #require(parts.first).fragment.bytes.lowerBound..<(try #require(parts.last)).fragment.bytes.upperBound
        for place in fragments {
            var spoiled = media
            spoiled[Int(place)] ^= 0x55
            let check = try Self.check(spoiled, index)
            #expect(!check.isSound, "byte \(place)")
            let start = try #require(parts.last { $0.fragment.bytes.lowerBound <= place }).fragment.bytes.lowerBound
            #expect(
                check.findings.contains {
                    !$0.isHarmless && $0.mediaOffset ?? 0 <= place && $0.mediaOffset ?? 0 >= start
                })
        }
        for place in index.indices {
            var spoiled = index
            spoiled[place] ^= 0x55
            let check = try Self.check(media, spoiled)
            #expect(!check.isSound, "byte \(place) of the index")
            #expect(check.findings.contains { $0.indexOffset == UInt64(place / 64 * 64) })
        }
    }

    /// A finished file that was cut anywhere, or has zeros for its end, has its whole fragments still, and plays nowhere.
    @Test func cutFinishedFileIsReadAsFarAsItIsWhole() throws {
        var sample = try SegmentSample(frames: 60..<100)
        sample.finish()
        let media = sample.media
        let parts = try SegmentReading(ArraySource(media)).fragments
        let (first, last) = (try #require(parts.first).fragment.bytes, try #require(parts.last).fragment.bytes)
        for end in Int(first.upperBound)..<media.count {
            let cut = Array(media[..<end])
            let reading = try SegmentReading(ArraySource(cut))
            #expect(reading.fragments.count == parts.count { $0.fragment.bytes.upperBound <= UInt64(end) }, "\(end)")
            #expect(reading.lacksTables)
            for index in [sample.index, nil] {
                let check = try Self.check(cut, index)
                #expect(!check.isSound && check.findings.contains { $0.code == "no-tables" }, "\(end)")
            }
        }
        let zeroed = media[..<Int(last.upperBound)] + [UInt8](repeating: 0, count: media.count - Int(last.upperBound))
        #expect(try SegmentReading(ArraySource(Array(zeroed))).lacksTables)
        #expect(try !SegmentReading(ArraySource(media)).lacksTables)
    }

    /// What is lacking is named, and a copy that notes it lacks nothing that nobody explains.
    @Test func gapsAreNotedInCopies() throws {
        let reading = try SegmentReading(ArraySource(try SegmentSample(frames: 60..<180).media))
        #expect(reading.unexplainedGaps.isEmpty && reading.losses(cause: "spoiled").isEmpty)
        var copier = SegmentCopier(like: reading.header, info: reading.header.info)
        var (copy, noted) = (copier.header, copier.header)
        let gone = try #require(reading.fragments.dropFirst().first { !$0.entry.startsWithIDR })
        let kept = reading.fragments.filter { $0.entry.bytes != gone.entry.bytes }
        let source = ArraySource(try SegmentSample(frames: 60..<180).media)
        for part in kept { copy += try copier.copy(part.fragment, of: source) ?? [] }
        let torn = try SegmentReading(ArraySource(copy))
        let gap = try #require(torn.unexplainedGaps.first)
        #expect(torn.unexplainedGaps.count == 1 && gap.frames.count == Int(gone.entry.frameCount))
        let losses = torn.losses(cause: "spoiled")
        copier = SegmentCopier(like: torn.header, info: torn.header.info)
        for (number, part) in torn.fragments.enumerated() {
            noted += try copier.copy(part.fragment, of: ArraySource(copy), note: losses[number]) ?? []
        }
        let whole = try SegmentReading(ArraySource(noted))
        #expect(whole.unexplainedGaps.isEmpty && whole.fragments.count == kept.count)
        #expect(
            SegmentCheck(whole, index: nil, mediaByteCount: UInt64(noted.count)).findings.map(\.code) == ["no-index"])
    }

    /// Torn at every byte of the last fragment: what the index says more than the file has is named.
    @Test func tornFileIsNamedAtItsPlace() throws {
        let sample = try SegmentSample()
        let last = try #require(sample.pieces.last).mediaOffset
        for end in Int(last)..<sample.media.count {
            let check = try Self.check(Array(sample.media[..<end]), sample.index)
            #expect(!check.isSound)
            let missing = try #require(check.findings.first { $0.code == "not-on-disk" })
            #expect(missing.mediaOffset == last && missing.indexOffset == UInt64(sample.index.count - 64))
            let tail = check.findings.filter { $0.code == "torn" || $0.code == "zeros" }
            #expect(tail.map(\.mediaOffset) == (end > Int(last) ? [last] : []))
        }
    }

    @Test func indexThatIsBehindIsNamed() throws {
        let sample = try SegmentSample()
        let last = try #require(sample.pieces.last).mediaOffset
        for cut in 1...64 {
            let check = try Self.check(sample.media, sample.index.dropLast(cut))
            let missing = try #require(check.findings.first { !$0.isHarmless })
            #expect(missing.code == "not-in-index" && missing.mediaOffset == last)
            #expect(check.findings.contains { $0.code == "half-record" } == (cut < 64))
        }
        #expect(try Self.codes(sample.media, nil).contains("no-index"))
        #expect(try Self.codes(sample.media, []).contains("no-index"))
    }

    /// A recorder at work is ahead with one of the two files; what lies before is checked as ever.
    @Test func whatIsOnItsWayIsNoDisagreement() throws {
        let sample = try SegmentSample(notes: Self.notes)
        func isSound(_ media: [UInt8], _ index: [UInt8]) throws -> Bool {
            SegmentCheck(
                try SegmentReading(ArraySource(media)), index: IndexReading(index),
                mediaByteCount: UInt64(media.count), isBeingWritten: true
            ).isSound
        }
        #expect(try isSound(sample.media, sample.index.dropLast(64)))
        #expect(try isSound(sample.media.dropLast(9), sample.index))
        #expect(try isSound(sample.media.dropLast(9), sample.index.dropLast(70)))
        #expect(try !isSound(sample.media, Array(sample.index[..<192] + sample.index[256...])))
        var spoiled = sample.media
        spoiled[Int(sample.pieces[1].mediaOffset) + 200] ^= 1
        #expect(try !isSound(spoiled, sample.index))
    }

    @Test func indexOfAnotherSegmentIsNamed() throws {
        let (sample, other) = (try SegmentSample(), try SegmentSample(number: 1))
        #expect(try Self.codes(sample.media, other.index).contains("other-segment"))
    }

    @Test func whatOnlyAnIndexKnowsIsNoDisagreement() throws {
        let sample = try SegmentSample()
        let torn = IndexWriter.bytes(of: .torn(bytes: 100..<200, errno: 5, wallClock: SegmentSample.clock))
        let late = IndexWriter.bytes(
            of: .loss(first: 150, last: 170, wallClock: SegmentSample.clock, cause: "disk full"))
        let place = sample.index.count - 64
        #expect(try Self.check(sample.media, sample.index + torn + late).isSound)
        #expect(try Self.check(sample.media, sample.index[..<place] + torn + sample.index[place...]).isSound)
        // A note that was made with a fragment is in the file as well.
        let check = try Self.check(sample.media, sample.index[..<place] + late + sample.index[place...])
        #expect(check.findings.contains { $0.code == "note-not-in-file" && $0.indexOffset == UInt64(place) })
    }

    /// Frames from one IDR to the next are counted; where some are missing, a loss says why.
    @Test(arguments: [true, false]) func missingFramesAreNamed(isNoted: Bool) throws {
        let packets = try SegmentSample.packets(from: 60, count: 30)
        let later = try SegmentSample.packets(from: 120, count: 30)
        var writer = SegmentWriter(
            recording: SegmentSample.recording, number: 0, configuration: try SegmentSample.configuration(),
            first: try #require(packets.first), wallClock: SegmentSample.clock, monotonicNanoseconds: 0)
        var (media, index) = (writer.header.media, writer.header.index)
        for (part, hasLoss) in [(packets, false), (later, isNoted)] {
            if hasLoss { writer.note(.loss(first: 90, last: 119, wallClock: SegmentSample.clock, cause: "memory")) }
            let piece = try writer.fragment(of: part, wallClock: SegmentSample.clock)
            media += piece.media
            index += piece.index
        }
        let check = try Self.check(media, index)
        #expect(check.isSound == isNoted)
        #expect(check.findings.contains { $0.code == "frames-missing" } == !isNoted)
        if !isNoted { #expect(check.findings.contains { $0.phrase.hasPrefix("frames 90 to 119 are missing") }) }
    }

    /// The box of the second fragment is spoiled: those behind it can only be found by the index.
    @Test func fragmentsBehindDamageAreFoundByTheIndex() throws {
        let sample = try SegmentSample()
        var media = sample.media
        let second = Int(sample.pieces[2].mediaOffset)
        media.replaceSubrange(second..<second + 8, with: [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0])
        let alone = try SegmentReading(ArraySource(media))
        #expect(alone.fragments.count == 1)
        let reading = try SegmentReading(ArraySource(media), index: IndexReading(sample.index))
        #expect(reading.fragments.map(\.entry.firstFrame) == [60, 90, 105, 120, 135])
        #expect(reading.recoveredCount == 4)
        let codes = try Self.codes(media, sample.index)
        #expect(codes.contains("torn") && codes.count { $0 == "no-fragment" } == 5)
    }
}
