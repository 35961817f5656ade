import BulkheadTestSupport
import Foundation
import Testing

/// Pictures that are not as they go out, and what is said of an input.
@Suite(.timeLimit(.minutes(3))) struct FormatTests {
    /// A white bar moves quickly over black: in a combed picture every second row is another one.
    @Test func interlacedPicturesAreDeinterlaced() async throws {
        let field = try Field()
        let clip = try await field.make(
            "i.mpg",
            "-f lavfi -i color=black:size=64x64:rate=50:duration=2,geq=lum='if(lt(mod(X-N*4,64),16),235,16)':cb=128:cr=128,"
                + "tinterlace=mode=interleave_top:flags=0 -c:v mpeg2video -q:v 2 -flags +ildct+ilme -top 1")
        let result = try await field.broadcast([clip])
        #expect(result.status == 0, "\(result.text)")
        #expect(result.text.contains("its pictures are interlaced; they are deinterlaced"), "\(result.text)")
        #expect(try await result.pictures() == 50)
        #expect(try await result.combing() < 12)
    }

    @Test(arguments: [("smpte2084", 0.58), ("arib-std-b67", 0.75)])
    func highDynamicRangeIsMapped(transfer: String, white: Double) async throws {
        let field = try Field()
        // 203 cd/m² in ten bits, limited range.
        let luma = Int(64 + 876 * white)
        let clip = try await field.make(
            "hdr.mkv",
            "-f lavfi -i color=black:size=64x64:rate=25:duration=1,format=yuv420p10le,geq=lum=\(luma):cb=512:cr=512 "
                + "-c:v ffv1 -color_primaries bt2020 -color_trc \(transfer) -colorspace bt2020nc -color_range tv")
        let result = try await field.broadcast([clip])
        #expect(result.status == 0, "\(result.text)")
        #expect(result.text.contains("high dynamic range"), "\(result.text)")
        let colour = try await result.colour()
        #expect(colour[0] >= 200, "\(colour)")
        #expect(abs(colour[1] - 128) < 3 && abs(colour[2] - 128) < 3, "\(colour)")
    }

    @Test func chosenTrackIsNamed() async throws {
        let field = try Field()
        let clip = try await field.make(
            "two.mkv",
            "-f lavfi -i testsrc=size=64x64:rate=25:duration=1 -f lavfi -i sine=duration=1 -f lavfi -i sine=300:duration=1 "
                + "-map 0 -map 1 -map 2 -metadata:s:a:0 language=eng -metadata:s:a:1 language=ger -disposition:a:1 default "
                + "-disposition:a:0 0 -c:v libx264 -pix_fmt yuv420p -c:a aac")
        let result = try await field.broadcast([clip])
        #expect(result.text.contains("(track 2 of 2, ger; also 1 "), "\(result.text)")
    }

    @Test func jumpOfTheInputsClockIsSaid() async throws {
        let field = try Field()
        let first = try await field.make(
            "a.ts", "-f lavfi -i testsrc=size=64x64:rate=25:duration=2 -c:v libx264 -pix_fmt yuv420p")
        let second = try await field.make(
            "b.ts",
            "-f lavfi -i testsrc=size=64x64:rate=25:duration=2 -c:v libx264 -pix_fmt yuv420p -output_ts_offset 42")
        let joined = field.path("joined.ts")
        let parts = try [first, second].map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
        try (parts[0] + parts[1]).write(to: URL(fileURLWithPath: joined))
        let result = try await field.broadcast([joined])
        #expect(result.status == 0, "\(result.text)")
        #expect(try #require(try? Regex("jumped by (39|40)\\.[0-9]+ s").firstMatch(in: result.text)) != nil)
        #expect(try await (99...101).contains(result.pictures()))
    }
}

extension Field.Result {
    /// How much each row differs from the mean of those above and below it, in the middle of the film.
    func combing() async throws -> Double {
        let ffmpeg = try RunningProcess(
            "ffmpeg",
            [
                "-v", "error", "-nostdin", "-i", output, "-vf", "select=between(n\\,10\\,30)", "-vsync", "0", "-f",
                "rawvideo",
                "-pix_fmt", "gray", "-",
            ])
        await ffmpeg.wait(timeout: .seconds(30))
        let bytes = [UInt8](ffmpeg.output)
        try #require(bytes.count >= 4096)
        var (sum, count) = (0, 0)
        for start in Swift.stride(from: 0, to: bytes.count - 4095, by: 4096) {
            for y in 1..<63 {
                for x in 0..<64 {
                    let place = start + y * 64 + x
                    sum += abs(2 * Int(bytes[place]) - Int(bytes[place - 64]) - Int(bytes[place + 64])) / 2
                    count += 1
                }
            }
        }
        return Double(sum) / Double(max(1, count))
    }
}
