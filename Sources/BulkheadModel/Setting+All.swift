import BulkheadMedia

// The settings of a broadcast that are one value each. Inputs, destinations, plugins and run modes have a form of their
// own and are read by code of their own.

extension Setting {
    /// All settings, in the order of the manual.
    package static let all: [Setting] =
        input.map { $0.of(.input) } + (picture + sound + encoding + process).map { $0.of(.encoding) }
        + course.map { $0.of(.course) }

    private static let input = [
        Setting(
            "copy", optional: \.copies, .onOrOff, .atStart,
            help:
                "Pass the input on as it is, without encoding it: one input of H.264 and AAC, without plugins and scenes "
                + "(default: off)."),
        Setting(
            "deinterlace", optional: \.deinterlacing, .choice(), .atStart, placeholder: "which",
            help:
                "Which pictures are deinterlaced: auto (those that say that they are interlaced), off (none), on (all; "
                + "default: auto)."),
        Setting(
            "slate-after", \.slateAfterSeconds,
            .seconds(SettingRange.slateAfterSeconds, "0.1 seconds to an hour"), .atStart, placeholder: "time",
            help: "How long an input may give no picture before the slate is shown (default: 3s)."),
        Setting(
            "slate-text", optional: \.slateText,
            SettingType(
                takes: "up to \(Card.longestWords) characters; \\n begins another line", schema: .text,
                value: { text in
                    let words = text.replacing("\\n", with: "\n")
                    return Card.areWords(words) ? words : nil
                }, text: { $0.replacing("\n", with: "\\n") }, contains: Card.areWords), .atStart, placeholder: "words",
            help: "The words of the slate; those behind \\n are smaller (default: Stand by\\nThe picture will be back)."
        ),
        Setting(
            "slate-clock", optional: \.slateClock, .onOrOff, .atStart,
            help: "Show the time of day on the slate (default: off)."),
        Setting(
            "picture-patience", optional: \.picturePatienceSeconds,
            .seconds(SettingRange.picturePatienceSeconds, "0 to 5 seconds"), .atStart, placeholder: "time",
            help:
                "How late a live picture may be before its frame shows the last one again (default: 100ms)."),
    ]

    private static let picture = [
        Setting(
            "layout", optional: \.layout, .choice(), .inPlace, placeholder: "name",
            help:
                "How several inputs are shown at once: single, side-by-side, grid, picture-in-picture, presenter (default: "
                + "the first input with a picture alone)."),
        Setting(
            "size", \.canvas,
            SettingType(
                takes: "a size such as 1280x720 or 720p: both sides even, 16 to 8192", schema: .text,
                value: { Canvas($0) },
                text: { "\($0)" }, contains: { _ in true }), .takeover, placeholder: "size",
            help:
                "The size of the picture: 1920x1080, 720p (default: that of the first input, 1920x1080 at most, else 1280x720)."
        ),
        Setting(
            "fps", \.frameRate,
            SettingType(
                takes: "1 to 240 frames a second: 30, 29.97 or 30000/1001", schema: .text, value: { FrameRate($0) },
                text: { "\($0)" }, contains: { _ in true }), .atStart, placeholder: "rate",
            help: "Frames a second: 25, 29.97, 30000/1001 (default: those of the first input, 60 at most, else 30)."),
    ]

    private static let sound = [
        Setting(
            "loudness-target", optional: \.loudnessTarget,
            SettingType(
                takes: "-40 to -8 LUFS, such as -16 or -23, or off", schema: .text,
                value: { text in
                    if text == "off" { return .silence }
                    return Decibels(text.lowercased().hasSuffix("lufs") ? String(text.dropLast(4)) : text)
                        .flatMap { SettingRange.targetLoudness.contains($0.value) ? $0 : nil }
                }, text: { $0 == .silence ? "off" : "\($0)" },
                contains: { $0 == .silence || SettingRange.targetLoudness.contains($0.value) }), .inPlace,
            placeholder: "lufs",
            help: "The loudness that the sound is slowly brought to, in LUFS: -23, -16, -14 (default: off).")
    ]

