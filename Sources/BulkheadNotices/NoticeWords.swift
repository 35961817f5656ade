import BulkheadEvents
import BulkheadModel

/// How a notice says what happened, to people.
enum NoticeWords {
    /// One line, from the sentence of the event itself.
    static func text(_ telling: AlarmCourse.Telling, sentence: String) -> String {
        var text = sentence
        if let seconds = telling.seconds, seconds >= 1 {
            switch telling.state {
            case .raised, .lasting: text += "; still so after \(span(seconds))"
            case .cleared: text += "; the trouble lasted \(span(seconds))"
            case nil: break
            }
        }
        if telling.leftOut > 0 { text += " (\(telling.leftOut) left out before)" }
        return text
    }

    /// Seconds in the units that read best.
    static func span(_ seconds: Double) -> String {
        let whole = Int(clamping: Int64(max(0, min(seconds.isFinite ? seconds : 0, 1e12)).rounded()))
        return switch whole {
        case ..<120: "\(whole) s"
        case ..<7200: "\(whole / 60) min" + (whole % 60 == 0 || whole >= 600 ? "" : " \(whole % 60) s")
        case ..<172_800: "\(whole / 3600) h" + (whole / 60 % 60 == 0 ? "" : " \(whole / 60 % 60) min")
        default: "\(whole / 86_400) days"
        }
    }
}
