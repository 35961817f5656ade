import BulkheadTestSupport
import Testing

/// What a picture looks like when it goes out, as Y, U and V.
@Suite(.timeLimit(.minutes(3))) struct PictureTests {
    private static let white = "-f lavfi -i color=white@0:size=64x64:rate=25:duration=1,format=rgba"

    @Test(arguments: [
        ("a.png", "-frames:v 1"), ("a.mov", "-c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le"),
        ("b.mov", "-c:v qtrle -pix_fmt argb"), ("a.webm", "-c:v libvpx-vp9 -pix_fmt yuva420p"),
    ])
    func transparentIsBlack(name: String, words: String) async throws {
        let field = try Field()
        let clip = try await field.make(name, "\(Self.white) \(words)")
        let result = try await field.broadcast([clip, "--duration", "0.5"])
        #expect(result.status == 0, "\(result.text)")
        #expect(try await result.colour() == [16, 128, 128])
    }

    @Test func transparentSlateIsBlackBeneath() async throws {
        let field = try Field()
        let slate = try await field.make("slate.png", "\(Self.white) -frames:v 1")
        // The picture is read beside the broadcast, which shows the built-in slate until it is here.
        let sound = try await field.make("s.wav", "-f lavfi -i sine=duration=6")
        let result = try await field.broadcast([sound, "--slate", slate], isFast: false)
        #expect(result.status == 0, "\(result.text)")
        #expect(try await result.colour(ofFrame: 140) == [16, 128, 128])
    }

    /// Pictures below 720 rows are of BT.601 where they don't say, those of the canvas are of BT.709; both are said.
    @Test func redOfStandardDefinitionIsRed() async throws {
        let field = try Field()
        let clip = try await field.make(
            "red.mp4", "-f lavfi -i color=red:size=720x576:rate=25:duration=1 -c:v libx264 -pix_fmt yuv420p")
        let result = try await field.broadcast([clip], size: "1280x720")
        let colour = try await result.colour()
        #expect(zip(colour, [63, 102, 240]).allSatisfy { abs($0 - $1) <= 2 }, "\(colour)")
        let probe = try RunningProcess(
            "ffprobe",
            [
                "-v", "error", "-show_entries", "stream=color_range,color_space,color_transfer,color_primaries",
                "-select_streams", "v", "-of", "csv=p=0", result.output,
            ])
        await probe.wait()
        #expect(probe.outputText.contains("tv,bt709,bt709,bt709"), "\(probe.outputText)")
    }

    @Test func coverIsShownForTheWholeSong() async throws {
        let field = try Field()
        let cover = try await field.make("cover.png", "-f lavfi -i color=white:size=64x64 -frames:v 1")
        let song = try await field.make(
            "song.mp3",
            "-f lavfi -i sine=duration=3 -i \(cover) -map 0 -map 1 -c:a libmp3lame -c:v copy -disposition:v attached_pic"
        )
        let result = try await field.broadcast([song])
        #expect(result.status == 0, "\(result.text)")
        #expect(try await (74...77).contains(result.pictures()))
        for frame in [5, 60] { #expect(try await result.colour(ofFrame: frame) == [235, 128, 128]) }
    }

    @Test func stillAloneStandsAsLongAsTheBroadcast() async throws {
        let field = try Field()
        let still = try await field.make("c.png", "-f lavfi -i color=white:size=64x64 -frames:v 1")
        let result = try await field.broadcast([still, "--duration", "10"])
        #expect(result.status == 0, "\(result.text)")
        #expect(try await result.pictures() == 250)
        #expect(try await result.colour(ofFrame: 240) == [235, 128, 128])
    }
}
