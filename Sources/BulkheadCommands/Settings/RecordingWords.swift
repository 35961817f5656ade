import BulkheadModel
import BulkheadSystem

/// Makes recordings of what a broadcaster has written.
enum RecordingWords {
    /// The recordings in their order; nil for none.
    static func recordings(_ words: BroadcastWords) throws(BroadcastError) -> [RecordingSettings]? {
        let paths = words[.record]
        guard !paths.isEmpty else { return nil }
        guard paths.count <= SettingRange.mostRecordings else {
            throw BroadcastError(
                .usage, "there are \(paths.count) recordings", advice: "\(SettingRange.mostRecordings) are possible")
        }
        var recordings: [RecordingSettings] = []
        for path in paths {
            guard !path.hasSuffix(".mkv") else {
                let stem = path.dropLast(4)
                throw BroadcastError(
                    .usage, "--record \"\(path)\": Matroska is not written while it is recorded",
                    advice: "record \(stem).mp4, which plays at any moment, and make Matroska of it afterwards: "
                        + "bulkhead recording export \(stem).mp4 -o \(path)")
            }
            guard path.hasSuffix(".mp4") || path.hasSuffix(".flv") else {
                throw BroadcastError(
                    .usage, "--record \"\(path)\" says no format", advice: "let it end with .mp4 or .flv")
            }
            var recording = RecordingSettings(path: FilePaths.absolute(path))
            if let text = words.last(.recordSegment) { try read(segment: text, into: &recording) }
            if let folder = words.last(.recordFallback) { recording.fallbackFolder = FilePaths.absolute(folder) }
            if let text = words.last(.recordReport) {
                guard let span = TimeSpan(text), SettingRange.reportSeconds.contains(span.seconds) else {
                    throw BroadcastError(
                        .usage, "--record-report \"\(text)\" is out of range or no time", advice: "it takes 1s to 1h")
                }
                recording.reportSeconds = span.seconds
            }
            if let text = words.last(.recordFloor) { try read(floor: text, into: &recording) }
            try readRetention(words, into: &recording)
            recordings.append(recording)
        }
        return recordings
    }

    /// Where replays go; nil where nothing is kept for them.
    static func replayPath(_ words: BroadcastWords, isKept: Bool) throws(BroadcastError) -> String? {
        let text = words.last(.replayPath)
        guard isKept else {
            guard text == nil else {
                throw BroadcastError(
                    .usage, "--replay-path without --replay: nothing is kept", advice: "add --replay 60s")
            }
            return nil
        }
        let path = FilePaths.absolute(text ?? "replay-%Y%m%d-%H%M%S.mp4")
        guard SavedReplay.isPath(path) else {
            throw BroadcastError(
                .usage, "--replay-path \"\(path)\" is no place for a replay", advice: "let it end with .mp4")
        }
        return path
    }

    private static func read(
        segment text: String, into recording: inout RecordingSettings
    ) throws(BroadcastError) {
        for word in text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
            // 30m are minutes, as everywhere; 30M and 30MB are a size.
            if !word.hasSuffix("M"), let span = TimeSpan(word), SettingRange.segmentSeconds.contains(span.seconds) {
                recording.segmentSeconds = span.seconds
            } else if let byteCount = byteCount(word), SettingRange.segmentByteCount.contains(byteCount) {
                recording.segmentByteCount = byteCount
            } else {
                throw BroadcastError(
                    .usage, "--record-segment \"\(text)\" is out of range or no limit",
                    advice: "it takes a time such as 1h, a size such as 2GB, or both with a comma between them")
            }
        }
    }

    private static func read(floor text: String, into recording: inout RecordingSettings) throws(BroadcastError) {
        if text.hasSuffix("%"), let percent = Double(text.dropLast()), SettingRange.floorPercent.contains(percent) {
            recording.floorPercent = percent
        } else if text == "0" {
            recording.floorByteCount = 0
        } else if let byteCount = byteCount(text), SettingRange.floorByteCount.contains(byteCount) {
            recording.floorByteCount = byteCount
        } else {
            throw BroadcastError(
                .usage, "--record-floor \"\(text)\" is out of range or no size",
                advice: "it takes a size such as 2GB, a part of the disk such as 5%, or 0")
        }
    }

    private static func readRetention(
        _ words: BroadcastWords, into recording: inout RecordingSettings
    ) throws(BroadcastError) {
        if let text = words.last(.recordKeep) {
            guard let span = TimeSpan(text), SettingRange.keepSeconds.contains(span.seconds) else {
                throw BroadcastError(
                    .usage, "--record-keep \"\(text)\" is out of range or no time", advice: "it takes 1s to 366d")
            }
            recording.keepSeconds = span.seconds
        }
        if let text = words.last(.recordKeepSize) {
            guard let byteCount = byteCount(text), SettingRange.keepByteCount.contains(byteCount) else {
                throw BroadcastError(
                    .usage, "--record-keep-size \"\(text)\" is out of range or no size",
                    advice: "it takes a size such as 500GB, 100KB at least")
            }
            recording.keepByteCount = byteCount
        }
        guard recording.removes else { return }
        guard recording.path.hasSuffix(".mp4") else {
            throw BroadcastError(
                .usage, "--record-keep and --record-keep-size are for recordings in .mp4, not for \(recording.path)",
                advice: "only those say of themselves that they are recordings; let it end with .mp4")
        }
        let name = recording.path.split(separator: "/").last.map(String.init) ?? ""
        guard DatedName(name).isReadable else {
            throw BroadcastError(
                .usage, "\(name) has fields by which its files can't be told from others",
                advice: "use %Y, %m, %d, %H, %M and %S with --record-keep and --record-keep-size")
        }
    }

    /// Reads `700MB`, `2G`, `1.5 TB`; nil for what is no size.
    static func byteCount(_ text: String) -> UInt64? {
        let text = text.uppercased()
        let units = [("K", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12)]
        for (unit, factor) in units where text.hasSuffix(unit) || text.hasSuffix(unit + "B") {
            let number = text.dropLast(text.hasSuffix("B") ? 2 : 1).filter { $0 != " " }
            guard let value = Double(number), value.isFinite, value > 0, value < 1e9 else { return nil }
            let bytes = value * factor
            return bytes < 1e18 ? UInt64(bytes) : nil
        }
        return nil
    }
}
