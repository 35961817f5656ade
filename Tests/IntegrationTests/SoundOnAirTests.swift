import BulkheadTestSupport
import Foundation
import Testing

/// The sound of several inputs, while a broadcast is on air, by the commands of its user.
@Suite(.serialized, .timeLimit(.minutes(3))) struct SoundOnAirTests {
    /// What ffmpeg's `sine` has as its amplitude.
    private static let amplitude = 0.125
    private static let sampleRate = 48_000

    private func run(_ arguments: [String], control: String) async throws -> (
        code: Int32, output: String, error: String
    ) {
        let process = try BulkheadProgram.start(arguments + ["--attach", control])
        let code = await process.wait(timeout: .seconds(60))
        return (code, process.outputText, process.errorText)
    }

    private static func clip(_ path: String, color: String, hertz: Int) async throws {
        let maker = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-f", "lavfi", "-i", "color=\(color):size=320x180:rate=30", "-f", "lavfi",
                "-i", "sine=frequency=\(hertz):sample_rate=48000", "-t", "120", "-c:v",
                "libx264", "-preset", "ultrafast", "-c:a", "pcm_s16le", path,
            ])
        #expect(await maker.wait(timeout: .seconds(60)) == 0, "\(maker.errorText)")
    }

    /// The left channel.
    private static func sound(of path: String, in folder: TemporaryFolder) async throws -> [Float] {
        let raw = folder.path("sound.f32")
        let decoder = try RunningProcess(
            "ffmpeg", ["-v", "error", "-nostdin", "-i", path, "-af", "pan=mono|c0=c0", "-f", "f32le", raw])
        #expect(await decoder.wait(timeout: .seconds(60)) == 0, "\(decoder.errorText)")
        return try Data(contentsOf: URL(fileURLWithPath: raw)).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    }

    /// The amplitude of a tone in a fifth of a second, as the Fourier transform has it.
    private static func amplitude(of hertz: Double, in samples: [Float], at second: Double) -> Double {
        let window = sampleRate / 5
        let start = Int(second * Double(sampleRate))
        guard start >= 0, start + window <= samples.count else { return .nan }
        var (real, imaginary) = (0.0, 0.0)
        for index in 0..<window {
            let angle = 2 * Double.pi * hertz * Double(index) / Double(sampleRate)
            real += Double(samples[start + index]) * cos(angle)
            imaginary += Double(samples[start + index]) * sin(angle)
        }
        return 2 * (real * real + imaginary * imaginary).squareRoot() / Double(window)
    }

    @Test func bothInputsAreHeardUntilOneIsMuted() async throws {
        let folder = try TemporaryFolder()
        let (low, high, out) = (folder.path("low.mkv"), folder.path("high.mkv"), folder.path("out.flv"))
        let control = "unix:\(folder.path("master.sock"))"
        try await Self.clip(low, color: "red", hertz: 440)
        try await Self.clip(high, color: "blue", hertz: 2000)
        let broadcast = try BulkheadProgram.start([
            "broadcast", low, high, "--layout", "side-by-side", "--to", "file:\(out)", "--control", control, "--size",
            "320x180", "--fps", "30", "--preset", "ultrafast",
        ])
        #expect(await eventually(within: .seconds(30)) { broadcast.errorText.contains("timeline: on air") })
        // It waits until levels have been measured.
        let levels = try await run(["audio"], control: control)
        #expect(levels.code == 0 && levels.output.contains("source 2  gain 0.0 dB; peak -18."), "\(levels.output)")
        let first = try await change(["mute=on"], control: control)
        let muted = try await run(["audio"], control: control)
        #expect(muted.output.contains("source 2  gain 0.0 dB, muted"), "\(muted.output)")
        #expect(await eventually(within: .seconds(10)) { await frames(control) > first + 45 })
        let last = try await change(["mute=off", "gain=-6"], control: control)
        #expect(await eventually(within: .seconds(10)) { await frames(control) > last + 45 })
        let unknown = try await run(["audio", "set", "nobody", "mute=on"], control: control)
        #expect(unknown.code == 64 && unknown.error.contains("there is no input nobody"), "\(unknown.error)")
        let stopped = try await run(["stop"], control: control)
        #expect(stopped.code == 0)
        #expect(await broadcast.wait(timeout: .seconds(30)) == 0, "\(broadcast.errorText)")
        #expect(broadcast.errorText.contains(" 0 dropped"), "\(broadcast.errorText)")

        let samples = try await Self.sound(of: out, in: folder)
        let (mute, unmute) = (Double(first) / 30, Double(last) / 30)
        // AAC changes a tone by some per cent.
        func check(_ hertz: Double, _ second: Double, _ expected: Double) {
            let found = Self.amplitude(of: hertz, in: samples, at: second)
            #expect(abs(found - expected) < 0.01, "\(hertz) Hz at \(second) s: \(found), not \(expected)")
        }
        for second in [mute - 0.4, mute + 0.2, unmute + 0.2] { check(440, second, Self.amplitude) }
        check(2000, mute - 0.4, Self.amplitude)
        check(2000, mute + 0.2, 0)
        check(2000, unmute - 0.4, 0)
        check(2000, unmute + 0.2, Self.amplitude / 2)
        // Nothing is much steeper than both tones together: no click. An AAC encoder may make a tone half as loud again for
        // a moment.
        let steepest = Self.amplitude * 2 * .pi * (440 + 2000) / Double(Self.sampleRate)
        let steps = zip(samples, samples.dropFirst()).dropFirst(Self.sampleRate / 2).map { abs($0 - $1) }
        #expect(Double(steps.max() ?? 0) < 2 * steepest)
    }

    private func change(_ words: [String], control: String) async throws -> Int {
        let answer = try await run(["audio", "set", "source 2"] + words, control: control)
        #expect(answer.code == 0, "\(answer.error)")
        let match = try #require(answer.output.firstMatch(of: /from frame (\d+) on/))
        return try #require(Int(match.1))
    }

    private func frames(_ control: String) async -> Int {
        let status = try? await run(["status"], control: control)
        return status?.output.firstMatch(of: /frames: (\d+) safe/).flatMap { Int($0.1) } ?? 0
    }
}
