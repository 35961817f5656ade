package import BulkheadModel

/// Something that happened to a part of the broadcast: the one vocabulary of the status line, JSON and the records.
///
/// docs/events.md says what readers of its JSON may rely on.
package struct Event: Hashable, Sendable {
    /// Seconds since 1970, for people; order and spans come from `mediaSeconds`.
    package var time: Double
    /// Where the timeline stood, in seconds; nil before it started.
    package var mediaSeconds: Double?
    /// The part of the broadcast that it happened to.
    package var part: Part
    /// What happened, with its payload.
    package var happening: Happening

    /// An event of `part`, at `time` in seconds since 1970.
    package init(_ part: Part, _ happening: Happening, time: Double, mediaSeconds: Double? = nil) {
        self.time = time
        self.mediaSeconds = mediaSeconds
        self.part = part
        self.happening = happening
    }

    /// The stable name of what happened, such as `encoder.died`.
    package var code: String { happening.code(for: part.role) }
    /// How much attention the event asks for.
    package var level: Happening.Level { happening.level }
}

/// One object in JSON. What another version has posted is read as ``Happening/unknown(_:)``, and never refused.
extension Event: Codable {
    private enum CodingKeys: String, CodingKey {
        case time, mediaSeconds, code, level, part, values
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        time = try container.decode(Double.self, forKey: .time)
        mediaSeconds = try container.decodeIfPresent(Double.self, forKey: .mediaSeconds)
        part = try container.decode(Part.self, forKey: .part)
        let code = try container.decode(String.self, forKey: .code)
        let values = try container.decode(Values.self, forKey: .values)
        do {
            happening = try Happening(code: code, values: values)
        } catch {
            let level = try container.decode(String.self, forKey: .level)
            happening = .unknown(
                UnknownHappening(code: code, level: Happening.Level(rawValue: level) ?? .notice, values: values))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(time, forKey: .time)
        try container.encodeIfPresent(mediaSeconds, forKey: .mediaSeconds)
        try container.encode(code, forKey: .code)
        try container.encode(level, forKey: .level)
        try container.encode(part, forKey: .part)
        try container.encode(happening.values, forKey: .values)
    }
}

/// A happening that this version has no case for; programs of this version never post one.
package struct UnknownHappening: Hashable, Sendable {
    /// The dotted code of another version.
    package let code: String
    /// The level that the other version gave.
    package let level: Happening.Level
    /// The facts whose keys are known here.
    package let values: Values
}
