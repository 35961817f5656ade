import BulkheadModel

/// What happens at a live server, as sentences: the command and the program of the server say the same.
package enum ServerSentence {
    /// `happening` without the part that it happens to.
    package static func text(_ happening: ServerHappening) -> String {
        switch happening {
        case .ready(let address, _): "ready at \(address)"
        case .notListening(let text): "\(text); it is tried again each second"
        case .reconnectRequested(let publishers): "asked \(count(publishers, "publisher")) to reconnect"
        case .stopped: "stopped"
        case .publishStarted(let stream, let peer): "\(stream): \(peer) is publishing"
        case .publishEnded(let stream, let peer, let cause, let videoMessages, _, let bytes):
            "\(stream): \(peer) stopped publishing (\(phrase(cause))) after \(count(videoMessages, "picture")), "
                + count(bytes, "byte")
        case .publishRefused(let stream, let peer, let cause): "\(stream): \(peer) may not publish: \(phrase(cause))"
        case .playStarted(let stream, let peer): "\(stream): \(peer) is playing"
        case .playEnded(let stream, let peer, let bytes, let shed):
            "\(stream): \(peer) stopped playing after \(count(bytes, "byte"))"
                + (shed > 0 ? ", \(count(shed, "message")) dropped" : "")
        case .connectionFailed(let peer, let text): "closed \(peer): \(text)"
        case .connectionRefused(let peer, let cause): "closed \(peer): \(phrase(cause))"
        case .acceptingPaused(let text): "takes no more connections for now: \(text); see `ulimit -n`"
        case .certificateRead: "the files of the certificate have changed, and are used"
        case .certificateUnusable(let text):
            "the files of the certificate have changed and can't be used: \(text); the old certificate is used on"
        case .eventsLeftOut(let events): "\(count(events, "event")) left out: there were too many"
        }
    }

    private static func phrase(_ cause: PublishEndCause) -> String {
        switch cause {
        case .unpublished: "as announced"
        case .disconnected: "disconnected"
        case .idle: "nothing arrived"
        case .overBitrate: "bitrate too high"
        }
    }

    private static func phrase(_ cause: ConnectionRefusalCause) -> String {
        switch cause {
        case .tooManyConnections: "too many connections"
        case .tooManyOfAddress: "too many connections from its address"
        case .tooManyFailures: "its address has failed too often; it may try again in a minute"
        }
    }

    private static func phrase(_ cause: PublishRefusalCause) -> String {
        switch cause {
        case .alreadyPublishing: "another publisher has the stream"
        case .unknownKey: "unknown stream key"
        case .tooManyStreams: "too many streams"
        }
    }

    private static func count(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
