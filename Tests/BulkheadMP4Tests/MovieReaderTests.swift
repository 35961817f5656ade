import BulkheadMP4
import Testing

@Suite(.timeLimit(.minutes(2))) struct MovieReaderTests {
    @Test func whatWasWrittenIsRead() throws {
        let (bytes, written, writer) = try MovieSample.file(5)
        for (bytes, isFinished) in [(bytes, false), (MovieSample.finished(bytes, writer.finish()), true)] {
            let (fragments, reader) = try MovieSample.read(bytes)
            #expect(reader.header.tracks == [MovieSample.video, MovieSample.sound])
            #expect(reader.header.info == [1, 2, 3])
            #expect(reader.header.created == WallClock(nanoseconds: 1_700_000_000_000_000_000))
            #expect(reader.header.isFinished == isFinished)
            // The reader gives the samples of one track behind those of the other, as they lie.
            #expect(fragments == written)
            #expect(reader.ending == .whole)
            #expect(reader.spoiled.isEmpty)
            #expect(reader.end == writer.byteCount)
            #expect((reader.tail != nil) == isFinished)
        }
    }

    /// A power cut while the file is finished leaves a `free` box, or half of one, or a second `moov`.
    @Test func fileThatIsBeingFinishedIsReadAsBefore() throws {
        let (bytes, written, writer) = try MovieSample.file(3)
        let finish = writer.finish()
        let end = UInt64(bytes.count)
        let tail = end..<end + finish.tailByteCount
        #expect(finish.tailOffset == end)
        var file = bytes
        for (number, step) in finish.steps.enumerated() {
            MovieSample.carryOut(step, on: &file)
            let (fragments, reader) = try MovieSample.read(file)
            #expect(fragments == written)
            #expect(reader.end == end)
            #expect(reader.header.isFinished == (number == 2))
            #expect(reader.tail == (number == 0 ? nil : tail))
            #expect(number == 0 || reader.ending == .whole)
        }
        let half = try MovieSample.read(bytes + finish.steps[0].bytes.dropLast(9))
        #expect(half.fragments == written)
        #expect(half.reader.end == end)
        #expect(half.reader.ending == .torn(end..<tail.upperBound - 9, .boxCutShort("free", offset: end)))
    }

    /// No border of 4096 bytes lies in what stands before the samples: where writes are cut short, no half `moof` is
    /// left.
    @Test func headsOfFragmentsLieBetweenBorders() throws {
        var writer = MovieSample.writer()
        var bytes = writer.header
        var written: [Fragment] = []
        for number in 0..<200 {
            let info = [UInt8](repeating: 5, count: 1 + number * 17 % 900)
            let fragment = try writer.fragment(of: MovieSample.samples(Int64(number)), info: info)
            bytes += fragment.bytes
            written.append(fragment.fragment)
        }
        let (fragments, _) = try MovieSample.read(bytes)
        #expect(fragments == written)
        for fragment in written {
            let samples = try #require(fragment.samples.first).bytes.lowerBound
            let padding = bytes[Int(fragment.bytes.lowerBound) + 4] == 0x66 ? fragment.bytes.lowerBound / 4096 + 1 : 0
            let start = max(fragment.bytes.lowerBound, padding * 4096)
            #expect(start / 4096 == (samples - 1) / 4096)
        }
        #expect(written.contains { bytes[Int($0.bytes.lowerBound) + 4] == 0x66 })
        for border in stride(from: 4096, to: bytes.count, by: 4096) {
            let torn = try MovieSample.read(Array(bytes[..<border]))
            #expect(torn.fragments == written.filter { $0.bytes.upperBound <= UInt64(border) })
        }
    }

    @Test func fileTornAnywhereInItsLastFragmentHasAllTheOthers() throws {
        let (bytes, written, _) = try MovieSample.file(3)
        let whole = try #require(written.dropLast().last).bytes.upperBound
        for end in Int(whole)..<bytes.count {
            let (fragments, reader) = try MovieSample.read(Array(bytes[..<end]))
            #expect(fragments == Array(written.dropLast()), "torn at \(end)")
            #expect(reader.end == whole)
            if end == Int(whole) {
                #expect(reader.ending == .whole)
            } else if case .zeros(let range) = reader.ending {
                // A size begins with zeros.
                #expect(range == whole..<UInt64(end) && range.count < 4)
            } else if case .torn(let range, _) = reader.ending {
                #expect(range == whole..<UInt64(end))
            } else {
                Issue.record("torn at \(end): \(String(describing: reader.ending))")
            }
        }
    }

    @Test func zerosBehindTheLastFragmentAreItsEnd() throws {
        let (bytes, written, _) = try MovieSample.file(2)
        let end = UInt64(bytes.count)
        for count in [1, 7, 8, 4096, 3 << 20] as [UInt64] {
            let (fragments, reader) = try MovieSample.read(bytes + [UInt8](repeating: 0, count: Int(count)))
            #expect(fragments == written)
            #expect(reader.ending == .zeros(end..<end + count))
            #expect(reader.end == end)
        }
    }

    /// What a power cut leaves of a fragment that was on its way: its beginning, and zeros.
    @Test func fragmentThatEndsInZerosIsNotTaken() throws {
        let (bytes, written, _) = try MovieSample.file(2)
        let last = try #require(written.last).bytes
        for kept in [8, 30, 60, 100] {
            let start = Int(last.lowerBound)
            let torn = bytes[..<(start + kept)] + [UInt8](repeating: 0, count: bytes.count - start - kept)
            let (fragments, reader) = try MovieSample.read(Array(torn))
            #expect(fragments == Array(written.dropLast()))
            #expect(reader.end == last.lowerBound)
        }
    }

    @Test func spoiledFragmentCostsNoOther() throws {
        let (bytes, written, _) = try MovieSample.file(3)
        let second = written[1]
        var spoiled = bytes
        // The offset of the first trun's samples: 12 bytes behind its name.
        let name = Array("trun".utf8)
        let place = try #require(
            (Int(second.bytes.lowerBound)..<Int(second.bytes.upperBound)).first { Array(bytes[$0..<($0 + 4)]) == name })
        spoiled[place + 12] = 0x7F
        let (fragments, reader) = try MovieSample.read(spoiled)
        #expect(fragments == [written[0], written[2]])
        #expect(reader.spoiled.map(\.bytes) == [second.bytes])
        #expect(reader.ending == .whole)
    }

    /// What goes on in the file takes the place of a spoiled last fragment.
    @Test func spoiledLastFragmentIsBehindTheEnd() throws {
        let (bytes, written, _) = try MovieSample.file(2)
        var spoiled = bytes
        let name = Array("tfhd".utf8)
        let place = try #require(bytes.indices.last { Array(bytes[$0...].prefix(4)) == name })
        spoiled[place] = 0x78
        let (fragments, reader) = try MovieSample.read(spoiled)
        #expect(fragments == [written[0]])
        #expect(reader.ending == .whole && reader.spoiled.map(\.bytes) == [written[1].bytes])
        #expect(reader.end == written[0].bytes.upperBound)
    }

    /// Sizes that would lead a careless reader to the end of the address space, or round in a circle.
    @Test(arguments: [0, 1, 7, 0x7FFF_FFFF, 0xFFFF_FFFF] as [UInt32]) func sizesAreOnlyClaims(size: UInt32) throws {
        let (bytes, written, _) = try MovieSample.file(2)
        var hostile = bytes
        for index in 0..<4 {
            hostile[Int(written[1].bytes.lowerBound) + index] = UInt8(size >> (24 - 8 * UInt32(index)) & 0xFF)
        }
        let (fragments, reader) = try MovieSample.read(hostile)
        #expect(fragments == [written[0]])
        #expect(reader.end == written[0].bytes.upperBound)
    }

    @Test func sizesOf64BitsAreOnlyClaims() throws {
        let (bytes, written, _) = try MovieSample.file(1)
        for size in [0, 15, 16, 1 << 62, .max] as [UInt64] {
            let head: [UInt8] = [0, 0, 0, 1] + Array("moof".utf8) + withUnsafeBytes(of: size.bigEndian) { Array($0) }
            let (fragments, reader) = try MovieSample.read(bytes + head)
            #expect(fragments == written)
            #expect(reader.end == UInt64(bytes.count))
        }
    }

    /// A `moof` of some bytes that claims four thousand million samples without any bytes.
    @Test func samplesAreCountedBeforeTheyAreMade() throws {
        let (bytes, written, _) = try MovieSample.file(1)
        func box(_ name: String, _ body: [UInt8]) -> [UInt8] {
            withUnsafeBytes(of: UInt32(8 + body.count).bigEndian) { Array($0) } + Array(name.utf8) + body
        }
        let trun = box("trun", [0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF])
        let traf = box(
            "traf", box("tfhd", [0, 2, 0, 0, 0, 0, 0, 1]) + box("tfdt", [0, 0, 0, 0, 0, 0, 0, 0]) + trun)
        let moof = box("moof", box("mfhd", [0, 0, 0, 0, 0, 0, 0, 2]) + traf)
        let (fragments, reader) = try MovieSample.read(bytes + moof + box("mdat", [1]))
        #expect(fragments == written)
        #expect(reader.spoiled.map(\.error) == [.tooManySamples(limit: Fragment.sampleLimit)])
    }

    @Test func whatIsNoMP4IsRefused() {
        for bytes in [[], [0], Array("FLV\u{1}\u{5}".utf8), [UInt8](repeating: 0, count: 4096)] {
            #expect(throws: MP4Error.self) { try MovieReader(ArraySource(bytes)) }
        }
        let (header, free) = (MovieSample.writer().header, 48)
        #expect(throws: MP4Error.notMP4) { try MovieReader(ArraySource(Array(header[..<free]))) }
    }
}
