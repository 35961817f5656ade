package import BulkheadModel

/// What happens to a file that the broadcast writes.
package enum RecordingHappening: HappeningSubject {
    /// The file is written from now on.
    case opened(path: String, segment: Int)
    /// The file is complete.
    case closed(path: String, bytes: Int64)
    /// Said once, until it is ``cleared(trouble:subject:path:seconds:)``.
    case trouble(
        trouble: RecordingTrouble, subject: RecordingSubject, path: String, errno: Int32?, text: String?, frames: Int,
        action: RecordingAction)
    case cleared(trouble: RecordingTrouble, subject: RecordingSubject, path: String, seconds: Double)
    /// It has lasted for so long, since that time.
    case stillTroubled(trouble: RecordingTrouble, subject: RecordingSubject, seconds: Double, from: Double)
    /// So many frames from this one on are in no file.
    case leftOut(frame: Int64, frames: Int, cause: RecordingLossCause)
    /// What the recorder and the master's clock say.
    case report(
        path: String, seconds: Double, bytes: Int64, durableBytes: Int64, freeBytes: Int64?, bytesPerSecond: Double,
        fullInSeconds: Double?, troubles: [String])
    case fullSoon(seconds: Double, freeBytes: Int64)
    /// The last of the program is a file of its own; several, with commas, where the encoder was set anew within it.
    case replaySaved(path: String, seconds: Double, frames: Int, bytes: Int64)
    case replayFailed(path: String, frames: Int, reason: Reason)
    /// An old segment and its index are gone, as the settings ask for.
    case removed(path: String, bytes: Int64, removal: RecordingRemoval)

    /// What stands behind the period in the code.
    package enum Word: String, CaseIterable, Sendable {
        case opened
        case closed
        case trouble
        case cleared
        case stillTroubled = "still-troubled"
        case leftOut = "left-out"
        case report
        case fullSoon = "full-soon"
        case replaySaved = "replay-saved"
        case replayFailed = "replay-failed"
        case removed
    }

    /// The case's word, its level, and its payload as values.
    package var facts: Facts<Word> {
        switch self {
        case .opened(let path, let segment): Facts(.opened, .notice, [.path: path, .segment: segment])
        case .closed(let path, let bytes): Facts(.closed, .notice, [.path: path, .bytes: bytes])
        case .trouble(let trouble, let subject, let path, let errno, let text, let frames, let action):
            Facts(
                .trouble, action == .none || action == .nextFile || action == .nextRecorder ? .warning : .error,
                [
                    .trouble: trouble, .subject: subject, .path: path, .errno: errno, .text: text, .frames: frames,
                    .action: action,
                ])
        case .cleared(let trouble, let subject, let path, let seconds):
            Facts(.cleared, .notice, [.trouble: trouble, .subject: subject, .path: path, .seconds: seconds])
        case .stillTroubled(let trouble, let subject, let seconds, let from):
            Facts(
                .stillTroubled, .warning, [.trouble: trouble, .subject: subject, .seconds: seconds, .from: from])
        case .leftOut(let frame, let frames, let cause):
            Facts(.leftOut, .error, [.frame: frame, .frames: frames, .cause: cause])
        case .report(
            let path, let seconds, let bytes, let durableBytes, let freeBytes, let bytesPerSecond, let fullInSeconds,
            let troubles):
            Facts(
                .report, .notice,
                [
                    .path: path, .seconds: seconds, .bytes: bytes, .durableBytes: durableBytes, .freeBytes: freeBytes,
                    .bytesPerSecond: bytesPerSecond, .fullInSeconds: fullInSeconds, .troubles: troubles,
                ])
        case .fullSoon(let seconds, let freeBytes):
            Facts(.fullSoon, .warning, [.seconds: seconds, .freeBytes: freeBytes])
        case .replaySaved(let path, let seconds, let frames, let bytes):
            Facts(.replaySaved, .notice, [.path: path, .seconds: seconds, .frames: frames, .bytes: bytes])
        case .replayFailed(let path, let frames, let reason):
            Facts(
                .replayFailed, .error,
                [.path: path, .frames: frames, .reason: reason.code, .text: reason.text])
        case .removed(let path, let bytes, let removal):
            Facts(.removed, .notice, [.path: path, .bytes: bytes, .removal: removal])
        }
    }

    /// The case of `word` with its payload. Throws when a value is missing or of another type.
    package init(_ word: Word, _ values: Values) throws(HappeningError) {
        switch word {
        case .opened: self = .opened(path: try values.required(.path), segment: try values.required(.segment))
        case .closed: self = .closed(path: try values.required(.path), bytes: try values.required(.bytes))
        case .trouble:
            self = .trouble(
                trouble: try values.required(.trouble), subject: try values.required(.subject),
                path: try values.required(.path), errno: try values.optional(.errno), text: try values.optional(.text),
                frames: try values.required(.frames), action: try values.required(.action))
        case .cleared:
            self = .cleared(
                trouble: try values.required(.trouble), subject: try values.required(.subject),
                path: try values.required(.path), seconds: try values.required(.seconds))
        case .stillTroubled:
            self = .stillTroubled(
                trouble: try values.required(.trouble), subject: try values.required(.subject),
                seconds: try values.required(.seconds), from: try values.required(.from))
        case .leftOut:
            self = .leftOut(
                frame: try values.required(.frame), frames: try values.required(.frames),
                cause: try values.required(.cause))
        case .report:
            self = .report(
                path: try values.required(.path), seconds: try values.required(.seconds),
                bytes: try values.required(.bytes), durableBytes: try values.required(.durableBytes),
                freeBytes: try values.optional(.freeBytes), bytesPerSecond: try values.required(.bytesPerSecond),
                fullInSeconds: try values.optional(.fullInSeconds), troubles: try values.required(.troubles))
        case .fullSoon:
            self = .fullSoon(seconds: try values.required(.seconds), freeBytes: try values.required(.freeBytes))
        case .replaySaved:
            self = .replaySaved(
                path: try values.required(.path), seconds: try values.required(.seconds),
                frames: try values.required(.frames), bytes: try values.required(.bytes))
        case .replayFailed:
            self = .replayFailed(
                path: try values.required(.path), frames: try values.required(.frames), reason: try Reason(values))
        case .removed:
            self = .removed(
                path: try values.required(.path), bytes: try values.required(.bytes),
                removal: try values.required(.removal))
        }
    }

    /// What docs/events.md says of `word`.
    package static func meaning(of word: Word) -> Meaning {
        switch word {
        case .opened:
            Meaning([.notice], [.path, .segment], "the file is written from now on")
        case .closed:
            Meaning([.notice], [.path, .bytes], "the file is complete")
        case .trouble:
            Meaning(
                [.warning, .error], [.trouble, .subject, .path, .errno, .text, .frames, .action],
                "something is wrong with the file or its disk; said once, until it is cleared")
        case .cleared:
            Meaning([.notice], [.trouble, .subject, .path, .seconds], "the trouble is over, after so many seconds")
        case .stillTroubled:
            Meaning(
                [.warning], [.trouble, .subject, .seconds, .from],
                "the trouble is still there; told after 1 and 10 minutes, an hour, and each day")
        case .leftOut:
            Meaning(
                [.error], [.frame, .frames, .cause],
                "so many frames from this one on are in no file: more waited than is kept (`memory-full`), or the recording was ended before the disk took them (`ended`)"
            )
        case .report:
            Meaning(
                [.notice],
                [
                    .path, .seconds, .bytes, .durableBytes, .freeBytes, .bytesPerSecond, .fullInSeconds, .troubles,
                ], "sizes as the recorder says them, and the duration by the master's own clock; at each interval")
        case .fullSoon:
            Meaning(
                [.warning], [.seconds, .freeBytes],
                "at this rate the disk is full, or its floor reached, after so many seconds; said at 30, 10, 3 and 1 minutes"
            )
        case .replaySaved:
            Meaning([.notice], [.path, .seconds, .frames, .bytes], "a replay has been saved and is complete")
        case .replayFailed:
            Meaning(
                [.error], [.path, .frames, .reason, .text],
                "a replay could not be saved; what there is of its file plays")
        case .removed:
            Meaning(
                [.notice], [.path, .bytes, .removal],
                "an old segment and its index were removed, as `--record-keep` and `--record-keep-size` ask for")
        }
    }
}

extension RecordingTrouble: ValueConvertible {}
extension RecordingSubject: ValueConvertible {}
extension RecordingAction: ValueConvertible {}
extension RecordingLossCause: ValueConvertible {}
extension RecordingRemoval: ValueConvertible {}
