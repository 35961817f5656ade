import Foundation

/// An event as a program reports it with `--json`, read by docs/events.md alone.
package struct ReportedEvent: Decodable, Sendable {
    package enum Duty: String, Decodable, Sendable {
        case onAir = "on-air"
        case standby, next, twin, retired
    }

    package struct Part: Decodable, Sendable {
        package let role: String
        package let id: Int
        package let name: String
        package let duty: Duty?
        package let lane: Int?
    }

    package enum Value: Decodable, Sendable {
        case number(Double)
        case string(String)
        case other

        package init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else if let string = try? container.decode(String.self) {
                self = .string(string)
            } else {
                self = .other
            }
        }
    }

    package let time: Double
    package let mediaSeconds: Double?
    package let part: Part
    package let code: String
    package let values: [String: Value]

    package func number(_ key: String) -> Double? {
        guard case .number(let number) = values[key] else { return nil }
        return number
    }

    package func string(_ key: String) -> String? {
        guard case .string(let string) = values[key] else { return nil }
        return string
    }

    package var pid: Int32? { number("pid").flatMap { Int32(exactly: $0) } }

    /// The events among the lines of `text`.
    package static func all(in text: String) -> [ReportedEvent] {
        text.split(separator: "\n").compactMap { try? JSONDecoder().decode(Self.self, from: Data($0.utf8)) }
    }

    /// Whether the event is this one of this part; a nil stands for all, and children without `duty` are those on air.
    package func isA(
        _ code: String, _ duty: Duty? = nil, name: String? = nil, id: Int? = nil, lane: Int? = nil
    ) -> Bool {
        self.code == code && (part.duty == nil || part.duty == duty ?? .onAir) && (name == nil || part.name == name)
            && (id == nil || part.id == id) && (lane == nil || part.lane == lane)
    }
}
