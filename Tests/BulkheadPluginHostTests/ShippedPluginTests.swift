import BulkheadMedia
import BulkheadTestSupport
import BulkheadTimeline
import BulkheadWire
import Foundation
import Testing

/// The plugins that ship, in a host as on air.
@Suite(.timeLimit(.minutes(2))) struct ShippedPluginTests {
    /// 4 x 4 pixels: the left half pure green, the right half a red that can't be seen at all.
    static let halfGreenPNG = Data(
        base64Encoded:
            "iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAYAAACp8Z5+AAAAFUlEQVR42mNg+A+B/xkYGECYgXQBAFEdF+m1b4hiAAAAAElFTkSuQmCC")

    private func loaded(
        _ name: String, _ parameters: [String: String] = [:], width: Int = 80, height: Int = 48
    ) throws -> PluginHostChild {
        let host = try PluginHostChild(width: width, height: height)
        guard case .loaded = try host.load(name, parameters) else {
            throw ChildTestFailure.unexpected(try host.load(name, id: 2, parameters))
        }
        return host
    }

    private func sound(
        _ host: PluginHostChild, _ samples: [Float], at first: Int64 = 0
    ) throws -> [Float] {
        let reply = try host.ask(.processAudio(firstSample: first, samples: samples))
        guard case .processedAudio(first, let changed, let result, _) = reply else {
            throw ChildTestFailure.unexpected(reply)
        }
        return changed ? result : samples
    }

    // MARK: Logo

    @Test func logoCoversWhereItIsOpaque() throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let path = folder.path("logo.png")
        try #require(Self.halfGreenPNG).write(to: URL(fileURLWithPath: path))
        let host = try loaded("Logo", ["file": path, "corner": "bottom-right", "margin": "10"])
        let picture = Picture(host.canvas)
        // Columns 66...67 and rows 34...37 are green; 68 and 69 are as they were.
        let expected = picture.mapped { plane, x, y, pixel in
            let scale = plane == 0 ? 1 : 2
            let isGreen = (66..<68).contains(x * scale) && (34..<38).contains(y * scale)
            return isGreen ? PluginProcessingTests.green[plane] : pixel
        }
        #expect(try host.process(picture) == expected)
        _ = try host.ask(.setParameter(id: 1, name: "opacity", value: "0"))
        #expect(try host.process(picture) == nil || host.process(picture) == picture)
    }

    @Test func logoGrowsUpToThePicture() throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let path = folder.path("logo.png")
        try #require(Self.halfGreenPNG).write(to: URL(fileURLWithPath: path))
        let host = try loaded("Logo", ["file": path, "width": "400", "corner": "top-left", "margin": "0"])
        let picture = Picture(host.canvas)
        let result = try #require(try host.process(picture))
        // 48 pixels wide and high; the edge between the halves, at 24, is as soft as a pixel of the file was wide.
        #expect(result.planes[0].allSatisfy { $0[..<16].allSatisfy { $0 == PluginProcessingTests.green[0] } })
        #expect(result.planes[2].allSatisfy { $0[..<8].allSatisfy { $0 == PluginProcessingTests.green[2] } })
        #expect(zip(result.planes[0], picture.planes[0]).allSatisfy { $0[32...] == $1[32...] })
    }

    @Test func logoSaysWhatIsWrongWithItsFile() throws {
        let host = try PluginHostChild()
        #expect(try host.refusal("Logo").description.contains("add file=PATH"))
        let refusal = try host.refusal("Logo", ["file": "/proc/version"])
        #expect(refusal.description.contains("the logo /proc/version can't be read"), "\(refusal)")
    }

    // MARK: Text

    @Test func textIsWrittenWhereItIsWanted() throws {
        let host = try loaded(
            "Text",
            ["text": "Hi", "clock": "off", "size": "20", "position": "top-left", "margin": "4", "outline": "0"])
        let black = Picture(host.canvas).mapped { plane, _, _, _ in plane == 0 ? 16 : 128 }
        let result = try #require(try host.process(black))
        let bright = result.planes[0].enumerated().flatMap { y, row in
            row.enumerated().filter { $0.element > 200 }.map { (x: $0.offset, y: y) }
        }
        #expect(bright.count > 30)
        #expect(bright.allSatisfy { $0.x >= 4 && $0.x < 40 && $0.y >= 4 && $0.y < 36 })
        #expect(result.planes[1] == black.planes[1], "white letters have no color")
        #expect(try host.process(black) == result)
        _ = try host.ask(.setParameter(id: 1, name: "text", value: ""))
        #expect(try host.process(black) == nil)
    }

    @Test func clockOfTheStreamGoesOn() throws {
        let host = try loaded("Text", ["text": "%S", "clock": "stream", "size": "24"])
        let picture = Picture(host.canvas)
        let first = try host.process(picture, pts: 5_000_000_000)
        #expect(try host.process(picture, pts: 5_900_000_000) == first)
        #expect(try host.process(picture, pts: 6_000_000_000) != first)
    }

    @Test func aFontThatIsNoneIsRefused() throws {
        let host = try PluginHostChild()
        let refusal = try host.refusal("Text", ["font": "/proc/version"])
        #expect(refusal.description.contains("the font /proc/version can't be used"), "\(refusal)")
        _ = try host.load("Text")
        let reply = try host.ask(.setParameter(id: 1, name: "font", value: "/nonexistent.ttf"))
        guard case .refused = reply else { throw ChildTestFailure.unexpected(reply) }
        #expect(try host.process(Picture(host.canvas)) != nil, "the old font goes on")
    }

    // MARK: Bars

    /// SMPTE RP 219:2002, table 1 and EBU Tech 3325: 8-bit values of 75 % bars in BT.709.
    static let bars: [[UInt8]] = [
        [180, 128, 128], [168, 44, 136], [145, 147, 44], [133, 63, 52], [63, 193, 204], [51, 109, 212], [28, 212, 120],
    ]

    @Test func barsHaveTheStandardsColors() throws {
        let host = try loaded("Bars", width: 560, height: 720)
        let result = try #require(try host.process(Picture(host.canvas)))
        for (index, color) in Self.bars.enumerated() {
            // Behind the grey panel of an eighth, each is three 28ths wide.
            let x = 70 + index * 60 + 30
            #expect([result.planes[0][20][x], result.planes[1][10][x / 2], result.planes[2][10][x / 2]] == color)
        }
        #expect(result.planes[0][20][10] == 104, "the panel is 40 % grey")
        _ = try host.ask(.setParameter(id: 1, name: "standard", value: "ebu"))
        let ebu = try #require(try host.process(Picture(host.canvas)))
        #expect(
            ebu.planes[0][200].indices.filter { $0 % 70 == 35 }.map { ebu.planes[0][200][$0] }
                == [235, 168, 145, 133, 63, 51, 28, 16])
    }

    /// ITU-R BT.801: 75 % bars in BT.601, which players take for smaller pictures.
    @Test func barsOfSmallPicturesAreThoseOfSmallPictures() throws {
        let host = try loaded("Bars", ["standard": "ebu"], width: 320, height: 240)
        let result = try #require(try host.process(Picture(host.canvas)))
        let colors = (0..<8).map { (bar: Int) -> [UInt8] in
            let (luma, chroma) = (bar * 40 + 20, bar * 20 + 10)
            return [result.planes[0][9][luma], result.planes[1][5][chroma], result.planes[2][5][chroma]]
        }
        #expect(
            colors == [
                [235, 128, 128], [162, 44, 142], [131, 156, 44], [112, 72, 58], [84, 184, 198], [65, 100, 212],
                [35, 212, 114], [16, 128, 128],
            ])
    }

    @Test func toneGoesOnFromBlockToBlock() throws {
        let host = try loaded("Bars", ["level": "-20", "frequency": "997"])
        let first = try sound(host, [Float](repeating: 0, count: 2048), at: 1_000_000)
        let second = try sound(host, [Float](repeating: 0, count: 2048), at: 1_001_024)
        for (index, sample) in (first + second).enumerated() {
            let time = Double(1_000_000 + index / 2) / 48_000
            #expect(abs(Double(sample) - 0.1 * sin(2 * .pi * 997 * time)) < 1e-5)
        }
    }

    // MARK: Delay

    @Test func pictureAndSoundAreLateByTheSame() throws {
        let host = try loaded("Delay", ["delay": "100"])
        // Three frames at 30 frames a second.
        let pictures = (0..<8).map { number in Picture(host.canvas).mapped { _, _, _, _ in UInt8(20 + number) } }
        var shown: [Picture?] = []
        for (number, picture) in pictures.enumerated() {
            shown.append(try host.process(picture, frame: Int64(number), pts: Int64(number) * 33_333_333))
        }
        #expect(shown == [0, 0, 0, 0, 1, 2, 3, 4].map { pictures[$0] })
        var heard: [Float] = []
        for block in 0..<10 {
            let samples = (0..<2048).map { Float(block * 1024 + $0 / 2 + 1) / 20_000 }
            heard += try sound(host, samples, at: Int64(block) * 1024)
        }
        #expect(heard.prefix(9600).allSatisfy { $0 == 0 })
        #expect(heard[9600] == 1 / 20_000 && heard[9602] == 2 / 20_000)
    }

    // MARK: Dynamics

    @Test func limiterKeepsPeaksBelowTheCeilingWithoutClicks() throws {
        let host = try loaded("Dynamics", ["ceiling": "-6", "gate": "false"])
        let ceiling = Float(pow(10, -6.0 / 20))
        var heard: [Float] = []
        for block in 0..<12 {
            let loud = (4..<8).contains(block)
            let samples = (0..<2048).map { index -> Float in
                let time = Double(block * 1024 + index / 2) / 48_000
                // Whole periods in a block: what goes in has no clicks of its own.
                return Float(sin(2 * .pi * 187.5 * time)) * (loud ? 1.5 : 0.3)
            }
            heard += try sound(host, samples, at: Int64(block) * 1024)
        }
        let left = stride(from: 0, to: heard.count, by: 2).map { heard[$0] }
        #expect(left.allSatisfy { abs($0) <= ceiling + 1e-6 })
        #expect(left[5 * 1024..<7 * 1024].contains { abs($0) > ceiling * 0.95 }, "loud stays as loud as it may be")
        #expect(left[1024..<3 * 1024].contains { abs($0) > 0.299 }, "quiet is left alone")
        // The steepest slope of what goes in is 1.5 * 2π * 187.5 / 48000 = 0.037 a sample.
        let steps = zip(left.dropFirst(), left).map { abs($0 - $1) }
        #expect((steps.max() ?? 0) < 0.045)
    }

    @Test func gateTurnsNoiseDown() throws {
        let host = try loaded(
            "Dynamics", ["limiter": "false", "threshold": "-40", "hold": "0", "release": "10", "range": "60"])
        var heard: [Float] = []
        for block in 0..<20 {
            let samples = (0..<2048).map { index -> Float in
                let time = Double(block * 1024 + index / 2) / 48_000
                return Float(sin(2 * .pi * 300 * time)) * ((8..<12).contains(block) ? 0.5 : 0.002)
            }
            heard += try sound(host, samples, at: Int64(block) * 1024)
        }
        func loudest(_ blocks: Range<Int>) -> Float {
            heard[blocks.lowerBound * 2048..<blocks.upperBound * 2048].map { abs($0) }.max() ?? 0
        }
        #expect(loudest(5..<8) < 0.0001)
        #expect(loudest(9..<11) > 0.49)
        #expect(loudest(17..<20) < 0.0001)
    }
}
