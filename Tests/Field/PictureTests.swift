import BulkheadTestSupport
import Glibc
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

    /// Inputs of BT.601 and of BT.709 look alike beside each other, and as they would alone; so do full and limited range.
    @Test(arguments: ["1280x720", "640x360"]) func matricesAndRangesLookAlikeBesideEachOther(size: String) async throws
    {
        let field = try Field()
        let colour = "-f lavfi -i color=0xC04060:size=640x360:rate=25:duration=1,format=gbrp"
        var clips: [String] = []
        for (index, (matrix, range)) in [("bt709", "tv"), ("smpte170m", "tv"), ("bt709", "pc"), ("bt470bg", "pc")]
            .enumerated()
        {
            let name = matrix == "bt709" ? "bt709" : "bt601"
            clips.append(
                try await field.make(
                    "\(index).mkv",
                    "\(colour),scale=out_color_matrix=\(name):out_range=\(range),format=yuv420p -c:v ffv1 "
                        + "-colorspace \(matrix) -color_range \(range)"))
        }
        let result = try await field.broadcast(clips + ["--layout", "grid", "--video-bitrate", "4M"], size: size)
        #expect(result.status == 0, "\(result.text)")
        let (width, height) = size == "1280x720" ? (1280, 720) : (640, 360)
        // 0xC04060 by ITU-R BT.709-6, 3.2, and BT.601-7, 2.5.
        let expected = size == "1280x720" ? [96, 129, 183] : [107, 123, 182]
        for (x, y) in [(1, 1), (3, 1), (1, 3), (3, 3)] {
            let found = try await result.colour(at: "\(x * width / 4 - 8):\(y * height / 4 - 8)")
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 2 }, "\(x),\(y): \(found)")
        }
    }

    /// Half transparent white over blue, in a corner: what lies behind is seen through it.
    @Test(arguments: [
        ("a.png", "-frames:v 1"), ("a.mov", "-c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le"),
        ("b.mov", "-c:v qtrle -pix_fmt argb"), ("a.webm", "-c:v libvpx-vp9 -pix_fmt yuva420p"),
        ("a.webp", "-lossless 1 -frames:v 1"),
    ])
    func transparentShowsWhatLiesBehind(name: String, words: String) async throws {
        let field = try Field()
        let back = try await field.make(
            "back.mp4", "-f lavfi -i color=blue:size=320x180:rate=25:duration=3 -c:v libx264 -pix_fmt yuv420p")
        let glass = try await field.make(
            name, "-f lavfi -i color=white@0.5:size=320x180:rate=25:duration=3,format=rgba \(words)")
        let result = try await field.broadcast(
            [back, glass, "--layout", "picture-in-picture"], size: "320x180", isFast: false)
        #expect(result.status == 0, "\(result.text)")
        // Blue is 41, 240, 110; the corner lies right and below. A frame for which the mixer is late shows the first input alone.
        var corners: [[Int]] = []
        for frame in [30, 40, 50, 60, 70] {
            let around = try await result.colour(ofFrame: frame, at: "20:20")
            #expect(zip(around, [41, 240, 110]).allSatisfy { abs($0 - $1) <= 3 }, "\(around)")
            corners.append(try await result.colour(ofFrame: frame, at: "250:140"))
        }
        #expect(
            corners.contains { corner in zip(corner, [138, 184, 119]).allSatisfy { abs($0 - $1) <= 4 } },
            "\(corners)")
    }

    /// A dead camera's place in a scene: a ground, and its name, which is bright.
    @Test func inputThatNeverComesHasACardWithItsName() async throws {
        let field = try Field()
        let clip = try await field.make(
            "back.mp4", "-f lavfi -i color=blue:size=320x180:rate=25:duration=6 -c:v libx264 -pix_fmt yuv420p")
        let pipe = field.path("camera")
        try #require(mkfifo(pipe, 0o600) == 0)
        // Somebody holds the other end, and writes nothing.
        let holder = open(pipe, O_RDWR | O_CLOEXEC)
        defer { close(holder) }
        let result = try await field.broadcast(
            [
                clip, pipe + ",name=WWWWWW", "--input-format", "auto", "--input-format", "mpegts", "--layout",
                "side-by-side",
                "--slate-after", "500ms", "--duration", "4",
            ], size: "320x180", isFast: false)
        #expect(result.status == 0, "\(result.text)")
        #expect(
            result.text.contains("WWWWWW: gives no picture; a card with its name stands in its place"), "\(result.text)"
        )
        let (left, right) = try await (
            result.colour(ofFrame: 90, at: "60:80"), result.colour(ofFrame: 90, at: "232:82")
        )
        #expect(zip(left, [41, 240, 110]).allSatisfy { abs($0 - $1) <= 3 }, "\(left)")
        // Letters, more than half of them as bright as they get.
        #expect(right[0] > 70, "\(right)")
        let ground = try await result.colour(ofFrame: 90, at: "232:52")
        #expect((20...44).contains(ground[0]) && abs(ground[1] - 134) <= 3, "\(ground)")
    }
}
