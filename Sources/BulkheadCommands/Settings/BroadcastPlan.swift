import BulkheadControl
import BulkheadMaster
import BulkheadMedia
package import BulkheadModel
import Glibc

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
        try settings.checkLevel()
        settings.children = mode.children
        try EncodingWords.read(words, into: &settings)
        try readCourse(words)
    }

    private static let canvas = Canvas(width: 1280, height: 720)
    private static let frameRate = FrameRate(30)

    private mutating func readCourse(_ words: BroadcastWords) throws(BroadcastError) {
        let plugins = try words[.plugin].map { (word) throws(BroadcastError) in try PluginWord.choice(word) }
        settings.plugins = try PluginChoice.named(plugins)
        settings.pluginIsolation = try words.value(.pluginIsolation, or: .all, "all or each") {
            PluginIsolation(rawValue: $0)
        }
        settings.slateAfterSeconds = try words.value(
            .slateAfter, or: settings.slateAfterSeconds, "0.1 seconds to an hour"
        ) { Self.seconds($0, SettingRange.slateAfterSeconds) }
        settings.durationSeconds = try words.optionalValue(
            .duration, or: settings.durationSeconds, "a time such as 10, 1m30s or 00:01:30"
        ) { Self.seconds($0, SettingRange.durationSeconds) }
        settings.isFast = words.isOn(.fast)
        // Where no viewer waits, a standby would only take memory.
        settings.standby = try words.value(
            .standby, or: settings.isFast ? .off : .warm, "off, warm or hot"
        ) { StandbyChoice(rawValue: $0) }
        settings.slatePath = try words.last(.slate).map(Self.slatePath) ?? ""
        if settings.isFast, settings.durationSeconds == nil, settings.inputs.contains(where: InputWords.isEndless) {
            throw BroadcastError(
                .usage, "--fast with an input that never ends would run without end", advice: "add --duration")
        }
    }

    // MARK: values

    private static func slatePath(_ text: String) throws(BroadcastError) -> String {
        let path = FilePaths.absolute(text)
        guard access(path, R_OK) == 0 else {
            throw BroadcastError(
                .usage, "--slate \"\(text)\" can't be read", advice: "it takes a picture, such as a PNG file")
        }
        return path
    }

    static func seconds(_ text: String, _ range: ClosedRange<Double>) -> Double? {
        TimeSpan(text).flatMap { range.contains($0.seconds) ? $0.seconds : nil }
    }

}

extension BroadcastWords {
    /// The value of `key`, or `standard` where it is not set.
    /// - Throws: kind `usage`, saying what the flag takes.
    func value<Value>(
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
    func optionalValue<Value>(
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
