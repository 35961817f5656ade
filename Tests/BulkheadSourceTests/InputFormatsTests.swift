import BulkheadMedia
import BulkheadTestSupport
import BulkheadWire
import Testing

/// What a source says of its input before the first picture is asked for.
@Suite(.timeLimit(.minutes(2))) struct InputFormatsTests {
    private func describe(_ name: String, _ words: String) async throws -> SourceDescription {
        let folder = try TemporaryFolder()
        let path = folder.path(name)
        let arguments = "-v error -nostdin -y \(words)".split(separator: " ").map(String.init) + [path]
        let ffmpeg = try RunningProcess("ffmpeg", arguments)
        try #require(await ffmpeg.wait(timeout: .seconds(60)) == 0, "\(ffmpeg.errorText)")
        let source = try SourceUnderTest(path, canvas: "64x64", rate: "25")
        try source.play(until: { $0.description != nil })
        return try #require(source.take.description)
    }

    @Test func sizeRateAndPixelsAreTold() async throws {
        let description = try await describe(
            "a.mkv",
            "-f lavfi -i testsrc2=size=96x64:rate=30000/1001:duration=1 -c:v libx264 -pix_fmt yuv422p10le "
                + "-colorspace bt709 -color_range tv")
        let picture = try #require(description.picture)
        #expect(picture.codec == "h264" && picture.width == 96 && picture.height == 64)
        #expect(NaturalPicture(picture).frameRate?.description == "30000/1001")
        #expect(picture.pixelFormat == "yuv422p10le" && picture.matrix == "bt709" && !picture.isFullRange)
        #expect(!picture.isInterlaced && !picture.hasAlpha && !picture.isStill && picture.transfer == .standard)
        #expect(description.sound == nil && description.place == nil && !description.comesBack)
    }

    @Test func interlacedAndAnamorphicPicturesAreTold() async throws {
        let picture = try #require(
            try await describe(
                "a.mpg",
                "-f lavfi -i testsrc2=size=720x576:rate=50:duration=1 -vf tinterlace=interleave_top,setsar=64/45 "
                    + "-c:v mpeg2video -flags +ildct+ilme"
            ).picture)
        #expect(picture.isInterlaced && abs(picture.aspect - 64.0 / 45) < 0.001)
        #expect(NaturalPicture(picture).canvas?.description == "1024x576")
    }

    @Test func tracksAndChannelsAreTold() async throws {
        let description = try await describe(
            "a.mkv",
            "-f lavfi -i sine=sample_rate=44100:duration=1 -f lavfi -i sine=sample_rate=44100:duration=1 -map 0 "
                + "-map 1 -map 0 -c:a:0 aac -c:a:1 ac3 -ac:a:1 6 -c:a:2 mp2 -metadata:s:a:1 language=deu "
                + "-metadata:s:a:0 title=Commentary -disposition:a:0 0 -disposition:a:1 default")
        let sound = try #require(description.sound)
        #expect(sound.trackCount == 3 && sound.sampleRate == 44_100)
        #expect(sound.track == 2 && sound.language == "deu" && sound.channelCount == 6 && sound.layout.hasPrefix("5.1"))
        let tracks = "(track 2 of 3, deu; also 1 Commentary, 3 mp2)"
        #expect(description.summary.hasSuffix(tracks), "\(description.summary)")
    }

    @Test func stillsAndHighDynamicRangeAreTold() async throws {
        let still = try await describe("a.png", "-f lavfi -i color=red@0.5:size=64x48,format=rgba -frames:v 1")
        #expect(still.picture?.isStill == true && still.picture?.hasAlpha == true && still.duration == 0)
        let bright = try await describe(
            "a.mkv",
            "-f lavfi -i testsrc2=size=64x64:rate=25:duration=1 -c:v libx264 -pix_fmt yuv420p10le -color_trc smpte2084 "
                + "-colorspace bt2020nc -color_primaries bt2020")
        #expect(bright.picture?.transfer == .pq && bright.picture?.matrix == "bt2020nc")
    }
}
