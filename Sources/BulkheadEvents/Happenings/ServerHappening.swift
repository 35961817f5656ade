import BulkheadModel

/// What happens at the live server of `bulkhead serve`, and at that of a broadcast.
package enum ServerHappening: HappeningSubject {
    case ready(address: String, port: Int)
    /// A broadcast's own server can't listen; it tries again.
    case notListening(text: String)
    case reconnectRequested(publishers: Int)
    case stopped
    case publishStarted(stream: String, peer: String)
    case publishEnded(
        stream: String, peer: String, cause: PublishEndCause, videoMessages: Int, audioMessages: Int, bytes: Int)
    case publishRefused(stream: String, peer: String, cause: PeerRefusalCause)
    case playStarted(stream: String, peer: String)
    case playRefused(stream: String, peer: String, cause: PeerRefusalCause)
    case playEnded(stream: String, peer: String, bytes: Int, shed: Int)
    case connectionFailed(peer: String, text: String)
    case connectionRefused(peer: String, cause: ConnectionRefusalCause)
    /// No descriptor, or no memory, is left for another connection.
    case acceptingPaused(text: String)
    /// The files of its certificate have changed, and are used.
    case certificateRead
    /// They have changed, and can't be used.
    case certificateUnusable(text: String)
    /// The files of its secrets have changed, and are used.
    case secretsRead
    /// One of them has changed, and can't be used.
    case secretsUnusable(text: String)
    /// A server that is asked, or told, has not answered as it should.
    case hookFailed(text: String)
    /// A stream comes from another server.
    case pullStarted(stream: String, server: String)
    case pullEnded(stream: String, server: String, text: String)
    case pullFailed(stream: String, server: String, text: String)
    /// A stream goes to another server.
    case pushStarted(stream: String, server: String)
    case pushEnded(stream: String, server: String, text: String)
    case pushFailed(stream: String, server: String, text: String)
    case eventsLeftOut(events: Int)

    /// What stands behind the period in the code.
    package enum Word: String, CaseIterable, Sendable {
        case ready
        case notListening = "not-listening"
        case reconnectRequested = "reconnect-requested"
        case stopped
        case publishStarted = "publish-started"
        case publishEnded = "publish-ended"
        case publishRefused = "publish-refused"
        case playStarted = "play-started"
        case playRefused = "play-refused"
        case playEnded = "play-ended"
        case connectionFailed = "connection-failed"
        case connectionRefused = "connection-refused"
        case acceptingPaused = "accepting-paused"
        case certificateRead = "certificate-read"
        case certificateUnusable = "certificate-unusable"
        case secretsRead = "secrets-read"
        case secretsUnusable = "secrets-unusable"
        case hookFailed = "hook-failed"
        case pullStarted = "pull-started"
        case pullEnded = "pull-ended"
        case pullFailed = "pull-failed"
        case pushStarted = "push-started"
        case pushEnded = "push-ended"
        case pushFailed = "push-failed"
        case eventsLeftOut = "events-left-out"
    }

    /// The case's word, its level, and its payload as values.
    package var facts: Facts<Word> {
        switch self {
        case .ready(let address, let port): Facts(.ready, .notice, [.address: address, .port: port])
        case .notListening(let text): Facts(.notListening, .warning, [.text: text])
        case .reconnectRequested(let publishers): Facts(.reconnectRequested, .notice, [.publishers: publishers])
        case .stopped: Facts(.stopped)
        case .publishStarted(let stream, let peer): Facts(.publishStarted, .notice, [.stream: stream, .peer: peer])
        case .publishEnded(let stream, let peer, let cause, let videoMessages, let audioMessages, let bytes):
            Facts(
                .publishEnded, .notice,
                [
                    .stream: stream, .peer: peer, .cause: cause, .videoMessages: videoMessages,
                    .audioMessages: audioMessages, .bytes: bytes,
                ])
        case .publishRefused(let stream, let peer, let cause):
            Facts(.publishRefused, .warning, [.stream: stream, .peer: peer, .cause: cause])
        case .playStarted(let stream, let peer): Facts(.playStarted, .notice, [.stream: stream, .peer: peer])
        case .playRefused(let stream, let peer, let cause):
            Facts(.playRefused, .warning, [.stream: stream, .peer: peer, .cause: cause])
        case .playEnded(let stream, let peer, let bytes, let shed):
            Facts(.playEnded, .notice, [.stream: stream, .peer: peer, .bytes: bytes, .shed: shed])
        case .connectionFailed(let peer, let text): Facts(.connectionFailed, .warning, [.peer: peer, .text: text])
        case .connectionRefused(let peer, let cause):
            Facts(.connectionRefused, .warning, [.peer: peer, .cause: cause])
        case .acceptingPaused(let text): Facts(.acceptingPaused, .warning, [.text: text])
        case .certificateRead: Facts(.certificateRead)
        case .certificateUnusable(let text): Facts(.certificateUnusable, .warning, [.text: text])
        case .secretsRead: Facts(.secretsRead)
        case .secretsUnusable(let text): Facts(.secretsUnusable, .warning, [.text: text])
        case .hookFailed(let text): Facts(.hookFailed, .warning, [.text: text])
        case .pullStarted(let stream, let server): Facts(.pullStarted, .notice, [.stream: stream, .server: server])
        case .pullEnded(let stream, let server, let text):
            Facts(.pullEnded, .notice, [.stream: stream, .server: server, .text: text])
        case .pullFailed(let stream, let server, let text):
            Facts(.pullFailed, .warning, [.stream: stream, .server: server, .text: text])
        case .pushStarted(let stream, let server): Facts(.pushStarted, .notice, [.stream: stream, .server: server])
        case .pushEnded(let stream, let server, let text):
            Facts(.pushEnded, .notice, [.stream: stream, .server: server, .text: text])
        case .pushFailed(let stream, let server, let text):
            Facts(.pushFailed, .warning, [.stream: stream, .server: server, .text: text])
        case .eventsLeftOut(let events): Facts(.eventsLeftOut, .warning, [.events: events])
        }
    }

    /// The case of `word` with its payload. Throws when a value is missing or of another type.
    package init(_ word: Word, _ values: Values) throws(HappeningError) {
        switch word {
        case .ready: self = .ready(address: try values.required(.address), port: try values.required(.port))
        case .notListening: self = .notListening(text: try values.required(.text))
        case .reconnectRequested: self = .reconnectRequested(publishers: try values.required(.publishers))
        case .stopped: self = .stopped
        case .publishStarted:
            self = .publishStarted(stream: try values.required(.stream), peer: try values.required(.peer))
        case .publishEnded:
            self = .publishEnded(
                stream: try values.required(.stream), peer: try values.required(.peer),
                cause: try values.required(.cause), videoMessages: try values.required(.videoMessages),
                audioMessages: try values.required(.audioMessages), bytes: try values.required(.bytes))
        case .publishRefused:
            self = .publishRefused(
                stream: try values.required(.stream), peer: try values.required(.peer),
                cause: try values.required(.cause))
        case .playStarted: self = .playStarted(stream: try values.required(.stream), peer: try values.required(.peer))
        case .playRefused:
            self = .playRefused(
                stream: try values.required(.stream), peer: try values.required(.peer),
                cause: try values.required(.cause))
        case .playEnded:
            self = .playEnded(
                stream: try values.required(.stream), peer: try values.required(.peer),
                bytes: try values.required(.bytes), shed: try values.required(.shed))
        case .connectionFailed:
            self = .connectionFailed(peer: try values.required(.peer), text: try values.required(.text))
        case .connectionRefused:
            self = .connectionRefused(peer: try values.required(.peer), cause: try values.required(.cause))
        case .acceptingPaused: self = .acceptingPaused(text: try values.required(.text))
        case .certificateRead: self = .certificateRead
        case .certificateUnusable: self = .certificateUnusable(text: try values.required(.text))
        case .secretsRead: self = .secretsRead
        case .secretsUnusable: self = .secretsUnusable(text: try values.required(.text))
        case .hookFailed: self = .hookFailed(text: try values.required(.text))
        case .pullStarted:
            self = .pullStarted(stream: try values.required(.stream), server: try values.required(.server))
        case .pullEnded:
            self = .pullEnded(
                stream: try values.required(.stream), server: try values.required(.server),
                text: try values.required(.text))
        case .pullFailed:
            self = .pullFailed(
                stream: try values.required(.stream), server: try values.required(.server),
                text: try values.required(.text))
        case .pushStarted:
            self = .pushStarted(stream: try values.required(.stream), server: try values.required(.server))
        case .pushEnded:
            self = .pushEnded(
                stream: try values.required(.stream), server: try values.required(.server),
                text: try values.required(.text))
        case .pushFailed:
            self = .pushFailed(
                stream: try values.required(.stream), server: try values.required(.server),
                text: try values.required(.text))
        case .eventsLeftOut: self = .eventsLeftOut(events: try values.required(.events))
        }
    }

    /// What docs/events.md says of `word`.
    package static func meaning(of word: Word) -> Meaning {
        switch word {
        case .ready:
            Meaning([.notice], [.address, .port], "the server takes publishers and players")
        case .notListening:
            Meaning([.warning], [.text], "the broadcast's own server can't listen, and tries again each second")
        case .reconnectRequested:
            Meaning([.notice], [.publishers], "publishers were asked to reconnect")
        case .stopped:
            Meaning([.notice], [], "the server has stopped")
        case .publishStarted:
            Meaning([.notice], [.stream, .peer], "a publisher sends a stream")
        case .publishEnded:
            Meaning(
                [.notice], [.stream, .peer, .cause, .videoMessages, .audioMessages, .bytes], "a publisher has left")
        case .publishRefused:
            Meaning([.warning], [.stream, .peer, .cause], "a publisher was refused")
        case .playStarted:
            Meaning([.notice], [.stream, .peer], "a player plays a stream")
        case .playRefused:
            Meaning([.warning], [.stream, .peer, .cause], "a player was refused")
        case .playEnded:
            Meaning(
                [.notice], [.stream, .peer, .bytes, .shed],
                "a player has left; shed messages were dropped because the player was slow")
        case .connectionFailed:
            Meaning([.warning], [.peer, .text], "a connection was closed for what the peer did")
        case .connectionRefused:
            Meaning(
                [.warning], [.peer, .cause],
                "a connection was closed at once; told once a minute for each cause: there are too many, or too many from "
                    + "its address, or its address has named too many wrong keys, broken too many rules or come too often"
            )
        case .acceptingPaused:
            Meaning([.warning], [.text], "the system has nothing left for another connection; told once a minute")
        case .certificateRead:
            Meaning([.notice], [], "the files of the server's certificate have changed, and are used from now on")
        case .certificateUnusable:
            Meaning(
                [.warning], [.text],
                "the files of the server's certificate can't be used; the certificate from before, if any, is used on")
        case .secretsRead:
            Meaning([.notice], [], "a file of the server's secrets has changed, and is used from now on")
        case .secretsUnusable:
            Meaning(
                [.warning], [.text],
                "a file of the server's secrets has changed and can't be used; the old secrets are used on")
        case .hookFailed:
            Meaning([.warning], [.text], "a hook has not answered; told once a minute")
        case .pullStarted:
            Meaning([.notice], [.stream, .server], "a stream comes from another server")
        case .pullEnded:
            Meaning([.notice], [.stream, .server, .text], "a stream is no longer pulled from another server")
        case .pullFailed:
            Meaning(
                [.warning], [.stream, .server, .text],
                "a stream can't be pulled from another server; that is tried again, with its next server if it has one")
        case .pushStarted:
            Meaning([.notice], [.stream, .server], "a stream goes to another server")
        case .pushEnded:
            Meaning([.notice], [.stream, .server, .text], "a stream is no longer pushed to another server")
        case .pushFailed:
            Meaning(
                [.warning], [.stream, .server, .text],
                "a stream can't be pushed to another server; that is tried again")
        case .eventsLeftOut:
            Meaning([.warning], [.events], "so many events weren't written, because there were too many")
        }
    }
}
