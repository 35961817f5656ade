import BulkheadTestSupport
import Foundation
import Testing

/// A small input that ffmpeg makes, and what a broadcast makes of it.
struct Field {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    func path(_ name: String) -> String { folder.path(name) }

    /// Runs ffmpeg to make the file `name`: what stands before its name on the command line, in words.
    @discardableResult
    func make(_ name: String, _ words: String) async throws -> String {
        let arguments = words.split(separator: " ").map(String.init)
        let ffmpeg = try RunningProcess("ffmpeg", ["-v", "error", "-nostdin", "-y"] + arguments + [path(name)])
        let status = await ffmpeg.wait(timeout: .seconds(60))
        try #require(status == 0, "\(ffmpeg.errorText)")
        return path(name)
    }

    /// A film of so many seconds, 64x64 and 25 frames a second, with a tone.
    func film(_ name: String, seconds: Int = 2, sound: Bool = true, size: String = "64x64") async throws -> String {
        let tone = sound ? "-f lavfi -i sine=sample_rate=48000:duration=\(seconds) -c:a aac" : ""
        return try await make(
            name, "-f lavfi -i testsrc=size=\(size):rate=25:duration=\(seconds) \(tone) -c:v libx264 -pix_fmt yuv420p")
    }

    /// What came of a broadcast.
    struct Result {
        let status: Int32
        let text: String
        let output: String
    }

    /// Broadcasts to a file as fast as it goes, 64x64 at 25 frames a second, and waits for the end.
    func broadcast(
        _ arguments: [String], size: String = "64x64", isFast: Bool = true, within timeout: Duration = .seconds(40)
    ) async throws -> Result {
        let output = path("out-\(UUID().uuidString).flv")
        let program = try BulkheadProgram.start(
            ["broadcast"] + arguments + ["--to", "file:\(output)", "--size", size, "--fps", "25"]
                + ["--preset", "ultrafast", "--video-bitrate", "400k"] + (isFast ? ["--fast"] : []))
        let status = await program.wait(timeout: timeout)
        return Result(status: status, text: program.errorText, output: output)
    }
}

extension Field.Result {
    /// How many pictures a decoder makes of it.
    func pictures() async throws -> Int { try await ViewedPackets.list(output).packets.count(where: \.isVideo) }

    /// The loudest sample, in dB below full scale; nil where all is silence.
    func peak() async throws -> Double? { try await measure("volumedetect", "-af", "max_volume: (-?[0-9.]+) dB") }

    /// How often there is silence for half a second.
    func silences() async throws -> Int {
        let words = "-nostdin -af silencedetect=n=-50dB:d=0.5 -f null -".split(separator: " ").map(String.init)
        let ffmpeg = try RunningProcess("ffmpeg", ["-i", output] + words)
        await ffmpeg.wait(timeout: .seconds(30))
        return ffmpeg.errorText.components(separatedBy: "silence_start").count - 1
    }

    /// What ffmpeg's log says behind `pattern` of the output's filter.
    private func measure(_ filter: String, _ kind: String, _ pattern: String) async throws -> Double? {
        let ffmpeg = try RunningProcess("ffmpeg", ["-nostdin", "-i", output, kind, filter, "-f", "null", "-"])
        await ffmpeg.wait(timeout: .seconds(30))
        let text = ffmpeg.errorText
        guard let match = try text.firstMatch(of: Regex(pattern)), let range = match.output[1].range else { return nil }
        return Double(text[range])
    }

    /// Whether the middles of two pictures differ.
    func differs(_ frame: Int, from other: Int) async throws -> Bool {
        try await middle(ofFrame: frame) != middle(ofFrame: other)
    }

    /// The mean of Y, U and V of 16 by 16 pixels of a picture.
    /// - Parameter place: their upper left corner, `x:y`; nil for the middle.
    func colour(ofFrame frame: Int = 5, at place: String? = nil) async throws -> [Int] {
        let bytes = try await piece(ofFrame: frame, at: place)
        return (0..<3).map { plane in bytes[plane * 256..<(plane + 1) * 256].reduce(0) { $0 + Int($1) } / 256 }
    }

    private func middle(ofFrame frame: Int) async throws -> [UInt8] { try await piece(ofFrame: frame, at: nil) }

    /// 256 bytes each of Y, U and V.
    private func piece(ofFrame frame: Int, at place: String?) async throws -> [UInt8] {
        let ffmpeg = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-i", output, "-vf",
                "select=eq(n\\,\(frame)),crop=16:16\(place.map { ":\($0)" } ?? "")",
                "-frames:v", "1",
                "-f",
                "rawvideo", "-pix_fmt", "yuv444p", "-",
            ])
        await ffmpeg.wait(timeout: .seconds(30))
        let bytes = [UInt8](ffmpeg.output)
        try #require(bytes.count == 768, "\(ffmpeg.errorText)")
        return bytes
    }
}
