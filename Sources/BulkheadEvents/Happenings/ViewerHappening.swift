import BulkheadModel

/// What the viewer of `bulkhead probe` and `bulkhead drill` notices.
package enum ViewerHappening: HappeningSubject {
    case connected(server: String)
    case disconnected(text: String)
    case unpublished
    case silent(seconds: Int)
    case video(codec: String, isChange: Bool)
    case audio(codec: String, isChange: Bool)
    case gap(milliseconds: Int, unit: Int64)
    case framesLost(frame: Int64, frames: Int)
    case frameRepeated(frame: Int64)
    case framesDisordered(frame: Int64, after: Int64)
    case sourceRestarted(frame: Int64, after: Int64)
    case timestampsBackwards(track: Track, milliseconds: Int, unit: Int64?)
    case timestampRepeated(track: Track, unit: Int64?)
    case timestampsJumped(track: Track, milliseconds: Int, unit: Int64?)
    case outOfSync(milliseconds: Int)
    case undecodable(unit: Int64)
    case decoderTrouble(text: String)

    /// What stands behind the period in the code.
    package enum Word: String, CaseIterable, Sendable {
        case connected
        case disconnected
        case unpublished
        case silent
        case video
        case audio
        case gap
        case framesLost = "frames-lost"
        case frameRepeated = "frame-repeated"
        case framesDisordered = "frames-disordered"
        case sourceRestarted = "source-restarted"
        case timestampsBackwards = "timestamps-backwards"
        case timestampRepeated = "timestamp-repeated"
        case timestampsJumped = "timestamps-jumped"
        case outOfSync = "out-of-sync"
        case undecodable
        case decoderTrouble = "decoder-trouble"
    }

    /// The case's word, its level, and its payload as values.
    package var facts: Facts<Word> {
        switch self {
        case .connected(let server): Facts(.connected, .notice, [.server: server])
        case .disconnected(let text): Facts(.disconnected, .warning, [.text: text])
        case .unpublished: Facts(.unpublished)
        case .silent(let seconds): Facts(.silent, .warning, [.seconds: seconds])
        case .video(let codec, let isChange):
            Facts(.video, isChange ? .warning : .notice, [.codec: codec, .isChange: isChange])
        case .audio(let codec, let isChange):
            Facts(.audio, isChange ? .warning : .notice, [.codec: codec, .isChange: isChange])
        case .gap(let milliseconds, let unit): Facts(.gap, .warning, [.milliseconds: milliseconds, .unit: unit])
        case .framesLost(let frame, let frames): Facts(.framesLost, .warning, [.frame: frame, .frames: frames])
        case .frameRepeated(let frame): Facts(.frameRepeated, .warning, [.frame: frame])
        case .framesDisordered(let frame, let after):
            Facts(.framesDisordered, .warning, [.frame: frame, .after: after])
        case .sourceRestarted(let frame, let after): Facts(.sourceRestarted, .warning, [.frame: frame, .after: after])
        case .timestampsBackwards(let track, let milliseconds, let unit):
            Facts(.timestampsBackwards, .warning, [.track: track, .milliseconds: milliseconds, .unit: unit])
        case .timestampRepeated(let track, let unit): Facts(.timestampRepeated, .warning, [.track: track, .unit: unit])
        case .timestampsJumped(let track, let milliseconds, let unit):
            Facts(.timestampsJumped, .warning, [.track: track, .milliseconds: milliseconds, .unit: unit])
        case .outOfSync(let milliseconds): Facts(.outOfSync, .warning, [.milliseconds: milliseconds])
        case .undecodable(let unit): Facts(.undecodable, .warning, [.unit: unit])
        case .decoderTrouble(let text): Facts(.decoderTrouble, .warning, [.text: text])
        }
    }

    /// The case of `word` with its payload. Throws when a value is missing or of another type.
    package init(_ word: Word, _ values: Values) throws(HappeningError) {
        switch word {
        case .connected: self = .connected(server: try values.required(.server))
        case .disconnected: self = .disconnected(text: try values.required(.text))
        case .unpublished: self = .unpublished
        case .silent: self = .silent(seconds: try values.required(.seconds))
        case .video: self = .video(codec: try values.required(.codec), isChange: try values.required(.isChange))
        case .audio: self = .audio(codec: try values.required(.codec), isChange: try values.required(.isChange))
        case .gap: self = .gap(milliseconds: try values.required(.milliseconds), unit: try values.required(.unit))
        case .framesLost: self = .framesLost(frame: try values.required(.frame), frames: try values.required(.frames))
        case .frameRepeated: self = .frameRepeated(frame: try values.required(.frame))
        case .framesDisordered:
            self = .framesDisordered(frame: try values.required(.frame), after: try values.required(.after))
        case .sourceRestarted:
            self = .sourceRestarted(frame: try values.required(.frame), after: try values.required(.after))
        case .timestampsBackwards:
            self = .timestampsBackwards(
                track: try values.required(.track), milliseconds: try values.required(.milliseconds),
                unit: try values.optional(.unit))
        case .timestampRepeated:
            self = .timestampRepeated(track: try values.required(.track), unit: try values.optional(.unit))
        case .timestampsJumped:
            self = .timestampsJumped(
                track: try values.required(.track), milliseconds: try values.required(.milliseconds),
                unit: try values.optional(.unit))
        case .outOfSync: self = .outOfSync(milliseconds: try values.required(.milliseconds))
        case .undecodable: self = .undecodable(unit: try values.required(.unit))
        case .decoderTrouble: self = .decoderTrouble(text: try values.required(.text))
        }
    }

    /// What docs/events.md says of `word`.
    package static func meaning(of word: Word) -> Meaning {
        switch word {
        case .connected:
            Meaning([.notice], [.server], "the server lets the viewer play the stream")
        case .disconnected:
            Meaning([.warning], [.text], "the connection was lost; another is made")
        case .unpublished:
            Meaning([.notice], [], "the publisher has left; another may come")
        case .silent:
            Meaning([.warning], [.seconds], "nothing has arrived for so long that the stream counts as ended")
        case .video:
            Meaning(
                [.notice, .warning], [.codec, .isChange],
                "the video configuration arrived; a warning when it isn't the first")
        case .audio:
            Meaning(
                [.notice, .warning], [.codec, .isChange],
                "the audio configuration arrived; a warning when it isn't the first")
        case .gap:
            Meaning(
                [.warning], [.milliseconds, .unit], "no picture arrived for longer than usual, up to this access unit")
        case .framesLost:
            Meaning([.warning], [.frame, .frames], "numbers are missing in the pictures, from this frame on")
        case .frameRepeated:
            Meaning([.warning], [.frame], "a numbered picture is shown again")
        case .framesDisordered:
            Meaning([.warning], [.frame, .after], "a numbered picture comes after a later one")
        case .sourceRestarted:
            Meaning([.warning], [.frame, .after], "the numbers in the pictures start again")
        case .timestampsBackwards:
            Meaning([.warning], [.track, .milliseconds, .unit], "a timestamp is earlier than the one before")
        case .timestampRepeated:
            Meaning([.warning], [.track, .unit], "a timestamp comes twice")
        case .timestampsJumped:
            Meaning([.warning], [.track, .milliseconds, .unit], "a timestamp is far later than the one before")
        case .outOfSync:
            Meaning([.warning], [.milliseconds], "beep and flash don't coincide; positive when the audio is late")
        case .undecodable:
            Meaning([.warning], [.unit], "an access unit can't be decoded; later ones are only counted")
        case .decoderTrouble:
            Meaning([.warning], [.text], "the viewer's decoder refuses the stream or has ended")
        }
    }
}
