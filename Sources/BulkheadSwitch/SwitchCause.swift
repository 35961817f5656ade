package import BulkheadModel

/// Why the stream goes to the other way.
package enum SwitchCause: Hashable, Sendable {
    /// The switch begins.
    case beginning
    /// The way at work was abnormal.
    case condition(SwitchCondition)
    /// The way at work did not start.
    case startFailed
    /// Its policy sends it back.
    case policy
    /// A person has asked for it.
    case hand

    /// The word for programs.
    package var word: String {
        switch self {
        case .beginning: "beginning"
        case .condition(let condition): "\(condition)"
        case .startFailed: "start-failed"
        case .policy: "policy"
        case .hand: "hand"
        }
    }
}
