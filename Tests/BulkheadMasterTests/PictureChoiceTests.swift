import BulkheadMaster
import BulkheadMedia
import BulkheadModel
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(1))) struct PictureChoiceTests {
    private static func settings(follows: Bool = true) throws -> BroadcastSettings {
        var settings = BroadcastSettings(
            inputs: [], destinations: [], canvas: try #require(Canvas("720p")), frameRate: try #require(FrameRate(30)))
        if follows { (settings.sizeFollowsInput, settings.rateFollowsInput) = (true, true) }
        return settings
    }

    private static var film: SourceDescription {
        var format = PictureFormat(codec: "h264", width: 640, height: 360)
        (format.rateNumerator, format.rateDenominator) = (25, 1)
        return SourceDescription(
            hasVideo: true, hasAudio: true, isLive: false, duration: 1, summary: "", picture: format)
    }

    private static let song = SourceDescription(
        hasVideo: false, hasAudio: true, isLive: false, duration: 1, summary: "")
    private static let test = SourceDescription(
        hasVideo: true, hasAudio: true, isLive: false, duration: -1, summary: "")

    private static func choice(
        _ descriptions: [SourceDescription?], isPatient: Bool = true, follows: Bool = true
    ) throws -> PictureChoice? {
        PictureChoice(try settings(follows: follows), descriptions, isPatient: isPatient)
    }

    @Test func firstInputWithAPictureGivesItsSizeAndRate() throws {
        let choice = try Self.choice([Self.song, Self.film, nil])
        #expect(choice?.canvas.description == "640x360" && choice?.frameRate.description == "25")
        #expect(choice?.input == 1)
    }

    @Test func inputThatIsNotOpenIsWaitedFor() throws {
        #expect(try Self.choice([nil, Self.film]) == nil)
        #expect(try Self.choice([Self.song, nil]) == nil)
        let late = try Self.choice([nil, Self.film], isPatient: false)
        #expect(late?.canvas.description == "1280x720" && late?.input == nil)
    }

    /// A title before a film is drawn in the film's size.
    @Test func drawnInputsAreLeftOut() throws {
        var format = PictureFormat(codec: "", width: 900, height: 100)
        (format.isStill, format.isDrawn) = (true, true)
        let title = SourceDescription(
            hasVideo: true, hasAudio: false, isLive: false, duration: 0, summary: "", picture: format)
        let choice = try Self.choice([title, Self.film])
        #expect(choice?.canvas.description == "640x360" && choice?.input == 1)
    }

    @Test func withoutAPictureThereIsNothingToLearn() throws {
        for descriptions in [[Self.song], [Self.test], [Self.song, Self.song]] {
            let choice = try Self.choice(descriptions)
            #expect(choice?.canvas.description == "1280x720" && choice?.frameRate.description == "30")
            #expect(choice?.input == nil)
        }
    }

    @Test func whatIsSetStays() throws {
        let set = try Self.choice([nil], follows: false)
        #expect(set?.canvas.description == "1280x720" && set?.input == nil)
        var settings = try Self.settings(follows: false)
        settings.rateFollowsInput = true
        let half = PictureChoice(settings, [Self.film], isPatient: true)
        #expect(half?.canvas.description == "1280x720" && half?.frameRate.description == "25" && half?.input == 0)
    }
}
