/// How a peer counts what it acknowledges: as the specification says, or as some servers do, for drills.
/// - SeeAlso: ``AcknowledgementModel``, which makes sense of what comes.
package enum AcknowledgementHabit: String, Hashable, Sendable, CaseIterable {
    /// From the connection's start (Adobe RTMP 1.0, section 5.4.3).
    case cumulative
    /// Anew from 0, once.
    case restart
    /// From the last acknowledgement.
    case increments = "inc"
    /// Always the same number.
    case fixed
    /// More than has come: a number that has just passed the end of 31 bits.
    case beyond = "i32"
    case none

    /// The number to acknowledge with; nil for none.
    ///
    /// - Parameters:
    ///   - received: bytes since the connection's start.
    ///   - step: bytes since the last acknowledgement.
    ///   - start: what had come when this habit began.
    func number(received: UInt64, step: UInt64, since start: UInt64) -> UInt32? {
        switch self {
        case .cumulative: UInt32(truncatingIfNeeded: received)
        case .restart: UInt32(truncatingIfNeeded: received &- start)
        case .increments: UInt32(truncatingIfNeeded: step)
        case .fixed: 0x1234
        case .beyond: UInt32(truncatingIfNeeded: received) | 0x8000_0000
        case .none: nil
        }
    }
}
