import BulkheadMedia

/// One of an input's tracks, which may be chosen.
struct InputTrack {
    /// Among those of its kind, from 1.
    let number: Int
    /// libavcodec's name.
    let codec: String
    /// As the input says it; empty where it says nothing.
    let language: String
    /// As the input says it; empty where it says nothing.
    let title: String

    /// What tells it from the others: its number, with its language, its title, or at least its codec.
    var text: String {
        let title = title.filter { !$0.isNewline }
        let name = title.count > Self.longestTitle ? "\(title.prefix(Self.longestTitle))…" : title
        let words = [language == "und" ? "" : language, name].filter { !$0.isEmpty }
        return "\(number) \(words.isEmpty ? codec : words.joined(separator: " "))"
    }

    private static let longestTitle = 24
}

/// What an input holds and what was chosen of it, for a person.
struct InputSummary {
    /// The demuxer's name.
    let container: String
    let picture: PictureFormat?
    let sound: SoundFormat?
    /// All that could have been chosen.
    var pictureTracks: [InputTrack] = []
    var soundTracks: [InputTrack] = []

    /// How many of the tracks that are not played are named.
    private static let mostTracks = 6

    var text: String {
        var parts = container.isEmpty ? [] : [container]
        if let picture {
            var text = "\(picture.codec) \(picture.width)x\(picture.height)"
            if let rate = picture.framesPerSecond {
                let hundredths = (rate * 100).rounded() / 100
                text += hundredths == hundredths.rounded() ? " \(Int(hundredths)) fps" : " \(hundredths) fps"
            }
            parts.append(text + Self.choice(picture.track, picture.language, of: pictureTracks))
        } else if !pictureTracks.isEmpty {
            parts.append("no picture (there is \(Self.list(pictureTracks)))")
        }
        if let sound {
            let channels = sound.channelCount == 1 ? "1 channel" : "\(sound.channelCount) channels"
            parts.append(
                "\(sound.codec) \(sound.sampleRate) Hz \(channels)"
                    + Self.choice(sound.track, sound.language, of: soundTracks))
        } else if !soundTracks.isEmpty {
            parts.append("no sound (there is \(Self.list(soundTracks)))")
        }
        return parts.joined(separator: ", ")
    }

    /// Which of several tracks of its kind it is, and what the others are; empty for the only one.
    private static func choice(_ track: UInt16, _ language: String, of tracks: [InputTrack]) -> String {
        guard tracks.count > 1 else { return "" }
        let own = "track \(track) of \(tracks.count)\(language.isEmpty ? "" : ", \(language)")"
        return " (\(own); also \(list(tracks.filter { $0.number != Int(track) })))"
    }

    private static func list(_ tracks: [InputTrack]) -> String {
        let more = tracks.count - mostTracks
        return tracks.prefix(mostTracks).map(\.text).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
    }
}
