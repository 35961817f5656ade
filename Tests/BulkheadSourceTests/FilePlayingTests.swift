import BulkheadMedia
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Testing

@Suite(.timeLimit(.minutes(2))) struct FilePlayingTests {
    let folder: MediaFolder

    init() throws { folder = try MediaFolder() }

    @Test func clipComesWholeAndUnchanged() throws {
        let file = try folder.make(
            "a.mp4", "\(MediaFolder.picture(2)) \(MediaFolder.sound(2)) \(MediaFolder.x264) -bf 2 -c:a aac")
        let raw = try folder.make("a.yuv", "-i \(file) -pix_fmt yuv420p -f rawvideo")
        let expected = try folder.bytes(of: String(raw.split(separator: "/").last ?? ""))
        let source = try SourceUnderTest(file)
        var offset = 0
        try source.play(look: { _, bytes in
            let pixels = source.pixels(bytes)
            #expect(expected[offset..<offset + pixels.count].elementsEqual(pixels))
            offset += pixels.count
        })
        #expect(source.take.hasEnded)
        #expect(offset == expected.count)
        #expect(source.take.shots.map(\.pts) == (0..<60).map { MediaTime(ticks: $0, of: Timebase(1, 30)).nanoseconds })
        let description = try #require(source.take.description)
        #expect(description.hasVideo && description.hasAudio && !description.isLive)
        #expect(abs(description.duration - 2_000_000_000) < 50_000_000)
        #expect(source.take.firstSample == 0)
        #expect(abs(source.take.samples.count / 2 - 96_000) <= 1024)
        source.child.hangUp()
        #expect(try source.child.waitForExit() == ChildExit(status: 0))
    }

    struct Shape: Sendable {
        var name: String
        var arguments: String
        /// The picture's part of a canvas of 320x180: x, y, width, height.
        var place: [Int]
    }

    static let shapes = [
        Shape(
            name: "odd.mkv", arguments: "-vf format=yuv444p,scale=161:99,setsar=1 -c:v ffv1", place: [14, 0, 292, 180]),
        Shape(
            name: "anamorphic.mp4", arguments: "-vf scale=160:180,setsar=2 \(MediaFolder.x264)",
            place: [0, 0, 320, 180]),
        Shape(
            name: "narrow.mp4", arguments: "-vf scale=160:180,setsar=1 \(MediaFolder.x264)", place: [80, 0, 160, 180]),
        Shape(name: "wide.mp4", arguments: "-vf crop=320:90 \(MediaFolder.x264)", place: [0, 44, 320, 90]),
    ]

    /// Red pictures: what lies outside the picture is black, what lies inside is red to its edges.
    @Test(arguments: shapes)
    func pictureIsLetterboxed(_ shape: Shape) throws {
        let file = try folder.make(shape.name, "-f lavfi -i color=red:s=320x180:r=30:d=0.2 \(shape.arguments)")
        let source = try SourceUnderTest(file)
        let (x, y, width, height) = (shape.place[0], shape.place[1], shape.place[2], shape.place[3])
        try source.play(look: { _, bytes in
            let inside = source.mean(bytes, PixelRectangle(x: x, y: y, width: width, height: height))
            #expect(abs(inside.y - 81) <= 2 && abs(inside.cb - 90) <= 2 && abs(inside.cr - 240) <= 2)
            let borders = [
                PixelRectangle(x: 0, y: 0, width: x, height: 180), PixelRectangle(x: 0, y: 0, width: 320, height: y),
                PixelRectangle(x: x + width, y: 0, width: 320 - x - width, height: 180),
                PixelRectangle(x: 0, y: y + height, width: 320, height: 180 - y - height),
            ]
            for border in borders where border.width > 1 && border.height > 1 {
                #expect(source.mean(bytes, border) == (16, 128, 128))
            }
        })
        #expect(source.take.shots.count == 6)
    }

    /// The upper left corner of the coded picture is white. Where it goes is where the ffmpeg program takes it.
    @Test(arguments: [(90, 0, 1), (180, 1, 1), (270, 1, 0), (0, 0, 0)])
    func rotationIsObeyed(degrees: Int, right: Int, bottom: Int) throws {
        _ = try folder.make(
            "u.mp4",
            "-f lavfi -i color=black:s=180x180:r=30:d=0.2 -vf drawbox=0:0:90:90:white:fill \(MediaFolder.x264)")
        let file = try folder.make("r.mp4", "-i \(folder["u.mp4"]) -c copy -metadata:s:v:0 rotate=\(degrees)")
        let source = try SourceUnderTest(file, canvas: "180x180")
        try source.play(
            look: { _, bytes in
                for row in 0...1 {
                    for column in 0...1 {
                        let area = PixelRectangle(x: column * 90 + 10, y: row * 90 + 10, width: 70, height: 70)
                        let isWhite = source.mean(bytes, area).y > 200
                        #expect(isWhite == (column == right && row == bottom))
                    }
                }
            }, until: { $0.shots.count == 1 })
        #expect(source.take.shots.count == 1)
    }

    struct Format: Sendable {
        var name: String
        var arguments: String
    }

    static let formats = [
        Format(name: "ten.mp4", arguments: "-pix_fmt yuv420p10le -c:v libx264 -preset ultrafast -qp 4"),
        Format(
            name: "full.mp4",
            arguments: "-vf scale=out_range=full -pix_fmt yuvj420p -c:v libx264 -preset ultrafast -qp 4"),
        Format(name: "rgb.mov", arguments: "-pix_fmt rgb24 -c:v png"),
        Format(name: "planar.mkv", arguments: "-pix_fmt yuv422p -c:v ffv1"),
    ]

    /// 75 % bars, whose values in limited range are known: ITU-R BT.601, white, yellow, cyan, green.
    @Test(arguments: formats)
    func coloursSurvive(_ format: Format) throws {
        let file = try folder.make(
            format.name, "-f lavfi -i smptebars=s=336x180:r=30:d=0.1 \(format.arguments)")
        let source = try SourceUnderTest(file, canvas: "336x180")
        let bars = [(180, 128, 128), (162, 44, 142), (131, 156, 44), (112, 72, 58)]
        try source.play(look: { _, bytes in
            for (index, bar) in bars.enumerated() {
                let mean = source.mean(bytes, PixelRectangle(x: index * 48 + 12, y: 20, width: 24, height: 60))
                #expect(abs(mean.y - bar.0) <= 3 && abs(mean.cb - bar.1) <= 3 && abs(mean.cr - bar.2) <= 3)
            }
        })
        #expect(!source.take.shots.isEmpty)
    }

    @Test func variableRateKeepsItsTimes() throws {
        let file = try folder.make(
            "vfr.mp4",
            "\(MediaFolder.picture(3)) -vf select=not(mod(n\\,3))+lt(mod(n\\,7)\\,2) -fps_mode vfr \(MediaFolder.x264)")
        let source = try SourceUnderTest(file)
        try source.play()
        let frames = (0..<90).filter { $0 % 3 == 0 || $0 % 7 < 2 }
        #expect(
            source.take.shots.map(\.pts) == frames.map { MediaTime(ticks: Int64($0), of: Timebase(1, 30)).nanoseconds })
    }

    @Test func fasterInputIsThinned() throws {
        let file = try folder.make("f.mp4", "\(MediaFolder.picture(2, rate: 120)) \(MediaFolder.x264)")
        let source = try SourceUnderTest(file)
        try source.play()
        #expect((59...62).contains(source.take.shots.count))
        let steps = zip(source.take.shots, source.take.shots.dropFirst()).map { $1.pts - $0.pts }
        #expect(steps.dropLast().allSatisfy { (24_000_000...42_000_000).contains($0) })
    }

    @Test func soundAloneIsEnough() throws {
        let file = try folder.make("m.wav", "\(MediaFolder.sound(2, sampleRate: 44_100)) -ac 1")
        let source = try SourceUnderTest(file)
        try source.play()
        #expect(source.take.description?.hasVideo == false)
        #expect(abs(source.take.samples.count / 2 - 96_000) <= 2)
        // A sine of 1/8, as loud in both channels as it was in the one.
        let peaks = (0...1).map { channel in
            stride(from: channel, to: source.take.samples.count, by: 2).map { abs(source.take.samples[$0]) }.max() ?? 0
        }
        #expect(peaks[0] == peaks[1] && abs(peaks[0] - 0.125) < 0.005)
    }

    /// Timestamps that say that the sound's clock is off by half a thousandth: it is stretched to them, without a click and
    /// without a change of pitch that could be heard.
    @Test(arguments: [0.9995, 1.0005]) func soundIsStretchedToItsTimestamps(pace: Double) throws {
        let file = try folder.make("m.mka", "\(MediaFolder.sound(60)) -af asetpts=PTS*\(pace) -c:a pcm_s16le")
        let source = try SourceUnderTest(file)
        try source.play()
        var samples: [Double] = []
        for index in stride(from: 0, to: source.take.samples.count, by: 2) {
            samples.append(Double(source.take.samples[index]))
        }
        let seconds = Double(samples.count) / 48_000
        #expect(abs(seconds - 60 * pace) < 0.004)
        // A sine of 1/8 bends by 0.00042 from sample to sample at most; its steps in 16 bits are 0.00003.
        var largestBend = 0.0
        var risings: [Double] = []
        // The last of them lie beside the silence behind the end.
        for index in 1..<samples.count - 20 {
            let (before, here) = (samples[index - 1], samples[index])
            largestBend = max(largestBend, abs(before - 2 * here + samples[index + 1]))
            if before < 0, here >= 0 { risings.append(Double(index) - here / (here - before)) }
        }
        #expect(largestBend < 0.0006)
        var pitches: [Double] = []
        for first in stride(from: 0, to: risings.count - 440, by: 440) {
            pitches.append(48_000 / (risings[first + 440] - risings[first]))
        }
        #expect(pitches.count > 55)
        #expect(pitches.allSatisfy { abs($0 - 1) < 0.001 }, "\(pitches.min() ?? 0)...\(pitches.max() ?? 0)")
    }

    /// All packets of the picture before all packets of the sound.
    @Test func badInterleavingLosesNothing() throws {
        _ = try folder.make(
            "x.ts", "\(MediaFolder.picture(3)) \(MediaFolder.sound(3)) \(MediaFolder.x264) -c:a aac")
        let bytes = try folder.bytes(of: "x.ts")
        let packets = stride(from: 0, to: bytes.count, by: 188).map { bytes[$0..<min(bytes.count, $0 + 188)] }
        let sound = packets.filter { Int($0[$0.startIndex + 1] & 0x1F) << 8 | Int($0[$0.startIndex + 2]) == 257 }
        let others = packets.filter { Int($0[$0.startIndex + 1] & 0x1F) << 8 | Int($0[$0.startIndex + 2]) != 257 }
        let file = try folder.write(Data((others + sound).joined()), to: "bad.ts")
        let source = try SourceUnderTest(file)
        try source.play()
        #expect(source.take.shots.count == 90)
        #expect(abs(source.take.samples.count / 2 - 144_000) < 4096)
        #expect(source.take.samples.count { abs($0) > 0.01 } > 250_000)
    }

    @Test func testSourceIsExact() throws {
        let source = try SourceUnderTest("test", rate: "30000/1001")
        var numbers: [UInt32?] = []
        try source.play(
            look: { _, bytes in
                let layout = source.canvas.layout
                numbers.append(
                    FrameCode(width: 320, height: 180) { bytes[layout.luma.offset + $1 * layout.luma.stride + $0] }?
                        .number)
            }, until: { $0.shots.count == 100 && $0.samples.count > 2 * 96_000 })
        #expect(numbers.prefix(100) == ArraySlice((0..<100).map { UInt32($0) }))
        let rate = try #require(FrameRate(30_000, 1001))
        #expect(source.take.shots.prefix(100).map(\.pts) == (0..<100).map { rate.time(of: $0).nanoseconds })
        #expect(source.take.samples[(48_000 + 12) * 2] == 0.25)
        #expect(source.take.samples[47_999 * 2] == 0)
    }
}
