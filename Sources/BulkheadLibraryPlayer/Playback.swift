/// Why something can't be played on: one sentence's phrase.
package enum PlaybackError: Error, Hashable, Sendable, CustomStringConvertible {
    /// All trackers that answered know of no such video, or no such room.
    case unknown(String)
    /// No tracker has given nodes.
    case noTracker(String)
    /// No node has given it.
    case noNode(String)
    /// None of those that were asked could prove who it is.
    case untrusted(String)

    package var description: String {
        switch self {
        case .unknown(let what): "no tracker knows \(what)"
        case .noTracker(let why): "no tracker says where it is: \(why)"
        case .noNode(let why): "no node gives it: \(why)"
        case .untrusted(let why): why
        }
    }
}

/// A node, and why it stands where it does among those that a tracker has named.
package struct NamedNode: Hashable, Sendable {
    package let node: String
    package let why: String
}

/// What is said of a playback.
package enum PlaybackHappening: Hashable, Sendable {
    /// A tracker has named nodes, the best first, with its reasons.
    case found(name: String, tracker: String, nodes: [NamedNode])
    case playing(node: String, why: String, waitedMilliseconds: Double)
    case left(node: String, because: String)
    /// None of the nodes that were named gives anything: the trackers are asked again.
    case asksAgain
    /// No tracker names nodes, and why; said once as long as it is the same.
    case noTracker(String)
}

/// How long is waited, and for what.
package struct PlaybackPatience: Hashable, Sendable {
    /// How long a node may give nothing while it plays: with what the next one takes to begin it is less than 2 s.
    package var silence = Duration.milliseconds(1500)
    /// How long one has for itself at the start before the next one is asked as well.
    package var step = Duration.milliseconds(400)
    /// How long is tried before it is given up.
    package var trouble = Duration.seconds(20)
    /// How often a recording that grows is looked at again.
    package var growth = Duration.seconds(1)
    /// How long no tracker may know of a room that was played before it is over: nodes tell trackers each second.
    package var absence = Duration.seconds(5)

    package init() {}
}
