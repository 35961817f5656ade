package import BulkheadEvents
import BulkheadMaster
import BulkheadModel
import BulkheadSystem
import Glibc

/// An event as one line for a person.
package enum EventLine {
    /// How a terminal shows a level.
    enum Colour: String {
        case red = "\u{1B}[31m"
        case yellow = "\u{1B}[33m"
        case none = ""

        static let end = "\u{1B}[0m"
    }

    /// For a terminal: the time of the day, the part and what happened.
    package static func short(_ event: Event, colours: Bool) -> String {
        let line = "\(timeOfDay(event.time)) \(sentence(event))"
        let colour = colours ? colour(of: event.level) : .none
        return colour == .none ? clean(line) : "\(colour.rawValue)\(clean(line))\(Colour.end)"
    }

    /// For a log: date and time in UTC, level, part and what happened.
    package static func log(_ event: Event) -> String {
        clean("\(timestamp(event.time)) \(event.level.rawValue) \(sentence(event))")
    }

    /// For the journal, which has the time itself: priority, part and what happened.
    package static func journal(_ event: Event) -> String {
        let priority: Journal.Priority =
            switch event.level {
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            }
        return priority.prefix + clean(sentence(event))
    }

    /// The part and what happened to it, fit for a terminal.
    package static func wording(_ event: Event) -> String { clean(sentence(event)) }

    /// The part and what happened to it.
    package static func sentence(_ event: Event) -> String {
        "\(event.part): \(EventSentence.text(event.happening, of: event.part))"
    }

    private static func colour(of level: Happening.Level) -> Colour {
        switch level {
        case .notice: .none
        case .warning: .yellow
        case .error: .red
        }
    }

    /// Without control characters: what a child says about a file's name must not steer a terminal. A byte of a name that is no
    /// UTF-8 is shown by its number: \xE9.
    package static func clean(_ line: String) -> String {
        var cleaned = String.UnicodeScalarView()
        for scalar in line.unicodeScalars {
            if let byte = FileName.byte(of: scalar) {
                cleaned += "\\x\(String(byte, radix: 16, uppercase: true))".unicodeScalars
                continue
            }
            let isControl = scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
            cleaned.append(isControl ? " " : scalar)
        }
        return String(cleaned)
    }

    private static func timeOfDay(_ seconds: Double) -> String {
        var time = time_t(whole(seconds))
        var parts = tm()
        localtime_r(&time, &parts)
        let numbers = [parts.tm_hour, parts.tm_min, parts.tm_sec]
        return numbers.map { StatusLine.padded(Int($0)) }.joined(separator: ":")
    }

    /// ISO 8601 in UTC, with milliseconds.
    package static func timestamp(_ seconds: Double) -> String {
        var time = time_t(whole(seconds))
        var parts = tm()
        gmtime_r(&time, &parts)
        let milliseconds = Int(max(0, min(999, (seconds - Double(time)) * 1000)))
        let date = "\(Int(parts.tm_year) + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        let fraction = String("\(1000 + milliseconds)".dropFirst())
        return "\(date)T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(fraction)Z"
    }

    private static func two(_ number: Int32) -> String { StatusLine.padded(Int(number)) }

    private static func whole(_ seconds: Double) -> Int {
        seconds.isFinite ? Int(max(0, min(seconds, 253_402_300_799)).rounded(.down)) : 0
    }
}
