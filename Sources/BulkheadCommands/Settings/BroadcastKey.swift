package import BulkheadModel

/// The name of one thing that a broadcaster can set: a flag's name without its dashes, and a configuration file's key.
package struct BroadcastKey: RawRepresentable, Hashable, Sendable {
    package let rawValue: String
    /// Whether it may be given several times on the command line, and as a list in a file.
    package let isList: Bool
    /// Whether it is on or off: a flag without a value, and `true` or `false` in a file.
    package let isSwitch: Bool

    private init(_ rawValue: String, isList: Bool = false, isSwitch: Bool = false) {
        self.rawValue = rawValue
        self.isList = isList
        self.isSwitch = isSwitch
    }

    /// The key of a setting that is declared in ``Setting/all``.
    package init(_ setting: Setting) { self.init(setting.name, isSwitch: setting.isSwitch) }

    /// Nil where no key has that name.
    package init?(rawValue: String) {
        guard let key = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
        self = key
    }

    /// The flag, for a person.
    var flag: String { self == .input ? "INPUT" : "--\(rawValue)" }
}

extension BroadcastKey: CaseIterable {
    package static let input = BroadcastKey("input", isList: true)
    package static let inputFormat = BroadcastKey("input-format", isList: true)
    /// What stands in for the input.
    package static let backup = BroadcastKey("backup", isList: true)
    package static let backupWhen = BroadcastKey("backup-when", isList: true)
    package static let backupReturn = BroadcastKey("backup-return")
    package static let backupCold = BroadcastKey("backup-cold", isSwitch: true)
    package static let loop = BroadcastKey("loop", isSwitch: true)
    package static let to = BroadcastKey("to", isList: true)
    /// Another server for the destination before it.
    package static let or = BroadcastKey("or", isList: true)
    package static let rule = BroadcastKey("rule")
    package static let redundant = BroadcastKey("redundant", isSwitch: true)
    package static let scriptData = BroadcastKey("script-data", isSwitch: true)
    package static let backfill = BroadcastKey("backfill")
    /// Limits of the platforms.
    package static let linkWatch = BroadcastKey("link-watch")
    package static let streamKeyFile = BroadcastKey("stream-key-file", isList: true)
    package static let tlsCA = BroadcastKey("tls-ca")
    package static let plugin = BroadcastKey("plugin", isList: true)
    package static let origin = BroadcastKey("origin")
    package static let originTLSCert = BroadcastKey("origin-tls-cert")
    package static let originTLSKey = BroadcastKey("origin-tls-key")
    package static let `switch` = BroadcastKey("switch")
    package static let controlRoom = BroadcastKey("control-room")
    package static let controlRoomPassword = BroadcastKey("control-room-password")
    package static let controlRoomLookPassword = BroadcastKey("control-room-look-password")
    package static let controlRoomTLSCert = BroadcastKey("control-room-tls-cert")
    package static let controlRoomTLSKey = BroadcastKey("control-room-tls-key")
    package static let controlRoomClientCA = BroadcastKey("control-room-client-ca")
    package static let controlRoomDrills = BroadcastKey("control-room-drills", isSwitch: true)
    package static let notify = BroadcastKey("notify", isList: true)
    package static let onEvent = BroadcastKey("on-event", isList: true)
    package static let logFile = BroadcastKey("log-file", isList: true)
    package static let chat = BroadcastKey("chat", isList: true)
    package static let room = BroadcastKey("room")
    package static let roomMetadata = BroadcastKey("room-metadata", isSwitch: true)
    package static let name = BroadcastKey("name")
    package static let resume = BroadcastKey("resume")
    package static let resumeIfInterrupted = BroadcastKey("resume-if-interrupted", isSwitch: true)
    package static let resumeTimeline = BroadcastKey("resume-timeline")
    package static let slate = BroadcastKey("slate")
    package static let slateLogo = BroadcastKey("slate-logo")
    package static let record = BroadcastKey("record", isList: true)
    package static let recordSegment = BroadcastKey("record-segment")
    package static let recordFallback = BroadcastKey("record-fallback")
    package static let recordReport = BroadcastKey("record-report")
    package static let recordFloor = BroadcastKey("record-floor")
    package static let recordKeep = BroadcastKey("record-keep")
    package static let recordKeepSize = BroadcastKey("record-keep-size")
    package static let recordLibrary = BroadcastKey("record-library", isList: true)
    package static let replayPath = BroadcastKey("replay-path")
    package static let mode = BroadcastKey("mode")
    package static let attach = BroadcastKey("attach")
    package static let only = BroadcastKey("only", isList: true)
    package static let control = BroadcastKey("control")
    package static let controlLook = BroadcastKey("control-look")
    package static let controlSteer = BroadcastKey("control-steer")
    package static let libexec = BroadcastKey("libexec")
    package static let json = BroadcastKey("json", isSwitch: true)

