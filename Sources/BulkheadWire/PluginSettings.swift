/// A plugin to load, and the values of its parameters by name.
package struct PluginSettings: Hashable, Sendable {
    /// Names the plugin in later messages; not 0.
    package var id: UInt32
    /// The library's path.
    package var path: String
    /// Which of the library's plugins, for the kinds of library that hold several; else empty.
    package var label: String
    /// Values by the names of parameters, as text.
    package var parameters: [String: String]
    /// In microseconds: a call that takes longer is reported as late. 0: there is none of its own.
    package var deadlineMicroseconds: UInt32
    /// A plugin that is not is loaded, but passed over.
    package var isEnabled: Bool

    package init(
        id: UInt32, path: String, label: String = "", parameters: [String: String], deadlineMicroseconds: UInt32 = 0,
        isEnabled: Bool = true
    ) {
        self.id = id
        self.path = path
        self.label = label
        self.parameters = parameters
        self.deadlineMicroseconds = deadlineMicroseconds
        self.isEnabled = isEnabled
    }

    func write(to writer: inout WireWriter) {
        writer.write(id)
        writer.write(path, atMost: 4096)
        writer.write(label, atMost: 256)
        writer.write(deadlineMicroseconds)
        writer.write(isEnabled)
        writer.write(UInt16(clamping: parameters.count))
        for (name, value) in parameters.sorted(by: { $0.key < $1.key }).prefix(Int(UInt16.max)) {
            writer.write(name, atMost: 256)
            writer.write(value, atMost: 4096)
        }
    }

    init(_ reader: inout WireReader) throws(WireError) {
        id = try reader.read()
        path = try reader.readString(atMost: 4096, "path")
        label = try reader.readString(atMost: 256, "label")
        deadlineMicroseconds = try reader.read()
        isEnabled = try reader.readBool("enabled flag")
        parameters = [:]
        for _ in 0..<(try reader.read(UInt16.self)) {
            let name = try reader.readString(atMost: 256, "parameter name")
            parameters[name] = try reader.readString(atMost: 4096, "parameter value")
        }
    }
}

/// What a plugin can be given.
package struct PluginAbilities: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let video = PluginAbilities(rawValue: 1)
    package static let audio = PluginAbilities(rawValue: 2)
    package static let events = PluginAbilities(rawValue: 4)
}

/// What one plugin did with one picture or block of sound.
package struct PluginTime: Hashable, Sendable {
    /// The plugin, by the number that it was loaded with.
    package var id: UInt32
    /// What the call took.
    package var microseconds: UInt32
    /// It answered with an error; its work was not used.
    package var hasFailed: Bool
    /// It took longer than its own deadline.
    package var isLate: Bool

    package init(id: UInt32, microseconds: UInt32, hasFailed: Bool = false, isLate: Bool = false) {
        self.id = id
        self.microseconds = microseconds
        self.hasFailed = hasFailed
        self.isLate = isLate
    }

    static func write(_ times: [PluginTime], to writer: inout WireWriter) {
        writer.write(UInt16(clamping: times.count))
        for time in times.prefix(Int(UInt16.max)) {
            writer.write(time.id)
            writer.write(time.microseconds)
            writer.write(time.hasFailed)
            writer.write(time.isLate)
        }
    }

    static func read(_ reader: inout WireReader) throws(WireError) -> [PluginTime] {
        var times: [PluginTime] = []
        for _ in 0..<(try reader.read(UInt16.self)) {
            times.append(
                PluginTime(
                    id: try reader.read(), microseconds: try reader.read(),
                    hasFailed: try reader.readBool("failure flag"), isLate: try reader.readBool("lateness flag")))
        }
        return times
    }
}

/// How grave a plugin thinks its line is; the numbers are those of `enum bulkhead_log_level`.
package enum PluginLogLevel: UInt8, Hashable, Comparable, Sendable, CaseIterable {
    case debug = 0
    case notice = 1
    case warning = 2
    case error = 3

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
