/// What a broadcast does by the clock.
package struct Timetable: Codable, Hashable, Sendable {
    /// More entries than a day has minutes say nothing that fewer don't.
    package static let mostEntries = 1000

    /// A name of the time zone database, such as `Europe/Berlin`; nil for the machine's own.
    package var zone: String?
    /// In the order of the file.
    package var entries: [TimetableEntry]

    package init(zone: String? = nil, entries: [TimetableEntry]) {
        self.zone = zone
        self.entries = entries
    }

    /// Whether `text` can be a name of the time zone database.
    package static func isZoneName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && !text.hasPrefix("/") && !text.contains("..")
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "-"),
                    UInt8(ascii: "/"):
                    true
                default: false
                }
            }
    }
}

/// One line of a timetable.
package struct TimetableEntry: Codable, Hashable, Sendable {
    package var at: CronSchedule
    /// What is done, in this order.
    package var changes: [ChangeOnAir]
    /// What is done, as a person would say it; no address stands in it.
    package var text: String

    package init(at: CronSchedule, changes: [ChangeOnAir], text: String) {
        self.at = at
        self.changes = changes
        self.text = text
    }
}

/// A change of a broadcast on air, whoever asks for it: a person, a timetable, a configuration that was read again.
package enum ChangeOnAir: Codable, Hashable, Sendable {
    case set(SettingsChange)
    case input(InputChange)
    case scene(SceneChange)
    case sound(SoundChange)
    case plugin(PluginChange)
    case link(LinkChange)
    case restart(RestartablePart)
    case mark(String)
    case saveReplay(path: String?)
}

/// A run of a timetable that is to come.
package struct TimetableRun: Codable, Hashable, Sendable {
    /// In seconds since 1970.
    package var time: Double
    /// What the clock shows then, such as `2026-11-30 20:30`.
    package var local: String
    /// When, as it is written in the configuration.
    package var at: String
    /// What is done.
    package var text: String

    package init(time: Double, local: String, at: String, text: String) {
        self.time = time
        self.local = local
        self.at = at
        self.text = text
    }
}
