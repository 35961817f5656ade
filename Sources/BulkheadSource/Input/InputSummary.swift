import BulkheadMedia

/// What an input holds and what was chosen of it, for a person.
struct InputSummary {
    /// The demuxer's name.
    let container: String
    let picture: PictureFormat?
    let sound: SoundFormat?

    var text: String {
        var parts = container.isEmpty ? [] : [container]
        if let picture {
            var text = "\(picture.codec) \(picture.width)x\(picture.height)"
            if let rate = picture.framesPerSecond {
                let hundredths = (rate * 100).rounded() / 100
                text += hundredths == hundredths.rounded() ? " \(Int(hundredths)) fps" : " \(hundredths) fps"
            }
            parts.append(text + Self.choice(picture.track, of: picture.trackCount, picture.language))
        }
        if let sound {
            parts.append(
                "\(sound.codec) \(sound.sampleRate) Hz \(sound.channelCount) channels"
                    + Self.choice(sound.track, of: sound.trackCount, sound.language))
        }
        return parts.joined(separator: ", ")
    }

    /// Which of several tracks of its kind it is, with its language; empty for the only one.
    private static func choice(_ track: UInt16, of count: UInt16, _ language: String) -> String {
        guard count > 1 else { return "" }
        return " (track \(track) of \(count)\(language.isEmpty ? "" : ", \(language)"))"
    }
}
