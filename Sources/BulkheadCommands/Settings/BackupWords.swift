import BulkheadModel
import Yams

/// Makes backups of what a broadcaster has written.
///
///     --backup loop.mp4 --backup-when "no-data 1s" --backup-when "black 5s" --backup-return stay --backup-cold
///
/// and, for any of several inputs, in a configuration file:
///
///     inputs:
///       - name: camera
///         input: rtmp://cam.example/live
///         backups: ["listen:rtmp://0.0.0.0:1936/in", loop.mp4]
///         when: [no-data 1s, fps < 80% for 3s, black 5s]
///         return: best
///         cold: true
///         times: {clear: 5s, dwell: 10s, longest-dwell: 5m, start: 5s}
struct BackupWords: Hashable, Sendable {
    var backups: [String] = []
    var when: [String] = []
    var policy: String?
    var isCold: Bool?
    var times: [String: String] = [:]

    /// What an input's entry may hold of it in a configuration file.
    static let keys = ["backups", "when", "return", "cold", "times"]
    static let timeKeys = ["clear", "dwell", "longest-dwell", "start"]

    private static var timePaths: [(key: String, path: WritableKeyPath<BackupSettings, Int>, most: Double)] {
        [
            ("clear", \.clearMilliseconds, 3600), ("dwell", \.dwellMilliseconds, 3600),
            ("longest-dwell", \.longestDwellMilliseconds, 86_400), ("start", \.startMilliseconds, 300),
        ]
    }

    var isEmpty: Bool { self == BackupWords() }

    /// Of the flags, which are about the one input that there is.
    init(_ words: BroadcastWords) {
        backups = words[.backup]
        when = words[.backupWhen]
        policy = words.last(.backupReturn)
        if words.last(.backupCold) != nil { isCold = words.isOn(.backupCold) }
    }

    init() {}

    /// - Parameter input: reads one input.
    /// - Throws: kind `usage`, or `input` for a file that can't be read.
    func settings(
        _ input: (String) throws(BroadcastError) -> InputSettings
    ) throws(BroadcastError) -> BackupSettings? {
        guard !backups.isEmpty else {
            guard isEmpty else {
                throw BroadcastError(
                    .usage, "it is said when a backup stands in, and there is none", advice: "add one: --backup INPUT")
            }
            return nil
        }
        guard backups.count <= BackupSettings.mostInputs else {
            throw BroadcastError(
                .usage, "an input has \(BackupSettings.mostInputs) backups at most", advice: "keep fewer")
        }
        var settings = BackupSettings(try backups.map { (word) throws(BroadcastError) in try Self.read(word, input) })
        if !when.isEmpty { settings.conditions = try when.map(Self.condition) }
        if let policy {
            guard let known = ReturnPolicy(rawValue: policy) else {
                throw BroadcastError(
                    .usage, "\"\(policy.prefix(40))\" does not say when to return to the input",
                    advice: "it is stay, return or best")
            }
            settings.policy = known
        }
        settings.isCold = isCold ?? false
        for (key, path, most) in Self.timePaths {
            guard let word = times[key] else { continue }
            guard let span = TimeSpan(word), span.seconds <= most, key != "start" || span.seconds >= 0.5 else {
                throw BroadcastError(
                    .usage, "\"\(key)\" is no time up to \(Int(most)) s", advice: "write a time such as 5s")
            }
            settings[keyPath: path] = Int((span.seconds * 1000).rounded())
        }
        return settings
    }

    private static func read(
        _ word: String, _ input: (String) throws(BroadcastError) -> InputSettings
    ) throws(BroadcastError) -> InputSettings {
        guard word != "-" else {
            throw BroadcastError(.usage, "standard input can't be a backup", advice: "name a file or a pipe")
        }
        var settings = try input(word)
        // It stands in for as long as it takes.
        if settings.url.hasPrefix("/") { settings.loops = true }
        return settings
    }

    private static func condition(_ word: String) throws(BroadcastError) -> SwitchCondition {
        let condition = try SwitchCondition(word)
        guard condition.fitsInputs else {
            throw BroadcastError(
                .usage, "it is not known of an input whether it meets \"\(condition)\"",
                advice:
                    "conditions of inputs begin with no-data, off-air, fps, bitrate (a number), drops, failures, "
                    + "black, frozen, silence, clipping, loudness, integrated, size (not wrong) or keyframes")
        }
        return condition
    }

    // MARK: configuration file

    /// Takes a key of an input's entry.
    mutating func take(
        _ key: String, _ node: Node, _ failure: (String, String) -> BroadcastError
    ) throws(BroadcastError) {
        func texts() throws(BroadcastError) -> [String] {
            switch node {
            case .scalar(let scalar): return [scalar.string]
            case .sequence(let sequence):
                return try sequence.map { (item) throws(BroadcastError) in
                    guard case .scalar(let scalar) = item else {
                        throw failure("\"\(key)\" holds more than plain values", "write one value a line")
                    }
                    return scalar.string
                }
            default: throw failure("\"\(key)\" takes a value or a list", "mend it there")
            }
        }
        switch key {
        case "backups": backups = try texts()
        case "when": when = try texts()
        case "return": policy = try texts().first
        case "cold":
            guard let isOn = node.bool else { throw failure("\"cold\" is either true or false", "mend it there") }
            isCold = isOn
        default:
            guard case .mapping(let mapping) = node else {
                throw failure("\"times\" holds keys with times", "they are \(Self.timeKeys.joined(separator: ", "))")
            }
            for (keyNode, value) in mapping {
                guard let word = keyNode.string, Self.timeKeys.contains(word), case .scalar(let scalar) = value else {
                    throw failure(
                        "\"times\" has a key that is none of its own",
                        "they are \(Self.timeKeys.joined(separator: ", "))")
                }
                times[word] = scalar.string
            }
        }
    }
}
