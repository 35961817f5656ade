import BulkheadTestSupport
import Foundation
import Testing

/// A playlist of many short files of mixed sizes, rates and sounds, some of them broken: every good one is shown in its turn,
/// nothing else is ever seen, and no click is heard.
///
/// `BULKHEAD_PLAYLIST_FILES=100` makes it a hundred, and `BULKHEAD_PLAYLIST_REALTIME=1` plays them in real time.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ManyFilesTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let count = environment["BULKHEAD_PLAYLIST_FILES"].flatMap { Int($0) } ?? 14
    private static let isRealTime = environment["BULKHEAD_PLAYLIST_REALTIME"] != nil

    private static let sizes = ["96x64", "64x96", "128x72", "160x120", "64x64", "176x144", "320x180"]
    private static let rates = ["25", "24", "30000/1001", "30", "50", "60"]
    private static let sounds = ["-ac 1 -ar 44100", "-ac 2 -ar 48000", "-ac 6 -ar 48000", "", "-ac 1 -ar 24000"]
    private static let kinds = [
        "mp4 -c:v libx264 -preset ultrafast -crf 8 -c:a aac", "mkv -c:v mpeg4 -q:v 2 -c:a pcm_s16le",
        "ts -c:v mpeg2video -q:v 2 -c:a mp2", "flv -c:v libx264 -preset ultrafast -crf 8 -c:a aac",
        "mov -c:v libx264 -preset ultrafast -crf 8 -bf 2 -c:a pcm_s16le",
    ]

    private static func isBroken(_ number: Int) -> Bool { number % 10 == 7 }

    /// Chroma of a file's pictures, by which it is known.
    private static func chroma(_ number: Int) -> (cb: Int, cr: Int) {
        (56 + 16 * (number % 10), 56 + 16 * (number / 10))
    }

    private func make(_ number: Int, _ field: Field) async throws -> String {
        let kind = Self.kinds[number % Self.kinds.count].split(separator: " ", maxSplits: 1)
        var rate = Self.rates[number % Self.rates.count]
        // MPEG-2 has no others.
        if kind[0] == "ts", !["24", "25", "30000/1001", "30", "50", "60"].contains(rate) { rate = "25" }
        var sound = Self.sounds[number % Self.sounds.count]
        if kind[0] == "flv", sound.contains("24000") { sound = "-ac 1 -ar 22050" }
        if kind[0] == "ts", sound.contains("-ac 6") { sound = "-ac 2 -ar 48000" }
        let (cb, cr) = Self.chroma(number)
        // The brightness counts the pictures.
        let picture =
            "-f lavfi -i nullsrc=s=\(Self.sizes[number % Self.sizes.count]):r=\(rate):d=1,format=yuv420p,"
            + "geq=lum=30+3*N:cb=\(cb):cr=\(cr)"
        let tone = "-f lavfi -i sine=frequency=\(220 + 10 * (number % 20)):sample_rate=48000:duration=1"
        let name = "f\(number < 10 ? "0" : "")\(number).\(kind[0])"
        return try await field.make(
            name, sound.isEmpty ? "\(picture) \(kind[1])" : "\(picture) \(tone) \(sound) \(kind[1])")
    }

    /// Ten ways in which a file is none.
    private func spoil(_ path: String, _ way: Int, _ field: Field) throws -> String {
        let url = URL(fileURLWithPath: path)
        var bytes = [UInt8](try Data(contentsOf: url))
        switch way {
        case 0: bytes = Array("this is no film".utf8)
        case 1: bytes = []
        case 2: bytes = Array(bytes.prefix(300))
        case 3: return field.path("missing.mp4")
        case 4:
            try FileManager.default.removeItem(at: url)
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
            return path
        case 5: bytes = [UInt8](repeating: 0, count: 5000)
        case 6: bytes = Array(bytes.shuffled(seed: 6))
        case 7:
            try FileManager.default.removeItem(at: url)
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "nowhere.mp4")
            return path
        case 8: bytes = Array("#EXTM3U\nf00.mp4\n".utf8)
        default: for index in bytes.indices.dropFirst(4) { bytes[index] ^= 0x5A }
        }
        try Data(bytes).write(to: url)
        return path
    }

    /// What is seen in one frame.
    private struct Seen: Equatable {
        /// Nil for what is of no file.
        var file: Int?
        var picture: Int
    }

    @Test func everyGoodFileIsShownAndNothingElse() async throws {
        let field = try Field()
        var lines: [String] = []
        for number in 0..<Self.count {
            var path = try await make(number, field)
            if Self.isBroken(number) { path = try spoil(path, number / 10 % 10, field) }
            lines.append("#EXTINF:1,Film \(number)\r\n\(URL(fileURLWithPath: path).lastPathComponent)")
        }
        let list = field.path("list.m3u")
        try ("#EXTM3U\r\n" + lines.joined(separator: "\r\n")).write(toFile: list, atomically: true, encoding: .utf8)
        let result = try await field.broadcast(
            ["playlist:\(list)", "--video-bitrate", "1500k"], size: "160x120", isFast: !Self.isRealTime,
            within: .seconds(60 + 2 * Self.count))
        #expect(result.status == 0, "\(result.text)")
        #expect(!result.text.contains("showing the slate"), "\(result.text)")
        #expect(!result.text.contains("crashed") && !result.text.contains("jumped"), "\(result.text)")
        let good = (0..<Self.count).filter { !Self.isBroken($0) }
        for number in good { #expect(result.text.contains("plays Film \(number) "), "\(number): \(result.text)") }
        #expect(result.text.components(separatedBy: "it is left out").count - 1 == Self.count - good.count)

        let frames = try await seen(result)
        let strange = frames.indices.filter { frames[$0].file == nil || !good.contains(frames[$0].file ?? -1) }
        #expect(strange.isEmpty, "frames that show no file: \(strange)")
        let order = frames.map(\.file).reduce(into: [Int]()) { if $0.last != $1, let file = $1 { $0.append(file) } }
        #expect(order == good)
        for number in good {
            let shown = frames.filter { $0.file == number }.map(\.picture)
            // A second at 25: one more or less where the border lies between two frames.
            #expect((24...26).contains(shown.count), "film \(number): \(shown)")
            #expect(zip(shown, shown.dropFirst()).allSatisfy { $0 <= $1 }, "film \(number): \(shown)")
            #expect((shown.first ?? 9) <= 2, "film \(number) begins with its beginning: \(shown)")
            if Self.rates[number % Self.rates.count] == "25" {
                #expect(Set(shown).count >= 24, "film \(number): \(shown)")
            }
        }
        let clicks = try await clicks(result)
        #expect(clicks.isEmpty, "seconds at which it clicks: \(clicks)")
    }

    /// The mean of each frame's middle, read back as file and picture.
    private func seen(_ result: Field.Result) async throws -> [Seen] {
        let ffmpeg = try RunningProcess(
            "ffmpeg",
            "-v error -nostdin -i \(result.output) -vf crop=16:16 -fps_mode passthrough -f rawvideo -pix_fmt yuv444p -"
                .split(separator: " ").map(String.init))
        #expect(await ffmpeg.wait(timeout: .seconds(60)) == 0, "\(ffmpeg.errorText)")
        let bytes = [UInt8](ffmpeg.output)
        return stride(from: 0, to: bytes.count - 767, by: 768).map { start in
            let means = (0..<3).map { plane in
                bytes[start + plane * 256..<start + (plane + 1) * 256].reduce(0) { $0 + Int($1) } / 256
            }
            let file = (0..<Self.count).first {
                abs(Self.chroma($0).cb - means[1]) <= 5 && abs(Self.chroma($0).cr - means[2]) <= 5
            }
            return Seen(file: file, picture: (means[0] - 30 + 1) / 3)
        }
    }

    /// Where two samples lie farther apart than those of the tones, in seconds. A tone of an eighth moves by 0.007 at most.
    private func clicks(_ result: Field.Result) async throws -> [Double] {
        let ffmpeg = try RunningProcess(
            "ffmpeg",
            "-v error -nostdin -i \(result.output) -ac 1 -ar 48000 -f f32le -".split(separator: " ").map(String.init))
        #expect(await ffmpeg.wait(timeout: .seconds(60)) == 0, "\(ffmpeg.errorText)")
        let samples = ffmpeg.output.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count - 3, by: 4).map { bytes.loadUnaligned(fromByteOffset: $0, as: Float.self) }
        }
        try #require(samples.count > 48_000 * (Self.count - 2) * 8 / 10)
        return samples.indices.dropFirst(4800).filter { abs(samples[$0] - samples[$0 - 1]) > 0.02 }
            .map { Double($0) / 48_000 }
    }
}

extension [UInt8] {
    /// In another order, the same each time.
    fileprivate func shuffled(seed: UInt64) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        return shuffled(using: &generator)
    }
}
