/// The name of one thing that a broadcaster can set: a flag's name without its dashes, and a configuration file's key.
package enum BroadcastKey: String, CaseIterable, Sendable {
    case input
    case inputFormat = "input-format"
    case loop
    case to
    /// Another server for the destination before it.
    case or
    case rule
    case redundant
    case backfill
    case streamKeyFile = "stream-key-file"
    case tlsCA = "tls-ca"
    case size
    case fps
    case videoBitrate = "video-bitrate"
    /// What the video bitrate never goes below when links carry less.
    case minBitrate = "min-bitrate"
    case congestion
    case audioBitrate = "audio-bitrate"
    case preset
    case tune
    case profile
    case keyframeInterval = "keyframe-interval"
    case bframes
    case buffer
    case encoderThreads = "encoder-threads"
    case plugin
    case pluginIsolation = "plugin-isolation"
    case slateAfter = "slate-after"
    case slate
    case standby
    case duration
    case fast
    case mode
    case attach
    case only
    case control
    case libexec
    case json

    /// Whether it may be given several times on the command line, and as a list in a file.
    package var isList: Bool {
        switch self {
        case .input, .inputFormat, .to, .or, .streamKeyFile, .plugin: true
        default: false
        }
    }

    /// Whether it is on or off: a flag without a value, and `true` or `false` in a file.
    package var isSwitch: Bool {
        switch self {
        case .loop, .fast, .json, .redundant: true
        default: false
        }
    }

    /// The flag, for a person.
    var flag: String { self == .input ? "INPUT" : "--\(rawValue)" }
}

/// What a broadcaster has set, in words, before anything is made of them: from flags or from a configuration file.
package struct BroadcastWords: Hashable, Sendable {
    private var values: [BroadcastKey: [String]] = [:]
    /// Of a configuration file's `links`.
    package var links: [LinkWords] = []

    package init() {}

    /// All words of `key`; empty when it is not set.
    package subscript(_ key: BroadcastKey) -> [String] {
        get { values[key] ?? [] }
        set { values[key] = newValue.isEmpty ? nil : newValue }
    }

    /// The keys that are set.
    package var keys: Set<BroadcastKey> { Set(values.keys) }

    /// These words, and those of `other` for the keys that are not set here. Who names destinations here means no others.
    package func filled(from other: BroadcastWords) -> BroadcastWords {
        var words = self
        words.values.merge(other.values) { own, _ in own }
        guard self[.to].isEmpty else {
            words[.or] = self[.or]
            return words
        }
        words.links = other.links
        return words
    }

    /// The last word of `key`: a flag that is given twice means its last value.
    func last(_ key: BroadcastKey) -> String? { self[key].last }

    func isOn(_ key: BroadcastKey) -> Bool { last(key) == "true" }
}