    // Declared settings that decide more than their own value.
    static let fast = BroadcastKey("fast", isSwitch: true)
    static let standby = BroadcastKey("standby")
    static let copy = BroadcastKey("copy", isSwitch: true)
    static let size = BroadcastKey("size")
    static let fps = BroadcastKey("fps")
    static let layout = BroadcastKey("layout")

    /// All keys: those with a form of their own, and the declared settings.
    package static let allCases: [BroadcastKey] =
        [
            input, inputFormat, loop, backup, backupWhen, backupReturn, backupCold, to, or, rule, redundant, scriptData,
            backfill, linkWatch, streamKeyFile, tlsCA, plugin,
            origin, originTLSCert, originTLSKey, `switch`, controlRoom, controlRoomPassword,
            controlRoomLookPassword, controlRoomTLSCert, controlRoomTLSKey, controlRoomClientCA, controlRoomDrills,
            notify, onEvent, logFile,
            chat,
            room, roomMetadata, name, resume,
            resumeIfInterrupted, resumeTimeline, slate,
            slateLogo,
            record, recordSegment, recordFallback, recordReport, recordFloor,
            recordKeep, recordKeepSize, recordLibrary, replayPath, mode, attach, only, control, controlLook,
            controlSteer, libexec, json,
        ] + Setting.all.map { BroadcastKey($0) }
}

/// What a broadcaster has set, in words, before anything is made of them: from flags or from a configuration file.
package struct BroadcastWords: Hashable, Sendable {
    private var values: [BroadcastKey: [String]] = [:]
    private var places = Places()
    /// Of a configuration file's `links`.
    package var links: [LinkWords] = []
    /// Of a configuration file's `scenes`.
    package var scenes: [Scene] = []
    /// Where each of these stands in the file.
    var scenePlaces: [String] = []
    /// Of a configuration file's `room`, with its fields.
    var room: RoomSettings?
    /// Of a configuration file's `timetable`.
    package var timetable: [TimetableEntry] = []
    /// Of a configuration file's `timezone`; nil for the machine's own.
    package var timezone: String?
    /// Of a configuration file's `inputs`.
    package var inputs: [InputEntry] = []

    package init() {}

    /// All words of `key`; empty when it is not set.
    package subscript(_ key: BroadcastKey) -> [String] {
        get { values[key] ?? [] }
        set { values[key] = newValue.isEmpty ? nil : newValue }
    }

    /// Where the file that `key` comes from sets it, such as `show.yaml, line 3`; nil for a flag.
    package func place(of key: BroadcastKey) -> String? { places.lines[key] }

    /// Sets `key` as line `place` of a file says.
    mutating func set(_ key: BroadcastKey, _ words: [String], at place: String) {
        self[key] = words
        places.lines[key] = words.isEmpty ? nil : place
    }

    /// Reads `key`; what is wrong with words from a file is thrown with their place.
    func located<Value>(
        _ key: BroadcastKey, _ body: () throws(BroadcastError) -> Value
    ) throws(BroadcastError) -> Value {
        do { return try body() } catch {
            guard let place = place(of: key), !error.problem.hasPrefix(place) else { throw error }
            throw BroadcastError(
                code: error.code, error.parameters, "\(place): \(error.problem)", advice: error.advice)
        }
    }

    /// The keys that are set.
    package var keys: Set<BroadcastKey> { Set(values.keys) }

    /// These words, and those of `other` for the keys that are not set here. Who names destinations here means no others.
    package func filled(from other: BroadcastWords) -> BroadcastWords {
        var words = self
        words.values.merge(other.values) { own, _ in own }
        for (key, place) in other.places.lines where values[key] == nil { words.places.lines[key] = place }
        words.room = other.room
        (words.timetable, words.timezone) = (other.timetable, other.timezone)
        (words.scenes, words.scenePlaces) = (other.scenes, other.scenePlaces)
        if self[.input].isEmpty { words.inputs = other.inputs }
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

    /// Where words come from is no part of what they say: a flag and a key that say the same are the same.
    private struct Places: Hashable, Sendable {
        var lines: [BroadcastKey: String] = [:]

        static func == (left: Self, right: Self) -> Bool { true }
        func hash(into hasher: inout Hasher) {}
    }
}
