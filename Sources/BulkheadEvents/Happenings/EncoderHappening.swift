import BulkheadModel

/// What happens to the encoders' post beyond every child's course.
package enum EncoderHappening: HappeningSubject {
    case waiting(address: String, isOnAir: Bool)
    case bitrateSet(bitsPerSecond: Int)
    case bitrateRaised(bitsPerSecond: Int, wanted: Int)
    case changed(canvas: String, preset: String, frame: Int64, pid: Int32)
    case notChanged(reason: Reason)
    case frameSkipped(frame: Int64, deaths: Int)
    case safeSettings
    case wantedSettings
    case slateBegan(frame: Int64?)
    case slateEnded(frames: Int)
    case inLockstep(frame: Int64, pid: Int32)
    case differs(frame: Int64?)
    case lockstepGivenUp

    /// What stands behind the period in the code.
    package enum Word: String, CaseIterable, Sendable {
        case waiting
        case bitrateSet = "bitrate-set"
        case bitrateRaised = "bitrate-raised"
        case changed
        case notChanged = "not-changed"
        case frameSkipped = "frame-skipped"
        case safeSettings = "safe-settings"
        case wantedSettings = "wanted-settings"
        case slateBegan = "slate-began"
        case slateEnded = "slate-ended"
        case inLockstep = "in-lockstep"
        case differs
        case lockstepGivenUp = "lockstep-given-up"
    }

    /// The case's word, its level, and its payload as values.
    package var facts: Facts<Word> {
        switch self {
        case .waiting(let address, let isOnAir):
            Facts(.waiting, isOnAir ? .warning : .notice, [.address: address, .isOnAir: isOnAir])
        case .bitrateSet(let bitsPerSecond): Facts(.bitrateSet, .notice, [.bitsPerSecond: bitsPerSecond])
        case .bitrateRaised(let bitsPerSecond, let wanted):
            Facts(.bitrateRaised, .notice, [.bitsPerSecond: bitsPerSecond, .wanted: wanted])
        case .changed(let canvas, let preset, let frame, let pid):
            Facts(.changed, .notice, [.canvas: canvas, .preset: preset, .frame: frame, .pid: pid])
        case .notChanged(let reason): Facts(.notChanged, .warning, [.reason: reason.code, .text: reason.text])
        case .frameSkipped(let frame, let deaths): Facts(.frameSkipped, .error, [.frame: frame, .deaths: deaths])
        case .safeSettings: Facts(.safeSettings, .warning)
        case .wantedSettings: Facts(.wantedSettings)
        case .slateBegan(let frame): Facts(.slateBegan, .error, [.frame: frame])
        case .slateEnded(let frames): Facts(.slateEnded, .notice, [.frames: frames])
        case .inLockstep(let frame, let pid): Facts(.inLockstep, .notice, [.frame: frame, .pid: pid])
        case .differs(let frame): Facts(.differs, .error, [.frame: frame])
        case .lockstepGivenUp: Facts(.lockstepGivenUp, .warning)
        }
    }

    /// The case of `word` with its payload. Throws when a value is missing or of another type.
    package init(_ word: Word, _ values: Values) throws(HappeningError) {
        switch word {
        case .waiting: self = .waiting(address: try values.required(.address), isOnAir: try values.required(.isOnAir))
        case .bitrateSet: self = .bitrateSet(bitsPerSecond: try values.required(.bitsPerSecond))
        case .bitrateRaised:
            self = .bitrateRaised(
                bitsPerSecond: try values.required(.bitsPerSecond), wanted: try values.required(.wanted))
        case .changed:
            self = .changed(
                canvas: try values.required(.canvas), preset: try values.required(.preset),
                frame: try values.required(.frame), pid: try values.required(.pid))
        case .notChanged: self = .notChanged(reason: try Reason(values))
        case .frameSkipped:
            self = .frameSkipped(frame: try values.required(.frame), deaths: try values.required(.deaths))
        case .safeSettings: self = .safeSettings
        case .wantedSettings: self = .wantedSettings
        case .slateBegan: self = .slateBegan(frame: try values.optional(.frame))
        case .slateEnded: self = .slateEnded(frames: try values.required(.frames))
        case .inLockstep: self = .inLockstep(frame: try values.required(.frame), pid: try values.required(.pid))
        case .differs: self = .differs(frame: try values.optional(.frame))
        case .lockstepGivenUp: self = .lockstepGivenUp
        }
    }

    /// What docs/events.md says of `word`.
    package static func meaning(of word: Word) -> Meaning {
        switch word {
        case .waiting:
            Meaning(
                [.notice, .warning], [.address, .isOnAir],
                "an encoder must be started by hand; a warning when the stream stands still meanwhile")
        case .bitrateSet:
            Meaning([.notice], [.bitsPerSecond], "the video bitrate was changed on request")
        case .bitrateRaised:
            Meaning([.notice], [.bitsPerSecond, .wanted], "the links can carry more than the lowered video bitrate")
        case .changed:
            Meaning([.notice], [.canvas, .preset, .frame, .pid], "new encoder settings are on air")
        case .notChanged:
            Meaning([.warning], [.reason, .text], "new encoder settings can't be used; the old ones stay")
        case .frameSkipped:
            Meaning([.error], [.frame, .deaths], "a frame that ended one encoder after another is left out")
        case .safeSettings:
            Meaning([.warning], [], "encoders keep dying; safe settings are used for a while")
        case .wantedSettings:
            Meaning([.notice], [], "the wanted settings are tried again after safe ones")
        case .slateBegan:
            Meaning([.error], [.frame], "no encoder can work; the encoded slate is on air")
        case .slateEnded:
            Meaning([.notice], [.frames], "an encoder works again")
        case .inLockstep:
            Meaning([.notice], [.frame, .pid], "a twin encodes the same frames as the encoder on air")
        case .differs:
            Meaning([.error], [.frame], "the twin wrote other access units for the same frames; the twin is replaced")
        case .lockstepGivenUp:
            Meaning([.warning], [], "twins keep differing with these settings; a standby waits instead")
        }
    }
}
