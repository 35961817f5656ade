/// What a link is doing. On the way back from a break it passes the four steps *saved*, *cleared*, *selected* and
/// *restored*, in this order, and says each in an event of that name.
package enum LinkState: String, Codable, Hashable, Sendable {
    case idle
    /// To its first server.
    case connecting
    case publishing
    /// The connection broke: the stream's state is safe on this machine, and it is known which servers answer.
    case saved
    /// The fault is gone: a server was reached up to its answer to RTMP's handshake, and nothing of the broken connection
    /// is left.
    case cleared
    /// A server was chosen and asked to take the stream.
    case selected
    /// It took it; metadata and headers are on their way, and what was not known to have arrived.
    case restored
    /// The connection carries nothing at the moment, and may be lost.
    case stalled
    case paused
    /// For a file: it takes what comes.
    case writing
    case failed
    case ended

    /// It has stopped by itself: for good, or with all that it was given sent.
    package var isOver: Bool { self == .failed || self == .ended }

    /// On its way back from a break.
    package var isReconnecting: Bool {
        switch self {
        case .saved, .cleared, .selected: true
        default: false
        }
    }
}
