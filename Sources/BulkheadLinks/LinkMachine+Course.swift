import BulkheadMedia
import BulkheadRTMPTransport
import BulkheadSelection

/// Where a link can be, and on which way.
extension LinkMachine {
    /// Where the course is.
    enum Course: Hashable, Sendable {
        case idle
        case measuring, waiting, confirming, resting
        case preparing(Choice, since: Duration)
        case publishing(Choice, after: Duration?)
        /// A connection is about to be fed, from an IDR on.
        case beginning
        case sending
        case passing(Passage)
        case leaving(Departure)
        case over
    }

    /// How a connection comes to be left.
    enum Departure: Hashable, Sendable {
        /// Everything is sent, or nothing more is wanted.
        case wanted
        case broken(PublishError)
        /// On to another connection that publishes already; with `rewinds` the old one had not sent all it was given.
        case moved(rewinds: Bool)
    }

    /// On the way from the connection on air to another one.
    struct Passage: Hashable, Sendable {
        enum Kind: Hashable, Sendable {
            /// Timestamps come to their end: the same server, counting from 0.
            case renewal
            /// The same server anew, which can't be given the same stream twice: the old connection ends first.
            case same
            case other
        }

        let kind: Kind
        let server: Int
        let reason: String
        var isByHand = false
        var isComplete = true
    }

    /// A connection that is ready up to createStream.
    struct Ready: Hashable, Sendable {
        let server: Int
        let reason: String
        /// It is to the server on air.
        var replacesSame = false
        var isByHand = false
    }
}

extension LinkMachine.Passage {
    /// The same with what has become of the packets of the old connection.
    init(_ passage: Self, _ isComplete: Bool) {
        self = passage
        self.isComplete = isComplete
    }
}
