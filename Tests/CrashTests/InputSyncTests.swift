import BulkheadTestSupport
import Foundation
import Testing

/// Whether the sound of each input stays with its picture while scenes change and processes die.
@Suite(.serialized, .timeLimit(.minutes(3))) struct InputSyncTests {
    /// A clip of black that flashes in its colour for one picture about once a second, and beeps in its tone from that
    /// picture's start on.
    private struct Clip: Sendable {
        let color: String
        /// In hertz.
        let tone: Int
        /// Pictures a second.
        let rate: (numerator: Int, denominator: Int)
        /// The first picture that flashes; the others follow each `rounded` pictures.
        let first: Int

        /// The whole pictures of a second.
        private var rounded: Int { (rate.numerator + rate.denominator / 2) / rate.denominator }
        private var interval: Double { Double(rate.denominator) / Double(rate.numerator) }

        var arguments: [String] {
            let picture =
                "color=black:s=320x180:r=\(rate.numerator)/\(rate.denominator):d=40,"
                + "drawbox=color=\(color):t=fill:enable='eq(mod(n,\(rounded)),\(first))'"
            let beep = "lt(mod(t+\(1000 * period - start),\(period)),\(InputSyncTests.beepLength))*gte(t,\(start))"
            let sound = "aevalsrc=exprs='0.2*sin(2*PI*\(tone)*t)*\(beep)':s=48000:d=40"
            return ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound] + [
                "-c:v", "libx264", "-preset", "ultrafast", "-qp", "12", "-g", "\(rounded)", "-pix_fmt", "yuv420p",
                "-c:a", "flac",
            ]
        }

        private var period: Double { Double(rounded) * interval }
        private var start: Double { Double(first) * interval }

        /// When it flashes for the `number`th time, from 0 on, in seconds.
        func start(of number: Int) -> Double { start + Double(number) * period }

        /// Whether a pixel shows the flash.
        func shows(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> Bool {
            switch color {
            case "red": red > 150 && green < 100 && blue < 100
            case "lime": green > 150 && red < 100 && blue < 100
            case "blue": blue > 150 && red < 100 && green < 100
            default: red > 150 && green > 150 && blue > 150
            }
        }
    }

    private static let clips = [
        Clip(color: "red", tone: 900, rate: (24, 1), first: 3),
        Clip(color: "lime", tone: 1800, rate: (25, 1), first: 9),
        Clip(color: "blue", tone: 2900, rate: (30000, 1001), first: 17),
        Clip(color: "white", tone: 4200, rate: (50, 1), first: 40),
    ]
    private static let rate = 50
    private static let seconds = 24
    /// The canvas that is judged, in pixels: small, since a flash fills a good part of it.
    private static let (width, height) = (64, 36)

    @Test func soundStaysWithEachPicture() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        var generator = SeededGenerator(seed: 0x50AD)
        let files = Self.clips.map { folder.path("\($0.color).mkv") }
        for (clip, file) in zip(Self.clips, files) { try await Self.ffmpeg(clip.arguments + [file]) }
        let (out, control) = (folder.path("out.flv"), "unix:\(folder.path("c.sock"))")
        let broadcast = try BulkheadProgram.start(
            ["broadcast"] + zip(Self.clips, files).map { "\($1),name=\($0.color)" }
                + [
                    "--layout", "grid", "--size", "640x360", "--fps", "\(Self.rate)", "--preset", "ultrafast",
                    "--video-bitrate", "2M", "--audio-bitrate", "192k", "--duration", "\(Self.seconds)", "--to",
                    "file:\(out)", "--control", control, "--json",
                ])
        let isOnAir = { broadcast.outputText.contains("\"timeline.on-air\"") }
        #expect(await eventually(within: .seconds(30), isOnAir), "\(broadcast.errorText)")
        var (changes, kills) = (0, 0)
        let scenes = ["grid", "side-by-side", "presenter", "picture-in-picture"] + Self.clips.map(\.color)
        while ProcessTable.exists(broadcast.pid) {
            // Where a process has ended meanwhile, there is none to be changed or killed.
            let scene = scenes.randomElement(using: &generator) ?? "grid"
            let take = try BulkheadProgram.start(["scene", "take", scene, "--attach", control])
            if await take.wait(timeout: .seconds(30)) == 0 { changes += 1 }
            let victim = ["bulkhead-source", "bulkhead-mixer", "bulkhead-encoder"].randomElement(using: &generator)
            let running = ProcessTable.children(of: broadcast.pid, named: victim ?? "")
            if changes.isMultiple(of: 2), let pid = running.randomElement(using: &generator), kill(pid, SIGKILL) == 0 {
                kills += 1
            }
            // The pace of fifty changes a minute.
            try await Task.sleep(for: .milliseconds(1100))
        }
        #expect(await broadcast.wait(timeout: .seconds(60)) == 0, "\(broadcast.errorText)")
        #expect(changes >= 8 && kills >= 4, "\(changes) changes, \(kills) kills")
        let flashes = try await flashes(of: out, in: folder)
        for (index, clip) in Self.clips.enumerated() {
            let beeps = try await beeps(of: out, clip, in: folder)
            // What the filters take, by a clip that nobody has touched.
            let untouched = try await self.beeps(of: files[index], clip, in: folder).map(\.lowerBound)
            let delays = zip(untouched, 0...).map { $0 - clip.start(of: $1) }.sorted()
            let delay = try #require(delays.isEmpty ? nil : delays[delays.count / 2])
            let offsets = flashes[index].compactMap { Self.offset(of: beeps, to: $0 + delay) }
            // A clip is not shown all the time, and what a source had read when it was killed may be silent.
            #expect(offsets.count >= 6, "\(clip.color): \(flashes[index].count) flashes, \(beeps.count) beeps")
            let worst = offsets.max { abs($0) < abs($1) } ?? 0
            #expect(abs(worst).rounded() <= 20, "\(clip.color): \(offsets.map { Int($0.rounded()) }) ms")
        }
    }

    /// How much later than a flash its beep is heard, in milliseconds; nil where it has none.
    ///
    /// By the edge that is nearer to where it should be: where a source died in the midst of a beep, one of them is lost.
    private static func offset(of beeps: [ClosedRange<Double>], to flash: Double) -> Double? {
        let offsets = beeps.flatMap { [$0.lowerBound - flash, $0.upperBound - beepLength - flash] }
        return offsets.map { $0 * 1000 }.filter { abs($0) < 300 }.min { abs($0) < abs($1) }
    }

    private static func ffmpeg(_ arguments: [String]) async throws {
        let ffmpeg = try RunningProcess("ffmpeg", ["-v", "error", "-y"] + arguments)
        #expect(await ffmpeg.wait(timeout: .seconds(60)) == 0, "\(ffmpeg.errorText)")
    }

    /// When each clip begins to flash in a file, in seconds.
    private func flashes(of file: String, in folder: TemporaryFolder) async throws -> [[Double]] {
        let raw = folder.path("pictures.raw")
        try await Self.ffmpeg(
            [
                "-i", file, "-vf", "scale=\(Self.width):\(Self.height):flags=area", "-pix_fmt", "rgb24", "-f",
                "rawvideo", raw,
            ])
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: raw)))
        let size = Self.width * Self.height * 3
        #expect(bytes.count == Self.seconds * Self.rate * size, "every frame is there")
        var starts = [[Double]](repeating: [], count: Self.clips.count)
        var isOn = [Bool](repeating: false, count: Self.clips.count)
        for frame in 0..<bytes.count / size {
            let picture = bytes[frame * size..<(frame + 1) * size]
            for (index, clip) in Self.clips.enumerated() {
                var count = 0
                for pixel in stride(from: picture.startIndex, to: picture.endIndex, by: 3)
                where clip.shows(picture[pixel], picture[pixel + 1], picture[pixel + 2]) { count += 1 }
                let wasOn = isOn[index]
                // A twentieth of a per cent of the canvas is no clip.
                isOn[index] = count > 20
                if isOn[index], !wasOn { starts[index].append(Double(frame) / Double(Self.rate)) }
            }
        }
        return starts
    }

    /// From when to when a clip beeps in a file, in seconds: as long as the envelope of its tone is above half of its height.
    /// A little later than it is, by what the filters take.
    private func beeps(
        of file: String, _ clip: Clip, in folder: TemporaryFolder
    ) async throws -> [ClosedRange<Double>] {
        let raw = folder.path("\(clip.color).raw")
        let filters =
            "aresample=async=1:first_pts=0,pan=mono|c0=c0,bandpass=f=\(clip.tone):width_type=h:w=300,"
            + "aeval='abs(val(0))',lowpass=f=100,aresample=\(Int(Self.envelopeRate))"
        try await Self.ffmpeg(["-i", file, "-vn", "-af", filters, "-f", "f32le", raw])
        let envelope = try Data(contentsOf: URL(fileURLWithPath: raw)).withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
        }
        let top = envelope.sorted()[max(0, envelope.count * 98 / 100)]
        var beeps: [ClosedRange<Double>] = []
        var start: Int?
        for (index, value) in envelope.enumerated() {
            let isHeard = value >= top * 0.5
            if isHeard, start == nil { start = index }
            guard !isHeard, let first = start else { continue }
            start = nil
            let (begin, end) = (Double(first) / Self.envelopeRate, Double(index) / Self.envelopeRate)
            // What is shorter is a fade, or what others leave in this tone.
            if end - begin > 0.02 { beeps.append(begin...end) }
        }
        return beeps
    }

    /// Values a second.
    private static let envelopeRate = 1000.0
    /// In seconds.
    private static let beepLength = 0.1
}
