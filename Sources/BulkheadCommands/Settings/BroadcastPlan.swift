package import BulkheadMaster
import BulkheadMedia

/// All that `bulkhead broadcast` is to do, checked as far as this process can.
package struct BroadcastPlan: Hashable, Sendable {
    package var settings: BroadcastSettings
    package var mode: RunMode
    /// Where this process's master is reached, if it has one.
    package var controlPath: String?
    /// The folder of the children's programs; nil to look for it.
    package var libexec: String?
    package var isJSON: Bool

    /// Makes a plan of words.
    /// - Parameter environmentKey: what `BULKHEAD_STREAM_KEY` holds.
    /// - Throws: kind `usage` or `input`: one line that names the flag and says what it takes.
    package init(_ words: BroadcastWords, environmentKey: String? = nil) throws(BroadcastError) {
        // The mode comes first: it decides who creates anything at all.
        mode = try RunMode(words)
        var isAttaching = false
        if case .attach = mode { isAttaching = true }
        controlPath = try words.last(.control).map { (address) throws(BroadcastError) in
            try ControlAddress.path(from: address, flag: "--control")
        }
        if isAttaching, controlPath != nil {
            throw BroadcastError(
                .usage, "--control does not go with --attach: the master has its address already",
                advice: "leave one of them away")
        }
        if isAttaching, words.last(.libexec) != nil {
            throw BroadcastError(
                .usage, "--libexec does not go with --attach: the master creates the children",
                advice: "give it to `bulkhead master`")
        }
        libexec = words.last(.libexec).map(FilePaths.absolute)
        isJSON = words.isOn(.json)
        settings = BroadcastSettings(
            inputs: try InputWords.inputs(words, attaching: isAttaching),
            destinations: try DestinationWords.destinations(words, environmentKey: environmentKey),
            canvas: try words.value(.size, or: Self.canvas, "a size such as 1280x720 or 720p, both even") {
                Canvas($0)
            },
            frameRate: try words.value(.fps, or: Self.frameRate, "1 to 240 frames a second: 30, 29.97 or 30000/1001") {
                FrameRate($0)
            })
        settings.children = mode.children
        try readEncoding(words)
        try readCourse(words)
    }

    private static let canvas = Canvas(width: 1280, height: 720)
    private static let frameRate = FrameRate(30)

    private mutating func readEncoding(_ words: BroadcastWords) throws(BroadcastError) {
        settings.videoBitsPerSecond = try words.value(
            .videoBitrate, or: settings.videoBitsPerSecond, "20k to 200M bits a second: 2500k, 6M or 2500000"
        ) { Self.bits($0, 20_000...200_000_000) }
        settings.audioBitsPerSecond = try words.value(
            .audioBitrate, or: settings.audioBitsPerSecond, "16k to 512k bits a second: 128k"
        ) { Self.bits($0, 16_000...512_000) }
        settings.preset = try words.value(.preset, or: settings.preset, "the name of an x264 preset") { Self.name($0) }
        settings.tune = try words.value(.tune, or: settings.tune, "the name of an x264 tuning, or none") {
            $0 == "none" ? "" : Self.name($0)
        }
        settings.profile = try words.value(.profile, or: settings.profile, "baseline, main or high") {
            ["baseline", "main", "high"].contains($0) ? $0 : nil
        }
        settings.keyframeIntervalSeconds = try words.value(
            .keyframeInterval, or: settings.keyframeIntervalSeconds, "0.1 to 60 seconds, usually 2"
        ) { Self.seconds($0, 0.1...60) }
        settings.bframes = try words.optionalValue(.bframes, or: settings.bframes, "0 to 16") { text in
            UInt8(text).flatMap { $0 <= 16 ? $0 : nil }
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
        ) { text in UInt8(text).flatMap { $0 <= 128 ? $0 : nil } }
    }

    private mutating func readCourse(_ words: BroadcastWords) throws(BroadcastError) {
        let programs = libexec.map { Programs(folder: $0) } ?? .find()
        let folders = PluginFolders.all(beside: programs)
        settings.plugins = try words[.plugin].map { (word) throws(BroadcastError) in
            try PluginWord.choice(word, folders: folders)
        }
        settings.slateAfterSeconds = try words.value(
            .slateAfter, or: settings.slateAfterSeconds, "0.1 seconds to an hour"
        ) { Self.seconds($0, 0.1...3600) }
        settings.durationSeconds = try words.optionalValue(
            .duration, or: settings.durationSeconds, "a time such as 10, 1m30s or 00:01:30"
        ) { Self.seconds($0, 0.001...TimeSpan.longest) }
        settings.isFast = words.isOn(.fast)
        if settings.isFast, settings.durationSeconds == nil, settings.inputs.contains(where: InputWords.isEndless) {
            throw BroadcastError(
                .usage, "--fast with an input that never ends would run without end", advice: "add --duration")
        }
    }

    // MARK: values

    private static func bits(_ text: String, _ range: ClosedRange<UInt32>) -> UInt32? {
        BitRate(text).flatMap { range.contains($0.bitsPerSecond) ? $0.bitsPerSecond : nil }
    }

    private static func seconds(_ text: String, _ range: ClosedRange<Double>) -> Double? {
        TimeSpan(text).flatMap { range.contains($0.seconds) ? $0.seconds : nil }
    }

    /// A plain number is milliseconds here, as broadcasters give a buffer; with a unit it is a span of time.
    private static func milliseconds(_ text: String) -> UInt32? {
        let number =
            UInt32(text)
            ?? (text.contains(where: \.isLetter) ? TimeSpan(text) : nil).map { span in
                UInt32(min(span.seconds * 1000, Double(UInt32.max)).rounded())
            }
        return number.flatMap { $0 <= 60_000 ? $0 : nil }
    }

    /// A plain word; whether there is such a thing, x264 knows.
    private static func name(_ text: String) -> String? {
        let isPlain =
            !text.isEmpty && text.utf8.count <= 64
            && text.allSatisfy { $0.isLetter || $0.isNumber || ",-".contains($0) }
        return isPlain ? text : nil
    }
}

extension BroadcastWords {
    /// The value of `key`, or `standard` where it is not set.
    /// - Throws: kind `usage`, saying what the flag takes.
    fileprivate func value<Value>(
        _ key: BroadcastKey, or standard: Value?, _ takes: String, _ read: (String) -> Value?
    ) throws(BroadcastError) -> Value {
        guard let text = last(key) else {
            guard let standard else { throw BroadcastError(.internal, "\(key.flag) has no standard value") }
            return standard
        }
        guard let value = read(text) else { throw Self.misfit(key, text, takes) }
        return value
    }

    /// As above, for what may stay unset.
    fileprivate func optionalValue<Value>(
        _ key: BroadcastKey, or standard: Value?, _ takes: String, _ read: (String) -> Value?
    ) throws(BroadcastError) -> Value? {
        guard let text = last(key) else { return standard }
        guard let value = read(text) else { throw Self.misfit(key, text, takes) }
        return value
    }

    private static func misfit(_ key: BroadcastKey, _ text: String, _ takes: String) -> BroadcastError {
        BroadcastError(.usage, "\(key.flag) \"\(text)\" is out of range or no such value", advice: "it takes \(takes)")
    }
}
