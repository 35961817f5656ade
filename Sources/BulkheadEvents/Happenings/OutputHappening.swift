import BulkheadModel

/// What a program looks and sounds like where it goes out, when it is not as it should be.
package enum OutputHappening: HappeningSubject {
    /// What is seen or heard.
    package enum Sign: String, CaseIterable, Hashable, Sendable {
        case black, frozen, silence, clipping, loudness, size, keyframes, bitrate

        /// It is met by a value, which is told; of the others it is how long they last.
        fileprivate var hasValue: Bool {
            switch self {
            case .black, .frozen, .silence, .clipping: false
            case .loudness, .size, .keyframes, .bitrate: true
            }
        }
    }

    /// This condition is met, for so many seconds by now.
    ///
    /// `text` is the value by which it is met, in words, where there is one.
    case raised(Sign, condition: String, seconds: Double, text: String?)
    /// It is met no more; it was for so many seconds.
    case cleared(Sign, condition: String, seconds: Double)

    /// What stands behind the period in the code.
    package enum Word: String, CaseIterable, Sendable {
        case black, frozen, silence, clipping, loudness, size, keyframes, bitrate
        case blackCleared = "black-cleared"
        case frozenCleared = "frozen-cleared"
        case silenceCleared = "silence-cleared"
        case clippingCleared = "clipping-cleared"
        case loudnessCleared = "loudness-cleared"
        case sizeCleared = "size-cleared"
        case keyframesCleared = "keyframes-cleared"
        case bitrateCleared = "bitrate-cleared"

        fileprivate init(_ sign: Sign, isCleared: Bool) {
            switch sign {
            case .black: self = isCleared ? .blackCleared : .black
            case .frozen: self = isCleared ? .frozenCleared : .frozen
            case .silence: self = isCleared ? .silenceCleared : .silence
            case .clipping: self = isCleared ? .clippingCleared : .clipping
            case .loudness: self = isCleared ? .loudnessCleared : .loudness
            case .size: self = isCleared ? .sizeCleared : .size
            case .keyframes: self = isCleared ? .keyframesCleared : .keyframes
            case .bitrate: self = isCleared ? .bitrateCleared : .bitrate
            }
        }

        fileprivate var sign: Sign {
            switch self {
            case .black, .blackCleared: .black
            case .frozen, .frozenCleared: .frozen
            case .silence, .silenceCleared: .silence
            case .clipping, .clippingCleared: .clipping
            case .loudness, .loudnessCleared: .loudness
            case .size, .sizeCleared: .size
            case .keyframes, .keyframesCleared: .keyframes
            case .bitrate, .bitrateCleared: .bitrate
            }
        }

        fileprivate var isCleared: Bool {
            switch self {
            case .black, .frozen, .silence, .clipping, .loudness, .size, .keyframes, .bitrate: false
            case .blackCleared, .frozenCleared, .silenceCleared, .clippingCleared, .loudnessCleared, .sizeCleared,
                .keyframesCleared, .bitrateCleared:
                true
            }
        }
    }

    /// The case's word, its level, and its payload as values.
    package var facts: Facts<Word> {
        switch self {
        case .raised(let sign, let condition, let seconds, let text):
            Facts(Word(sign, isCleared: false), .warning, [.condition: condition, .seconds: seconds, .text: text])
        case .cleared(let sign, let condition, let seconds):
            Facts(Word(sign, isCleared: true), .notice, [.condition: condition, .seconds: seconds])
        }
    }

    /// The case of `word` with its payload. Throws when a value is missing or of another type.
    package init(_ word: Word, _ values: Values) throws(HappeningError) {
        let condition: String = try values.required(.condition)
        let seconds: Double = try values.required(.seconds)
        self =
            word.isCleared
            ? .cleared(word.sign, condition: condition, seconds: seconds)
            : .raised(word.sign, condition: condition, seconds: seconds, text: try values.optional(.text))
    }

    /// What docs/events.md says of `word`.
    package static func meaning(of word: Word) -> Meaning {
        let meaning =
            switch word.sign {
            case .black: "the picture that goes out is black"
            case .frozen: "the picture that goes out stands still"
            case .silence: "the sound that goes out is silent"
            case .clipping: "the sound that goes out is clipped"
            case .loudness: "the loudness of what goes out is off its target"
            case .size: "the picture that goes out has another size than it should"
            case .keyframes: "keyframes of what goes out are too far apart"
            case .bitrate: "the bitrate of what goes out is too high or too low"
            }
        return Meaning(
            [word.isCleared ? .notice : .warning],
            word.isCleared || !word.sign.hasValue ? [.condition, .seconds] : [.condition, .seconds, .text],
            word.isCleared ? "\(meaning) no more" : meaning)
    }
}
