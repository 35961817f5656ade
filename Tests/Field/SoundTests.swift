import BulkheadTestSupport
import Foundation
import Testing

/// What sound of the field comes out as.
@Suite(.timeLimit(.minutes(3))) struct SoundTests {
    @Test func sixFullChannelsStayWithinFullScale() async throws {
        let field = try Field()
        let tone = "sin(2*PI*440*t)"
        let clip = try await field.make(
            "six.wav", "-f lavfi -i aevalsrc=\(Array(repeating: tone, count: 6).joined(separator: "|")):c=5.1:d=2")
        let result = try await field.broadcast([clip])
        #expect(result.status == 0, "\(result.text)")
        let peak = try #require(try await result.peak())
        #expect(peak <= 0.3 && peak > -3, "\(peak)")
    }

    /// Only what is too loud is turned down.
    @Test func centreAloneLosesThreeDecibels() async throws {
        let field = try Field()
        let clip = try await field.make("centre.wav", "-f lavfi -i aevalsrc=0|0|sin(2*PI*440*t)|0|0|0:c=5.1:d=2")
        let result = try await field.broadcast([clip])
        let peak = try #require(try await result.peak())
        #expect(abs(peak + 3) < 0.5, "\(peak)")
    }

    /// Samples that are no numbers are silence; those around them stay what they are.
    @Test(arguments: [Float.nan, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude])
    func samplesThatAreNoNumbersAreSilence(nonsense: Float) async throws {
        let field = try Field()
        let clip = try await field.make(
            "tone.wav", "-f lavfi -i sine=duration=2:sample_rate=48000 -c:a pcm_f32le -bitexact")
        var data = try Data(contentsOf: URL(fileURLWithPath: clip))
        for sample in 0..<200 {
            let offset = 40_000 + sample * 400
            withUnsafeBytes(of: nonsense.bitPattern.littleEndian) {
                data.replaceSubrange(offset..<offset + 4, with: $0)
            }
        }
        try data.write(to: URL(fileURLWithPath: clip))
        let result = try await field.broadcast([clip])
        #expect(result.status == 0, "\(result.text)")
        let peak = try #require(try await result.peak())
        #expect(peak < -10 && peak > -25, "\(peak)")
    }

    /// A film in two languages: the second is asked for, by its number or its name.
    @Test(arguments: ["audio=2", "audio=fra", "video=1,audio=fra"]) func trackIsChosen(option: String) async throws {
        let field = try Field()
        let path = try await field.make("talk.mkv", Self.twoLanguages)
        let result = try await field.broadcast(["\(path),\(option)"])
        #expect(result.status == 0, "\(result.text)")
        #expect(result.text.contains("track 2 of 2, fra"), "\(result.text)")
    }

    @Test func trackThatIsNotThereIsRefusedWithThoseThereAre() async throws {
        let field = try Field()
        let path = try await field.make("talk.mkv", Self.twoLanguages)
        let result = try await field.broadcast(["\(path),audio=deu"])
        #expect(result.status == 66)
        #expect(result.text.contains("no track deu with sound; there are: 1 (eng), 2 (fra)"), "\(result.text)")
        let mute = try await field.broadcast(["\(path),audio=none"])
        #expect(mute.status == 0 && !mute.text.contains("aac"), "\(mute.text)")
    }

    private static let twoLanguages =
        "-f lavfi -i testsrc=size=64x64:rate=25:duration=2 -f lavfi -i sine=duration=2 "
        + "-f lavfi -i sine=frequency=880:duration=2 -map 0 -map 1 -map 2 -c:v libx264 -pix_fmt yuv420p -c:a aac "
        + "-metadata:s:a:0 language=eng -metadata:s:a:1 language=fra"
}
