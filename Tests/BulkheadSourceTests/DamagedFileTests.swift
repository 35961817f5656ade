import Foundation
import Testing

/// Files whose timestamps or bytes are wrong: all that can be shown is shown, and there is an end.
@Suite(.timeLimit(.minutes(2))) struct DamagedFileTests {
    let folder: MediaFolder

    init() throws { folder = try MediaFolder() }

    private static let clip =
        "\(MediaFolder.picture(3, size: "160x90")) \(MediaFolder.sound(3, sampleRate: 44_100)) \(MediaFolder.x264)"

    private func play(_ file: String) throws -> SourceUnderTest.Take {
        let source = try SourceUnderTest(file, canvas: "160x90")
        try source.play()
        #expect(source.take.hasEnded, "\(String(describing: source.take.failure))")
        return source.take
    }

    /// Moves the timestamps of PES packet `number` of the streams with this ID by `ticks` of 90 kHz. A negative number
    /// counts from the end.
    /// - SeeAlso: ISO/IEC 13818-1, 2.4.3.2 and 2.4.3.6.
    private static func move(_ bytes: [UInt8], stream id: UInt8, packet number: Int, by ticks: Int64) -> [UInt8] {
        var bytes = bytes
        var headers: [Int] = []
        for packet in stride(from: 0, to: bytes.count - 187, by: 188) where bytes[packet + 1] & 0x40 != 0 {
            let hasAdaptation = bytes[packet + 3] & 0x20 != 0
            let start = packet + 4 + (hasAdaptation ? Int(bytes[packet + 4]) + 1 : 0)
            guard start + 19 < packet + 188, bytes[start..<start + 4].elementsEqual([0, 0, 1, id]) else { continue }
            headers.append(start)
        }
        let header = headers[number < 0 ? headers.count + number : number]
        for field in 0..<(bytes[header + 7] >> 6 == 3 ? 2 : 1) {
            let at = header + 9 + 5 * field
            let (a, b, c) = (Int64(bytes[at] >> 1 & 7), Int64(bytes[at + 1]), Int64(bytes[at + 2] >> 1))
            let (d, e) = (Int64(bytes[at + 3]), Int64(bytes[at + 4] >> 1))
            let time = (a << 30 | b << 22 | c << 15 | d << 7 | e) + ticks & (1 << 33 - 1)
            bytes[at] = bytes[at] & 0xF0 | UInt8(time >> 30 & 7) << 1 | 1
            bytes[at + 1] = UInt8(time >> 22 & 0xFF)
            bytes[at + 2] = UInt8(time >> 15 & 0x7F) << 1 | 1
            bytes[at + 3] = UInt8(time >> 7 & 0xFF)
            bytes[at + 4] = UInt8(time & 0x7F) << 1 | 1
        }
        return bytes
    }

    /// The stray is repaired: all pictures come at their times, and as much sound as without it.
    @Test(arguments: [0xE0, 0xC0] as [UInt8], [900_000, -450_000] as [Int64])
    func oneStrayTimestampChangesNothing(stream: UInt8, ticks: Int64) throws {
        let file = try folder.make("a.ts", "\(Self.clip) -bf 2 -c:a aac -muxdelay 10 -muxpreload 10")
        let good = try play(file)
        #expect(good.shots.count == 90)
        for number in [0, 1, 5, -1] {
            let bytes = Self.move(try folder.bytes(of: "a.ts"), stream: stream, packet: number, by: ticks)
            let take = try play(try folder.write(bytes, to: "b.ts"))
            #expect(take.shots.count == 90, "packet \(number)")
            let errors = zip(take.shots, good.shots).map { abs($0.pts - $1.pts) }
            #expect(errors.allSatisfy { $0 < 1_000_000 }, "packet \(number): \(errors.max() ?? 0)")
            #expect(abs(take.samples.count - good.samples.count) < 400, "packet \(number)")
        }
    }

    /// What the ffmpeg program makes of a stray ahead: it moves all that follows behind it.
    @Test(arguments: ["c.ts", "c.mp4"], ["v", "a"])
    func crowdedTimestampsAreSpread(name: String, stream: String) throws {
        _ = try folder.make("a.ts", "\(Self.clip) -bf 0 -c:a aac")
        let stray = "setts=ts=if(eq(N\\,30)\\,TS+900000\\,TS)"
        let file = try folder.make(name, "-i \(folder["a.ts"]) -c copy -bsf:\(stream) \(stray)")
        let take = try play(file)
        #expect(take.shots.count == 90)
        let steps = zip(take.shots, take.shots.dropFirst()).map { $1.pts - $0.pts }
        #expect(steps.allSatisfy { (32_000_000...35_000_000).contains($0) })
        #expect((140_000...150_000).contains(take.samples.count / 2), "\(take.samples.count / 2)")
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>) func overwrittenBytesStillHaveAnEnd(seed: UInt64) throws {
        _ = try folder.make("a.ts", "\(Self.clip) -bf 2 -c:a aac")
        var bytes = try folder.bytes(of: "a.ts")
        // A linear congruential generator with Knuth's numbers: the same damage in each run.
        var state = seed
        func next(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        for _ in 0..<200 { bytes[10_000 + next(bytes.count - 10_000)] = UInt8(next(256)) }
        let take = try play(try folder.write(bytes, to: "b.ts"))
        #expect((45...90).contains(take.shots.count), "\(take.shots.count)")
        #expect((take.shots.last?.pts ?? 0) < 4_000_000_000)
        #expect(take.samples.count / 2 < 4 * 48_000)
    }

    /// A silence that is longer than what the source may be ahead.
    @Test func longGapInTheSoundIsSilence() throws {
        let file = try folder.make(
            "g.mkv",
            "\(MediaFolder.picture(9, size: "160x90", rate: 10)) \(MediaFolder.sound(2)) \(MediaFolder.x264) "
                + "-af asetpts=PTS+gte(T\\,1)*7/TB -c:a aac")
        let take = try play(file)
        #expect(take.shots.count == 90)
        #expect(abs(take.samples.count / 2 - 9 * 48_000) < 4800, "\(take.samples.count / 2)")
        let middle = take.samples[4 * 96_000..<5 * 96_000]
        #expect(middle.allSatisfy { $0 == 0 })
    }
}
