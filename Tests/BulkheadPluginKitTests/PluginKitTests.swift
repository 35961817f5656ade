import BulkheadPluginKit
import Foundation
import Testing

/// What docs/plugins.md promises to authors of plugins in Swift.
@Suite(.timeLimit(.minutes(1))) struct KitParameterTests {
    private enum Mode: String, CaseIterable { case add, screen, multiply }

    private static let count = Parameter("count", 3, in: 1...10, unit: "px", "How many.")
    private static let strength = Parameter("strength", 0.5, in: 0...1)
    private static let isOn = Parameter("on", true)
    private static let label = Parameter("label", "hello")
    private static let tint = Parameter("tint", Color(0xFF8000))
    private static let picture = Parameter<File>("picture", "A picture.")
    private static let mode = Parameter("mode", Mode.screen)

    @Test func parametersDescribeThemselves() {
        #expect(Self.count.kind == .integer(default: 3, in: 1...10) && Self.count.unit == "px")
        #expect(Self.count.description == "How many." && Self.count.name == "count")
        #expect(Self.strength.kind == .number(default: 0.5, in: 0...1) && Self.isOn.kind == .boolean(default: true))
        #expect(Self.label.kind == .text(default: "hello") && Self.picture.kind == .file)
        #expect(Self.tint.kind == .color(default: Color(0xFF8000)))
        #expect(Self.mode.kind == .choice(default: "screen", of: ["add", "screen", "multiply"]))
    }

    /// A host sends what its interface has; a value of another kind is none.
    @Test func settingsAreReadByTheirKind() {
        #expect(Self.count.value(.integer(7)) as? Int == 7 && Self.count.value(.number(7)) == nil)
        #expect(Self.strength.value(.number(0.25)) as? Double == 0.25 && Self.strength.value(.integer(1)) == nil)
        #expect(Self.isOn.value(.integer(0)) as? Bool == false && Self.isOn.value(.integer(-1)) as? Bool == true)
        #expect(Self.isOn.value(.text("true")) == nil)
        #expect(Self.label.value(.text("x")) as? String == "x" && Self.label.value(.integer(1)) == nil)
        #expect(Self.tint.value(.integer(0x01_0203)) as? Color == Color(red: 1, green: 2, blue: 3))
        #expect(Self.picture.value(.text("/a.png")) as? File == File(path: "/a.png"))
        #expect(Self.mode.value(.integer(2)) as? Mode == .multiply)
        for index in [-1, 3, .min, .max] as [Int64] { #expect(Self.mode.value(.integer(index)) == nil) }
    }

    @Test func setupHoldsWhatATestSetsAndElseTheDefaults() {
        var setup = PluginSetup(PluginFormat(width: 640, height: 360, frameRate: 25))
        #expect(setup[Self.count] == 3 && setup[Self.mode] == .screen && !setup[Self.picture].isNamed)
        setup[Self.count] = 9
        setup[Self.picture] = File(path: "/a.png")
        #expect(setup[Self.count] == 9 && setup[Self.strength] == 0.5 && setup[Self.picture].isNamed)
        #expect(setup.format.width == 640 && setup.format.sampleRate == 48_000 && setup.format.channelCount == 2)
    }

    @Test(arguments: [0, 0xFF_FFFF, 0x12_3456, 0xFF_0000, 0x00_00FF] as [UInt32])
    func colorsKeepTheirCode(code: UInt32) {
        let color = Color(code)
        #expect(color.code == code)
        #expect(Color(red: color.red, green: color.green, blue: color.blue) == color)
    }

    /// ITU-R BT.601-7, 2.5.1, and BT.709-6, 3.2, in 8 bits of limited range; players take the second from 720 rows on.
    static let pixels: [(UInt32, Int, [UInt8])] = [
        (0x00_0000, 720, [16, 128, 128]), (0xFF_FFFF, 720, [235, 128, 128]), (0xFF_FFFF, 360, [235, 128, 128]),
        (0xFF_0000, 576, [81, 90, 240]), (0x00_FF00, 576, [145, 54, 34]), (0x00_00FF, 576, [41, 240, 110]),
        (0xFF_0000, 1080, [63, 102, 240]), (0x00_FF00, 1080, [173, 42, 26]), (0x00_00FF, 1080, [32, 240, 118]),
        (0xFF_0000, 718, [81, 90, 240]), (0xFF_0000, 720, [63, 102, 240]), (0x80_8080, 480, [126, 128, 128]),
    ]

    @Test(arguments: pixels) func colorsHaveThePixelsOfTheStandards(code: UInt32, rows: Int, expected: [UInt8]) {
        let pixel = Color(code).pixel(inPictureOf: rows)
        #expect([pixel.luma, pixel.cb, pixel.cr] == expected)
    }

    // MARK: files

    @Test func fileIsReadUpToItsLimit() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("kit-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: url) }
        let content = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        try Data(content).write(to: url)
        #expect(try File(path: url.path).bytes() == content)
        #expect(try File(path: url.path).bytes(limit: 200_000) == content)
        let tooLong = #expect(throws: PluginError.self) { try File(path: url.path).bytes(limit: 199_999) }
        #expect(tooLong?.description.contains(url.path) == true && tooLong?.description.contains("199999") == true)
        try Data().write(to: url)
        #expect(try File(path: url.path).bytes().isEmpty)
    }

    @Test(arguments: ["/nonexistent/a.png", "", "/tmp"]) func fileThatCanNotBeReadIsNamed(path: String) {
        let error = #expect(throws: PluginError.self) { try File(path: path).bytes() }
        #expect(error?.description.hasPrefix("the file \(path) can't be read: ") == true)
    }
}

@Suite(.timeLimit(.minutes(1))) struct KitPictureTests {
    /// Brighter by a step, with chroma taken over.
    private struct Brighter: VideoFilter {
        static var info: PluginInfo { PluginInfo(name: "Brighter", version: "1") }
        var step: UInt8 = 10
        var seen: [Int64] = []

        init() {}
        init(_ setup: PluginSetup) {}

        mutating func process(_ frame: borrowing VideoFrame) -> Outcome {
            seen.append(frame.number)
            guard step > 0 else { return .unchanged }
            let step = step
            frame.forEachRow(of: .luma) { _, source, target in
                for x in source.indices { target[x] = source[x] &+ step }
            }
            frame.copy(.cb)
            frame.copy(.cr)
            return .changed
        }
    }

    /// Numbers each row of each plane, in place.
    private struct Numbering: VideoFilter {
        static var info: PluginInfo { PluginInfo(name: "Numbering", version: "1") }
        static var worksInPlace: Bool { true }

        init() {}
        init(_ setup: PluginSetup) {}

        mutating func process(_ frame: borrowing VideoFrame) -> Outcome {
            for plane in VideoFrame.Plane.allCases {
                frame.forEachRow(of: plane) { y, row in
                    for x in row.indices { row[x] = UInt8(truncatingIfNeeded: y + 100 * plane.rawValue) }
                }
            }
            return .changed
        }
    }

    /// Shows the picture before, which it keeps.
    private struct Delay: VideoFilter {
        static var info: PluginInfo { PluginInfo(name: "Delay", version: "1") }
        var kept: Picture?

        init() {}
        init(_ setup: PluginSetup) {}

        mutating func process(_ frame: borrowing VideoFrame) -> Outcome {
            var next = Picture(width: frame.width, height: frame.height)
            next.take(frame)
            defer { kept = next }
            guard let kept else { return .unchanged }
            kept.fill(frame)
            return .changed
        }
    }

    private static func noise(_ width: Int, _ height: Int, _ seed: Int) -> Picture {
        var picture = Picture(width: width, height: height)
        for plane in VideoFrame.Plane.allCases {
            for y in 0..<(plane == .luma ? height : height / 2) {
                for x in 0..<(plane == .luma ? width : width / 2) {
                    picture[plane, x, y] = UInt8(truncatingIfNeeded: x * 7 + y * 13 + plane.rawValue * 31 + seed)
                }
            }
        }
        return picture
    }

    @Test(arguments: [(2, 2), (16, 18), (64, 36)]) func pictureIsI420WithoutPadding(width: Int, height: Int) {
        let picture = Picture(width: width, height: height, Color(0xFF_FFFF))
        #expect(picture.bytes.count == width * height * 3 / 2)
        #expect(picture.bytes.prefix(width * height).allSatisfy { $0 == 235 })
        #expect(picture.bytes.dropFirst(width * height).allSatisfy { $0 == 128 })
        var marked = picture
        marked[.cr, width / 2 - 1, height / 2 - 1] = 7
        #expect(marked.bytes.last == 7 && marked != picture)
        marked[.cb, 0, 0] = 9
        #expect(marked.bytes[width * height] == 9 && marked[.cb, 0, 0] == 9 && marked[.luma, 0, 0] == 235)
    }

    @Test func filterChangesTheOutputAndNotTheInput() throws {
        let picture = Self.noise(16, 8, 1)
        let before = picture
        var filter = Brighter()
        let result = try picture.filtered(by: &filter, number: 42)
        #expect(picture == before && filter.seen == [42])
        for y in 0..<8 {
            for x in 0..<16 { #expect(result[.luma, x, y] == picture[.luma, x, y] &+ 10) }
        }
        #expect(result.bytes.dropFirst(128) == picture.bytes.dropFirst(128))
    }

    @Test func unchangedPictureIsTheOneThatCame() throws {
        let picture = Self.noise(8, 8, 2)
        var filter = Brighter()
        filter.step = 0
        #expect(try picture.filtered(by: &filter) == picture)
    }

    @Test func filterInPlaceSeesEveryRowOfEveryPlane() throws {
        let picture = Self.noise(8, 6, 3)
        var filter = Numbering()
        let result = try picture.filtered(by: &filter)
        for plane in VideoFrame.Plane.allCases {
            for y in 0..<(plane == .luma ? 6 : 3) {
                for x in 0..<(plane == .luma ? 8 : 4) {
                    #expect(result[plane, x, y] == UInt8(y + 100 * plane.rawValue))
                }
            }
        }
    }

    @Test func picturesAreKeptAndShownLater() throws {
        var filter = Delay()
        let pictures = (0..<5).map { Self.noise(32, 18, $0 * 50) }
        var last: Picture?
        for picture in pictures {
            #expect(try picture.filtered(by: &filter) == last ?? picture)
            last = picture
        }
    }

    // MARK: sound and events

    @Test func soundIsChangedInPlace() {
        var samples: [Float] = (0..<12).map { Float($0) }
        AudioBlock.with(&samples, firstSample: 960, channelCount: 2) { block in
            #expect(block.sampleCount == 6 && block.channelCount == 2 && block.firstSample == 960)
            #expect(block[2, 1] == 5)
            block[5, 0] = -1
            block.forEachSample { channels in channels[1] *= 2 }
        }
        #expect(samples == [0, 2, 2, 6, 4, 10, 6, 14, 8, 18, -1, 22])
        var none: [Float] = []
        let count = AudioBlock.with(&none) { $0.sampleCount }
        #expect(count == 0)
        var mono: [Float] = [1, 2, 3]
        AudioBlock.with(&mono, channelCount: 1) { block in block.forEachSample { $0[0] = -$0[0] } }
        #expect(mono == [-1, -2, -3])
    }

    @Test func eventsAreMadeByTests() {
        let event = PluginEvent(.chatMessage(author: "Ann", text: "hello"), ptsNanoseconds: 5)
        #expect(event.ptsNanoseconds == 5 && event.kind == .chatMessage(author: "Ann", text: "hello"))
        #expect(PluginEvent(.streamState("live")) != PluginEvent(.streamState("ending")))
    }

    /// Where a plugin says nothing of changed parameters, it is made anew.
    @Test func updateMakesAPluginAnew() throws {
        var filter = Brighter()
        filter.step = 99
        filter.seen = [1]
        try filter.update(PluginSetup())
        #expect(filter.step == 10 && filter.seen.isEmpty)
        #expect(!Brighter.worksInPlace && Numbering.worksInPlace)
        #expect("\(PluginError("no font"))" == "no font")
    }
}
