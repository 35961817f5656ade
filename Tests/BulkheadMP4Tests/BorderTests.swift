import BulkheadMP4
import Testing

/// Beyond 4 GiB, and beyond 2^32 ticks.
@Suite(.timeLimit(.minutes(1))) struct BorderTests {
    /// A file with a hole: its beginning and its end in memory, and a `free` box of any length between.
    private struct HoledSource: ByteSource {
        let front: [UInt8]
        let hole: UInt64
        let back: [UInt8]

        var byteCount: UInt64 { UInt64(front.count) + hole + UInt64(back.count) }

        func read(_ range: Range<UInt64>) throws(MP4Error) -> [UInt8] {
            guard range.upperBound <= byteCount, range.count < 1 << 24 else {
                throw .unreadable(offset: range.lowerBound, reason: "too much")
            }
            return range.map { place in
                if place < UInt64(front.count) { return front[Int(place)] }
                let end = UInt64(front.count) + hole
                return place < end ? 0 : back[Int(place - end)]
            }
        }
    }

    private static func bigEndian(_ value: UInt64) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }

    /// Media between two fragments that makes the second lie beyond 4 GiB.
    private static let gap: UInt64 = 1 << 32

    @Test func fragmentsBeyondFourGiBAreReadAndFinished() throws {
        let (bytes, written, writer) = try MovieSample.file(2)
        let split = Int(written[0].bytes.upperBound)
        // A `free` box with a size of 64 bits.
        let head: [UInt8] = [0, 0, 0, 1] + Array("free".utf8) + Self.bigEndian(Self.gap)
        let source = HoledSource(
            front: Array(bytes[..<split]) + head, hole: Self.gap - 16, back: Array(bytes[split...]))
        var reader = try MovieReader(source)
        let first = try reader.next()
        let second = try #require(try reader.next())
        let last = try reader.next()
        #expect(first == written[0])
        #expect(last == nil)
        #expect(reader.ending == .whole)
        #expect(second.samples.map(\.bytes.lowerBound) == written[1].samples.map { $0.bytes.lowerBound + Self.gap })

        var successor = try FragmentWriter(continuing: reader.header)
        try successor.take(written[0])
        try successor.take(second)
        let finish = successor.finish()
        let (tail, front) = (finish.steps[0].bytes, finish.steps[2].bytes)
        #expect(finish.tailOffset == writer.byteCount + Self.gap)
        // The head of the mdat: 1, its name, and all but the ftyp in 64 bits.
        #expect(
            Array(front[32...])
                == [0, 0, 0, 1] + Array("mdat".utf8) + Self.bigEndian(finish.tailOffset - 32))
        // The last chunk of the last co64 (8.7.5): the sound of the second fragment.
        let sound = try #require(second.samples.first { $0.track == 2 }).bytes.lowerBound
        #expect(Array(tail.suffix(8)) == Self.bigEndian(sound))

        let finished = HoledSource(
            front: front + bytes[front.count..<split] + head, hole: Self.gap - 16, back: Array(bytes[split...]) + tail)
        var again = try MovieReader(finished)
        var fragments: [Fragment] = []
        while let fragment = try again.next() { fragments.append(fragment) }
        #expect(fragments == [written[0], second])
        #expect(again.header.isFinished)
    }

    @Test func timesBeyond32BitsAreKept() throws {
        var writer = MovieSample.writer()
        var bytes = writer.header
        var written: [Fragment] = []
        // The last tick before 2^32, the border itself, and beyond 33 bits.
        for shift in [0, 1 << 31, (1 << 32) - 7200, (1 << 32) - 1, (1 << 32) + 7200, 3 << 31, 1 << 33] as [Int64] {
            let fragment = try writer.fragment(of: MovieSample.samples(0, shift: shift).filter { $0.track == 1 })
            bytes += fragment.bytes
            written.append(fragment.fragment)
        }
        #expect(try MovieSample.read(bytes).fragments == written)
        let (fragments, reader) = try MovieSample.read(MovieSample.finished(bytes, writer.finish()))
        #expect(fragments == written)
        #expect(reader.ending == .whole)
    }
}
