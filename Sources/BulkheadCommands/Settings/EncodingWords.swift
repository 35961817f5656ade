import BulkheadMaster
import BulkheadMedia
package import BulkheadModel

/// What the encoder is told, in words: from flags, from a configuration file, or on air.
package enum EncodingWords {
    /// Those that can be changed while a broadcast is on air.
    package static let changeable: [BroadcastKey] = [
        .size, .videoBitrate, .minBitrate, .congestion, .audioBitrate, .preset, .tune, .profile, .keyframeInterval,
        .bframes, .buffer,
    ]

    /// Reads what `words` say of the encoding; what they don't say stays.
    /// - Throws: kind `usage`: one line that names the flag and says what it takes.
    static func read(_ words: BroadcastWords, into settings: inout BroadcastSettings) throws(BroadcastError) {
        settings.canvas = try words.value(
            .size, or: settings.canvas, "a size such as 1280x720 or 720p, both even"
        ) { Canvas($0) }
        settings.videoBitsPerSecond = try words.value(
            .videoBitrate, or: settings.videoBitsPerSecond, "20k to 200M bits a second: 2500k, 6M or 2500000"
        ) { Self.bits($0, SettingRange.videoBitsPerSecond) }
        settings.minimumVideoBitsPerSecond = try words.optionalValue(
            .minBitrate, or: settings.minimumVideoBitsPerSecond, "20k to 200M bits a second: 500k"
        ) { Self.bits($0, SettingRange.videoBitsPerSecond) }
        settings.congestion = try words.value(.congestion, or: settings.congestion, "slowest, main or none") {
            CongestionRule(rawValue: $0)
        }
        settings.audioBitsPerSecond = try words.value(
            .audioBitrate, or: settings.audioBitsPerSecond, "16k to 512k bits a second: 128k"
        ) { Self.bits($0, SettingRange.audioBitsPerSecond) }
        settings.preset = try words.value(.preset, or: settings.preset, "the name of an x264 preset") { Self.name($0) }
        settings.tune = try words.value(.tune, or: settings.tune, "the name of an x264 tuning, or none") {
            $0 == "none" ? "" : Self.name($0)
        }
        settings.profile = try words.value(.profile, or: settings.profile, "baseline, main or high") {
            ["baseline", "main", "high"].contains($0) ? $0 : nil
        }
        settings.keyframeIntervalSeconds = try words.value(
            .keyframeInterval, or: settings.keyframeIntervalSeconds, "0.1 to 60 seconds, usually 2"
        ) { BroadcastPlan.seconds($0, SettingRange.keyframeIntervalSeconds) }
        settings.bframes = try words.optionalValue(.bframes, or: settings.bframes, "0 to 16") { text in
            UInt8(text).flatMap { SettingRange.bframes.contains($0) ? $0 : nil }
        }
        if settings.profile == "baseline", let bframes = settings.bframes, bframes > 0 {
            throw BroadcastError(
                .usage, "profile baseline has no B-frames, but --bframes says \(bframes)",
                advice: "choose --profile main, or --bframes 0")
        }
        settings.bufferMilliseconds = try words.value(
            .buffer, or: settings.bufferMilliseconds, "0 to 60000 milliseconds of the bitrate, 0 for none"
        ) { text in Self.milliseconds(text) }
        settings.encoderThreads = try words.value(
            .encoderThreads, or: settings.encoderThreads, "0 to 128, 0 to leave it to x264"
        ) { text in UInt8(text).flatMap { SettingRange.encoderThreads.contains($0) ? $0 : nil } }
    }

    /// The changes on air that words such as `preset=fast` ask for.
    /// - Throws: kind `usage`: one line that names the word and says what it takes.
    package static func change(_ arguments: [String]) throws(BroadcastError) -> SettingsChange {
        let words = try words(arguments)
        guard let canvas = Canvas(width: 1280, height: 720), let rate = FrameRate(30) else { return SettingsChange() }
        var read = BroadcastSettings(inputs: [], destinations: [], canvas: canvas, frameRate: rate)
        try Self.read(words, into: &read)
        var change = SettingsChange()
        let keys = words.keys
        if keys.contains(.size) { change.canvas = read.canvas }
        if keys.contains(.videoBitrate) { change.videoBitsPerSecond = read.videoBitsPerSecond }
        if keys.contains(.minBitrate) { change.minimumVideoBitsPerSecond = read.minimumVideoBitsPerSecond }
        if keys.contains(.congestion) { change.congestion = read.congestion }
        if keys.contains(.audioBitrate) { change.audioBitsPerSecond = read.audioBitsPerSecond }
        if keys.contains(.preset) { change.preset = read.preset }
        if keys.contains(.tune) { change.tune = read.tune }
        if keys.contains(.profile) { change.profile = read.profile }
        if keys.contains(.keyframeInterval) { change.keyframeIntervalSeconds = read.keyframeIntervalSeconds }
        if keys.contains(.bframes) { change.bframes = read.bframes }
        if keys.contains(.buffer) { change.bufferMilliseconds = read.bufferMilliseconds }
        return change
    }

    private static func words(_ arguments: [String]) throws(BroadcastError) -> BroadcastWords {
        let takes = "write NAME=VALUE with one of " + changeable.map(\.rawValue).joined(separator: ", ")
        var words = BroadcastWords()
        for argument in arguments {
            guard let equals = argument.firstIndex(of: "="),
                let key = changeable.first(where: { $0.rawValue == argument[..<equals] })
            else { throw BroadcastError(.usage, "\"\(argument)\" can't be changed on air", advice: takes) }
            words[key] = [String(argument[argument.index(after: equals)...])]
        }
        guard !words.keys.isEmpty else { throw BroadcastError(.usage, "there is nothing to change", advice: takes) }
        return words
    }

    private static func bits(_ text: String, _ range: ClosedRange<UInt32>) -> UInt32? {
        BitRate(text).flatMap { range.contains($0.bitsPerSecond) ? $0.bitsPerSecond : nil }
    }

    /// A plain number is milliseconds here, as broadcasters give a buffer; with a unit it is a span of time.
    private static func milliseconds(_ text: String) -> UInt32? {
        let number =
            UInt32(text)
            ?? (text.contains(where: \.isLetter) ? TimeSpan(text) : nil).map { span in
                UInt32(min(span.seconds * 1000, Double(UInt32.max)).rounded())
            }
        return number.flatMap { SettingRange.bufferMilliseconds.contains($0) ? $0 : nil }
    }

    /// A plain word; whether there is such a thing, x264 knows.
    private static func name(_ text: String) -> String? {
        let isPlain =
            !text.isEmpty && text.utf8.count <= 64
            && text.allSatisfy { $0.isLetter || $0.isNumber || ",-".contains($0) }
        return isPlain ? text : nil
    }
}
