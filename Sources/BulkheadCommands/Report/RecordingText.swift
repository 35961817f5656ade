import BulkheadEvents
import BulkheadModel

/// A recording for a person.
enum RecordingText {
    static func sentence(_ happening: RecordingHappening) -> String {
        switch happening {
        case .opened(let path, _): "writing \(path)"
        case .closed(let path, let bytes): "\(path) is complete, \(size(Double(bytes)))"
        case .trouble(let trouble, let subject, let path, _, let text, let frames, let action):
            self.trouble(trouble, subject, path, text, frames, action)
        case .cleared(let trouble, let subject, let path, let seconds):
            "\(noun(trouble, subject)): over after \(DecimalText.text(seconds, places: 1)) s (\(path))"
        case .stillTroubled(let trouble, let subject, let seconds, let from):
            "\(noun(trouble, subject)): still so after \(span(seconds)), since \(EventLine.timestamp(from))"
        case .leftOut(let frame, let frames, let cause):
            "\(CountText.text(frames, "frame")) from frame \(frame) on are in no file: "
                + (cause == .ended ? "the disk had not taken them at the end" : "more waited than is kept")
        case .report(
            let path, let seconds, let bytes, let durableBytes, let freeBytes, let rate, let full, let troubles):
            report(path, seconds, Double(bytes), Double(durableBytes), freeBytes, rate, full, troubles)
        case .removed(let path, let bytes, let removal):
            "\(path) was removed, \(size(Double(bytes))): "
                + (removal == .age ? "it is older than is kept" : "there is more than is kept")
        case .fullSoon(let seconds, let freeBytes):
            "its disk is full in \(span(seconds)) at this rate: \(size(Double(freeBytes))) are free"
        case .replaySaved(let path, let seconds, let frames, let bytes):
            "saved \(saved(path, seconds, frames, Double(bytes)))"
        case .replayFailed(_, let frames, let reason): "\(CountText.text(frames, "frame")) not saved: \(reason.text)"
        }
    }

    /// A replay that was saved.
    static func saved(_ replay: SavedReplay) -> String {
        saved(replay.paths.joined(separator: ", "), replay.seconds, replay.frames, Double(replay.bytes))
    }

    private static func saved(_ path: String, _ seconds: Double, _ frames: Int, _ bytes: Double) -> String {
        "\(DecimalText.text(seconds, places: 1)) s, \(CountText.text(frames, "frame")), \(size(bytes)) in \(path)"
    }

    private static func trouble(
        _ trouble: RecordingTrouble, _ subject: RecordingSubject, _ path: String, _ text: String?, _ frames: Int,
        _ action: RecordingAction
    ) -> String {
        let words = text.map { " (\($0))" } ?? ""
        let risk = frames > 0 ? "; \(CountText.text(frames, "frame")) not on the disk yet" : ""
        let measure =
            switch action {
            case .retries: "; tried again each second"
            case .nextRecorder: "; another recorder goes on"
            case .nextFile: "; the next file goes on"
            case .fallback: "; the fallback goes on"
            case .none: ""
            }
        return "\(path): \(noun(trouble, subject))\(words)\(risk)\(measure)"
    }

    /// What is wrong, as a noun.
    static func noun(_ trouble: RecordingTrouble, _ subject: RecordingSubject) -> String {
        let noun =
            switch trouble {
            case .notCreated: "the file can't be made"
            case .full: "disk full"
            case .quota: "quota used up"
            case .tooLarge: "file as large as it may be"
            case .broken: "device or file system broken"
            case .readOnly: "file system read-only"
            case .gone: "file system gone"
            case .removed: "file or folder removed or renamed"
            case .replaced: "something else has the file's name"
            case .truncated: "another program has cut the file"
            case .syncFailed: "the disk has not kept what it took"
            case .slow: "slow disk"
            case .notAnswering: "the disk does not answer"
            case .notGrowing: "the file does not grow"
            case .memoryFull: "more waits than is kept, frames are left out"
            case .ownResources: "the recorder lacks memory or descriptors"
            case .clockJump: "the clock was set"
            case .notRemoved: "an old segment can't be removed"
            case .other: "the file can't be written"
            }
        return subject == .media ? noun : "\(subject.rawValue): \(noun)"
    }

    private static func report(
        _ path: String, _ seconds: Double, _ bytes: Double, _ durableBytes: Double, _ freeBytes: Int64?,
        _ rate: Double, _ full: Double?, _ troubles: [String]
    ) -> String {
        var line =
            "\(StatusLine.clock(seconds)), \(size(bytes)) written, \(size(durableBytes)) on the disk, \(size(rate))/s"
        if let freeBytes { line += ", \(size(Double(freeBytes))) free by the file system" }
        if let full { line += ", full in \(span(full))" }
        if !troubles.isEmpty { line += ", trouble: \(troubles.joined(separator: ", "))" }
        return line + " (\(path))"
    }

    /// One line of a status.
    static func line(_ recording: RecordingStatus) -> String {
        var line =
            "\(recording.name): \(recording.path), \(StatusLine.clock(recording.seconds)), "
            + "\(size(Double(recording.durableBytes))) on the disk, \(size(recording.bytesPerSecond))/s, "
            + "\(recording.framesDurable) frames, \(recording.framesLeftOut) left out"
        if recording.segments > 1 { line += ", file \(recording.segments)" }
        if recording.isFallback { line += ", on the fallback" }
        if let free = recording.freeBytes { line += ", \(size(Double(free))) free" }
        if let full = recording.fullInSeconds { line += ", full in \(span(full))" }
        for trouble in recording.troubles {
            line += ", \(noun(trouble.trouble, trouble.subject)) for \(span(trouble.seconds))"
        }
        return EventLine.clean(line)
    }

    /// What is kept for replays, as one line of a status.
    static func line(_ replay: ReplayStatus) -> String {
        let kept = DecimalText.text(replay.seconds, places: 1)
        let wanted = DecimalText.text(replay.wantedSeconds, places: 1)
        return "replay: the last \(kept) s of \(wanted) s, \(size(Double(replay.bytes))) "
            + "of \(size(Double(replay.mostBytes))) at most"
            + (replay.saving > 0 ? ", \(replay.saving) being saved" : "")
    }

    /// What a status line says of it: trouble, or how long and how large it is.
    static func part(_ recording: RecordingStatus) -> (text: String, isTrouble: Bool) {
        if let trouble = recording.troubles.first {
            return ("\(recording.name): \(noun(trouble.trouble, trouble.subject))", true)
        }
        return (
            "\(recording.name) \(StatusLine.clock(recording.seconds)) \(size(Double(recording.durableBytes)))", false
        )
    }

    /// Bytes in the unit that reads best, in powers of 1000.
    static func size(_ bytes: Double) -> String {
        for (factor, unit) in [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")] where bytes >= factor {
            return "\(DecimalText.text(bytes / factor, places: 1)) \(unit)"
        }
        return "\(Int(clamping: Int64(max(0, bytes)))) bytes"
    }

    /// Seconds in the unit that reads best, without fractions.
    static func span(_ seconds: Double) -> String {
        switch seconds {
        case ..<120: "\(Int(seconds.rounded())) s"
        case ..<7200: "\(Int((seconds / 60).rounded())) min"
        case ..<172_800: "\(Int((seconds / 3600).rounded())) h"
        default: "\(Int((min(seconds, 1e12) / 86_400).rounded())) days"
        }
    }
}
