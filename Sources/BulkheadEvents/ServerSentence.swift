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
        case .playRefused(let stream, let peer, let cause): "\(stream): \(peer) may not play: \(phrase(cause))"
        case .playEnded(let stream, let peer, let bytes, let shed):
            "\(stream): \(peer) stopped playing after \(count(bytes, "byte"))"
                + (shed > 0 ? ", \(count(shed, "message")) dropped" : "")
        case .connectionFailed(let peer, let text): "closed \(peer): \(text)"
        case .connectionRefused(let peer, let cause): "closed \(peer): \(phrase(cause))"
        case .acceptingPaused(let text): "takes no more connections for now: \(text); see `ulimit -n`"
        case .certificateRead: "the files of the certificate have changed, and are used"
        case .certificateUnusable(let text):
            "the certificate's files can't be used: \(text); the certificate from before, if any, is used on"
        case .secretsRead: "a file of secrets has changed, and is used"
        case .secretsUnusable(let text): "a file of secrets has changed: \(text); the old secrets are used on"
        case .hookFailed(let text): "a hook failed: \(text)"
        case .pullStarted(let stream, let server): "\(stream): comes from \(server)"
        case .pullEnded(let stream, let server, let text): "\(stream): is no longer pulled from \(server): \(text)"
        case .pullFailed(let stream, let server, let text):
            "\(stream): can't be pulled from \(server): \(text); it is tried again"
        case .pushStarted(let stream, let server): "\(stream): goes to \(server)"
        case .pushEnded(let stream, let server, let text): "\(stream): is no longer pushed to \(server): \(text)"
        case .pushFailed(let stream, let server, let text):
            "\(stream): can't be pushed to \(server): \(text); it is tried again"
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
        case .tooManyFailures: "its address has failed too often; it may try again later"
        case .tooOften: "its address connects too often; it may try again in a minute"
        }
    }

    private static func phrase(_ cause: PeerRefusalCause) -> String {
        switch cause {
        case .alreadyPublishing: "another publisher has the stream"
        case .unknownKey: "unknown stream key"
        case .tooManyStreams: "too many streams"
        case .noToken: "it has no token"
        case .expiredToken: "its token has expired"
        case .wrongToken: "its token is not for this"
        case .refusedByHook: "the hook refused it"
        case .hookSilent: "the hook did not answer"
        case .tooOften: "its address tries too often"
        case .tooManyPlayers: "too many players"
        case .tooManyPlayersOfStream: "too many players of the stream"
        case .noBandwidth: "no bandwidth is left"
        case .loop: "its server would be given back its own stream"
        }
    }

    private static func count(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
