import BulkheadMaster
import BulkheadMedia
import BulkheadModel
import BulkheadWire
import Testing

/// What a dry run says a broadcast would be.
@Suite(.timeLimit(.minutes(1))) struct ForecastTests {
    private static func settings(_ urls: [String], to destinations: [DestinationSettings] = []) throws
        -> BroadcastSettings
    {
        var settings = BroadcastSettings(
            inputs: urls.map { InputSettings(url: $0) }, destinations: destinations,
            canvas: try #require(Canvas("720p")), frameRate: try #require(FrameRate(30)), preset: "fast")
        (settings.sizeFollowsInput, settings.rateFollowsInput) = (true, true)
        return settings
    }

    private static var film: SourceDescription {
        var format = PictureFormat(codec: "h264", width: 640, height: 360)
        (format.rateNumerator, format.rateDenominator) = (25, 1)
        return SourceDescription(
            hasVideo: true, hasAudio: true, isLive: false, duration: 90_000_000_000, summary: "a film",
            picture: format)
    }

    private static let song = SourceDescription(
        hasVideo: false, hasAudio: true, isLive: true, duration: -1, summary: "a song")

    @Test func pictureIsAsTheFirstInputsWherePeopleSetNothing() throws {
        let forecast = Forecast(try Self.settings(["film.mp4"]), [Self.film], notices: [[]])
        #expect(forecast.canvas == Canvas(width: 640, height: 360) && forecast.frameRate == FrameRate(25))
        #expect(forecast.follows == 1 && forecast.preset == "fast")
        var settings = try Self.settings(["film.mp4"])
        (settings.sizeFollowsInput, settings.rateFollowsInput) = (false, false)
        let set = Forecast(settings, [Self.film], notices: [[]])
        #expect(set.canvas == Canvas("720p") && set.frameRate == FrameRate(30) && set.follows == nil)
    }

    @Test func eachInputGivesWhatNoneBeforeItGives() throws {
        let forecast = Forecast(
            try Self.settings(["song.mp3", "film.mp4"]), [Self.song, Self.film], notices: [["hum"], []])
        let (song, film) = (try #require(forecast.inputs.first), try #require(forecast.inputs.last))
        #expect(song.givesSound && !song.givesPicture && song.unused.isEmpty && song.notices == ["hum"])
        #expect(film.givesPicture && !film.givesSound && film.unused == ["sound"] && film.notices.isEmpty)
        #expect(film.pictureTreatment != nil && film.soundTreatment == nil && song.pictureTreatment == nil)
        #expect(forecast.follows == 2)
    }

    @Test func layoutUsesAllThatThereIs() throws {
        var settings = try Self.settings(["film.mp4", "film.mp4", "song.mp3"])
        settings.layout = .sideBySide
        let forecast = Forecast(settings, [Self.film, Self.film, Self.song], notices: [])
        #expect(forecast.inputs.map(\.givesPicture) == [true, true, false])
        #expect(forecast.inputs.allSatisfy { $0.givesSound && $0.unused.isEmpty })
    }

    @Test func scenesThatShowWhatThereIsNotAreWarnedOf() throws {
        var settings = try Self.settings(["film.mp4", "song.mp3"])
        settings.inputs[0].name = "cam"
        settings.scenes = [
            Scene("talk", [SceneItem("CAM"), SceneItem("nobody"), SceneItem("source 2")]),
            Scene("fine", [SceneItem("1")]),
        ]
        let warnings = Forecast(settings, [Self.film, Self.song], notices: []).warnings
        #expect(warnings.count == 2)
        #expect(warnings.first?.hasPrefix("the scene talk shows nobody, and there is no such input") == true)
        #expect(warnings.last == "the scene talk shows source 2, which has no picture")
    }

    @Test func lengthIsToldWhereThereIsOne() throws {
        let forecast = Forecast(try Self.settings(["a", "b"]), [Self.film, Self.song], notices: [])
        #expect(forecast.inputs.map(\.seconds) == [90, nil] && forecast.inputs.map(\.isLive) == [false, true])
        #expect(forecast.inputs.map(\.summary) == ["a film", "a song"])
        #expect(forecast.inputs.map(\.notices) == [[], []], "where none were handed over")
    }

    /// A path and a password may stand in an address; a stream key is one.
    @Test(arguments: [
        ("film.mp4", "film.mp4"), ("test", "test"), ("v4l2:/dev/video0", "v4l2:/dev/video0"),
        ("rtsp://user:secret@camera.lan/secret?token=secret", "rtsp://camera.lan"),
        ("https://a@b@host:8443#secret", "https://host:8443"), ("srt://host?passphrase=secret", "srt://host"),
    ])
    func secretsOfInputsStayUntold(url: String, name: String) throws {
        let forecast = Forecast(try Self.settings([url]), [Self.film], notices: [[]])
        #expect(forecast.inputs.map(\.name) == [name])
    }

    @Test func keysOfDestinationsStayUntold() throws {
        var server = DestinationSettings(url: "rtmp://live.example/app")
        server.streamKey = "secret"
        let inAddress = DestinationSettings(url: "rtmp://live.example/app/secret")
        let file = DestinationSettings(url: "file:out.flv")
        let forecast = Forecast(try Self.settings(["test"], to: [server, inAddress, file]), [Self.film], notices: [])
        #expect(forecast.destinations.count == 3 && forecast.destinations.last == "file:out.flv")
        #expect(!forecast.destinations.contains { $0.contains("secret") })
        #expect(forecast.destinations.allSatisfy { $0.contains("live.example") || $0.hasPrefix("file:") })
    }
}
