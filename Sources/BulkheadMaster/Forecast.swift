package import BulkheadMedia
package import BulkheadModel
import BulkheadProgram
import BulkheadRTMP
import BulkheadSRT
import BulkheadTimeline
package import BulkheadWire

/// What a broadcast would be: its inputs as they were found, what would become of them, and what would go out.
package struct Forecast: Codable, Hashable, Sendable {
    /// One input.
    package struct Input: Codable, Hashable, Sendable {
        /// A path, a device, `test`, or an address without what may be a secret.
        package var name: String
        /// What it holds, in words.
        package var summary: String
        /// It runs by its own clock and can't be made to wait.
        package var isLive: Bool
        /// Nil where it is not known or has no end.
        package var seconds: Double?
        /// Its picture goes out.
        package var givesPicture: Bool
        /// Its sound goes out.
        package var givesSound: Bool
        /// What it has and is not used: `picture`, `sound`.
        package var unused: [String]
        /// Nil where it has none, and for the test picture.
        package var picture: PictureFormat?
        /// Nil where it has none, and for the test picture.
        package var sound: SoundFormat?
        /// Nil where its picture is not used.
        package var pictureTreatment: PictureTreatment?
        /// Nil where its sound is not used.
        package var soundTreatment: SoundTreatment?
        /// What the source said while it opened the input.
        package var notices: [String]
        /// What people call it; nil where it has no name.
        package var called: String?
        /// What would be done with its sound; nil for sound as it is.
        package var strip: StripSettings?
    }

    /// In the order in which they were named.
    package var inputs: [Input]
    /// What is amiss and would not keep the broadcast from going on air: scenes that show inputs which there are not.
    package var warnings: [String]
    /// Of the picture that would go out.
    package var canvas: Canvas
    /// Of the picture that would go out.
    package var frameRate: FrameRate
    /// Whose size and rate the picture would have, from 1; nil where they are set or there is nothing to learn.
    package var follows: Int?
    /// Where it would go, without keys.
    package var destinations: [String]
    /// In bits a second.
    package var videoBitsPerSecond: UInt32
    /// In bits a second.
    package var audioBitsPerSecond: UInt32
    /// x264's.
    package var preset: String
    /// H.264's.
    package var profile: String
    /// From IDR to IDR.
    package var keyframeIntervalSeconds: Double

    /// - Parameters:
    ///   - found: what the inputs are, in their order.
    ///   - notices: what the sources said, in the order of the inputs.
    package init(_ settings: BroadcastSettings, _ found: [SourceDescription], notices: [[String]]) {
        var selection = Selection()
        for (index, description) in found.enumerated() {
            selection.offer(
                InputID(index + 1), hasPicture: description.hasVideo, hasSound: description.hasAudio)
        }
        let choice = PictureChoice(settings, found, isPatient: false)
        let (canvas, frameRate) = (choice?.canvas ?? settings.canvas, choice?.frameRate ?? settings.frameRate)
        self.canvas = canvas
        self.frameRate = frameRate
        follows = choice?.input.map { $0 + 1 }
        inputs = zip(settings.inputs, found).enumerated().map { index, pair in
            let (input, description) = pair
            let id = InputID(index + 1)
            // A layout shows all, and scenes may.
            let isMixed = settings.layout != nil || settings.scenes?.isEmpty == false
            let givesPicture = isMixed ? description.hasVideo : selection.picture == id
            let givesSound = isMixed ? description.hasAudio : selection.sound == id
            let isUnused = [
                description.hasVideo && !givesPicture ? "picture" : nil,
                description.hasAudio && !givesSound ? "sound" : nil,
            ]
            return Input(
                name: Self.name(input.url), summary: description.summary, isLive: description.isLive,
                seconds: description.duration > 0 ? Double(description.duration) / 1e9 : nil,
                givesPicture: givesPicture, givesSound: givesSound, unused: isUnused.compactMap { $0 },
                picture: description.picture, sound: description.sound,
                pictureTreatment: givesPicture && !description.isDrawnStill
                    ? description.picture.map {
                        PictureTreatment(
                            $0, canvas: canvas, frameRate: frameRate, settings.deinterlacing ?? .auto)
                    } : nil,
                soundTreatment: givesSound ? description.sound.map(SoundTreatment.init) : nil,
                notices: index < notices.count ? notices[index] : [], called: input.name, strip: input.strip)
        }
        warnings = Self.warnings(settings, found)
        destinations = settings.destinations.map(Self.name)
        videoBitsPerSecond = settings.videoBitsPerSecond
        audioBitsPerSecond = settings.audioBitsPerSecond
        preset = settings.preset
        profile = settings.profile
        keyframeIntervalSeconds = settings.keyframeIntervalSeconds
    }

    /// What scenes show that there is not.
    private static func warnings(_ settings: BroadcastSettings, _ found: [SourceDescription]) -> [String] {
        func index(of word: String) -> Int? {
            let word = word.lowercased()
            return settings.inputs.indices.first { index in
                settings.inputs[index].name?.lowercased() == word || "\(index + 1)" == word
                    || "source \(index + 1)" == word
            }
        }
        return (settings.scenes ?? []).flatMap { scene in
            scene.items.compactMap { item in
                guard let index = index(of: item.input) else {
                    return "the scene \(scene.name) shows \(item.input), and there is no such input: it can't be taken "
                        + "before one is added"
                }
                guard found.indices.contains(index), !found[index].hasVideo else { return nil }
                return "the scene \(scene.name) shows \(item.input), which has no picture"
            }
        }
    }

    /// An address is shortened to its machine: the rest may be a secret.
    private static func name(_ url: String) -> String {
        guard let start = url.firstRange(of: "://")?.upperBound else { return url }
        var authority = url[start...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if let at = authority.lastIndex(of: "@") { authority = authority[authority.index(after: at)...] }
        return String(url[..<start] + authority)
    }

    private static func name(_ destination: DestinationSettings) -> String {
        if destination.isFile { return destination.url }
        let key = destination.streamKey.isEmpty ? nil : destination.streamKey
        if let address = try? SRTAddress(destination.url, passphrase: key) { return "\(address)" }
        guard let target = try? IngestTarget(destination.url, key: key) else { return name(destination.url) }
        return "\(target)"
    }
}