    private static let encoding = [
        Setting(
            "video-bitrate", \.videoBitsPerSecond,
            .bitRate(SettingRange.videoBitsPerSecond, example: "2500k, 6M or 2500000"), .inPlace, placeholder: "rate",
            help: "The video bitrate: 2500k, 6M (default: 2500k)."),
        Setting(
            "min-bitrate", optional: \.minimumVideoBitsPerSecond,
            .bitRate(SettingRange.videoBitsPerSecond, example: "500k"), .inPlace, placeholder: "rate",
            help: "The lowest video bitrate when bandwidth drops (default: a quarter of the video bitrate)."),
        Setting(
            "congestion", \.congestion, .choice(), .inPlace, placeholder: "name",
            help: "Which destinations lower the bitrate when they can't keep up: slowest (any), main (the first), none "
                + "(default: slowest)."),
        Setting(
            "audio-bitrate", \.audioBitsPerSecond, .bitRate(SettingRange.audioBitsPerSecond, example: "128k"),
            .takeover,
            placeholder: "rate", help: "The audio bitrate: 96k, 160k (default: 128k)."),
        Setting(
            "preset", \.preset, .x264Name("the name of an x264 preset"), .takeover, placeholder: "name",
            help: "x264's preset, ultrafast to placebo (default: veryfast)."),
        Setting(
            "tune", \.tune, .x264Name("the name of an x264 tuning, or none", allowsNone: true), .takeover,
            placeholder: "name", help: "x264's tuning: zerolatency, film, animation, …, none (default: zerolatency)."),
        Setting(
            "profile", \.profile, .oneOf(["baseline", "main", "high"]), .takeover, placeholder: "name",
            help: "H.264's profile: baseline, main or high (default: high)."),
        Setting(
            "keyframe-interval", \.keyframeIntervalSeconds,
            .seconds(SettingRange.keyframeIntervalSeconds, "0.1 to 60 seconds, usually 2"), .takeover,
            placeholder: "time", help: "Seconds from one keyframe to the next (default: 2)."),
        Setting(
            "bframes", optional: \.bframes, .count(SettingRange.bframes, "0 to 16"), .takeover, placeholder: "count",
            help: "The most consecutive B-frames (default: chosen by preset and tuning)."),
        Setting(
            "buffer", \.bufferMilliseconds,
            .milliseconds(
                SettingRange.bufferMilliseconds, "0 to 60000 milliseconds of the bitrate, 0 for none"), .takeover,
            placeholder: "ms", help: "The VBV buffer in milliseconds of the bitrate; 0 turns it off (default: 1000)."),
        Setting(
            "cbr", optional: \.isConstantRate, .onOrOff, .takeover,
            help: "Fill up to a constant bitrate, as some platforms want it for still pictures (default: off)."),
    ]

    private static let process = [
        Setting(
            "encoder-threads", \.encoderThreads,
            .count(SettingRange.encoderThreads, "0 to 128, 0 to leave it to x264"), .atStart, placeholder: "count",
            help: "How many threads the encoder uses; 0 lets x264 choose (default: 0)."),
        Setting(
            "standby", \.standby, .choice(), .atStart, placeholder: "way",
            help:
                "A second encoder that takes over: warm (open, waiting), hot (encoding the same frames), off (default: "
                + "warm; off at full speed)."),
        Setting(
            "plugin-isolation", \.pluginIsolation, .choice(), .atStart, placeholder: "way",
            help: "Processes for plugins: all (one for all plugins) or each (one for each; default: all)."),
    ]

    private static let course = [
        Setting(
            "patience", optional: \.patienceSeconds,
            .seconds(SettingRange.patienceSeconds, "a time such as 30, 5m or 2h, 0 for none"), .atStart,
            placeholder: "time",
            help: "How long destinations that can't be reached at the start are tried: 5m, 2h (default: 0)."),
        Setting(
            "duration", optional: \.durationSeconds,
            .seconds(SettingRange.durationSeconds, "a time such as 10, 1m30s or 00:01:30"), .atStart,
            placeholder: "time", help: "End after this time: 10, 1m30s, 00:01:30."),
        Setting(
            "record-tracks", optional: \.recordsTracks, .onOrOff, .atStart,
            help: "Record each input's own sound as a further track of MP4 recordings (default: off)."),
        Setting(
            "replay", optional: \.replaySeconds,
            .seconds(SettingRange.replaySeconds, "a time from 1s to 10m, such as 60s"), .atStart, placeholder: "time",
            help: "Keep so much of the stream in memory for `recording save-replay`: 60s (default: none)."),
        Setting(
            "watch", optional: \.watch,
            SettingType(
                takes:
                    "conditions such as black 5s, silence 10s, loudness off -23 by 2 for 10s or keyframes > 4s, or off",
                schema: .text,
                value: { text in
                    SwitchCondition.list(text).flatMap { $0.allSatisfy(\.fitsOutput) ? $0 : nil }
                }, text: { $0.isEmpty ? "off" : $0.map { "\($0)" }.joined(separator: ", ") },
                contains: { $0.count <= 64 && $0.allSatisfy(\.fitsOutput) }), .inPlace, placeholder: "conditions",
            help:
                "Tell when what goes out is black, frozen, silent, clipped, too loud or too quiet, of another size, short of "
                + "keyframes or of another bitrate for so long: \"black 5s, silence 10s\" (default: off)."),
        Setting(
            "fast", \.isFast, .onOrOff, .atStart,
            help: "Run as fast as the encoder goes, not in real time."),
    ]
}
