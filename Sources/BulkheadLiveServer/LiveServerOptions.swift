/// What an embedded live server accepts, and its limits.
package struct LiveServerOptions: Hashable, Sendable {
    /// The stream keys that may be published; nil for any. A key also admits players.
    package var streamKeys: Set<String>?
    /// Peers may publish.
    package var takesPublishers = true
    /// Publishers and players at one time; more are closed at once.
    package var connectionLimit = 64
    /// The same from one address, of version 6 from one network of 64 bits; nil for half of ``connectionLimit``.
    package var addressConnectionLimit: Int?
    /// What an address may do wrong in a minute, wrong keys and broken rules, before its connections are closed at once.
    package var addressFailureLimit = 20
    /// Streams published at one time.
    package var streamLimit = 16
    /// A GOP that grows beyond this is not kept: new players then wait for the next IDR.
    package var gopByteLimit = 32 << 20
    /// The same for all streams together: each has an equal share of it, where that is less.
    package var storeByteLimit = 64 << 20
    /// What may wait for one player before it is shed up to the next IDR.
    package var playerQueueByteLimit = 8 << 20
    /// A publisher that sends more than this over five seconds is closed; nil for no limit.
    package var publisherBitsPerSecondLimit: Int?
    /// A publisher without media for so long is closed.
    package var publisherIdleTimeout = Duration.seconds(10)
    /// Players are told that a publisher has left without a goodbye after so long, if no other has come.
    package var publisherGrace = Duration.seconds(10)
    /// The same holds for a publisher that says goodbye: another one takes its place.
    package var holdsPlayers = false
    /// A connection that neither publishes nor plays after so long is closed.
    package var setupTimeout = Duration.seconds(10)
    /// A player that takes nothing for so long although something waits for it is closed.
    package var playerStallTimeout = Duration.seconds(15)
    /// Up to so many players of a stream are given each message as it comes.
    package var promptPlayerCount = 16
    /// More than those are given what has come together, so long after the last time at the soonest: what a player costs
    /// is mostly the system calls. A picture waits half of it on the average.
    package var deliveryInterval = Duration.milliseconds(50)
    /// How often a quiet connection is asked for a sign of life.
    package var pingInterval = Duration.seconds(30)
    /// Where there are some, connections may be under TLS as well.
    package var tls: TLSFiles?
    /// Who decides whether a peer may publish or play.
    package var access = AccessOptions()
    /// What one address, and all players together, may do.
    package var rates = RateOptions()
    /// Streams that come from other servers.
    package var pulls: [PullOptions] = []
    /// Servers that streams go to.
    package var pushes: [PushOptions] = []
    /// What relays wait between two attempts.
    package var relayDelays: [Duration] = [.seconds(1), .seconds(2), .seconds(5), .seconds(10), .seconds(30)]
    /// Connections may be under TLS, with a certificate that is given by ``LiveServer/use(certificate:key:)``; until then they
    /// are refused.
    package var isGivenCertificate = false

    /// Files in PEM form, which are read again when they change.
    package struct TLSFiles: Hashable, Sendable {
        /// The path of the server's certificate, with those between it and a root behind it.
        package var certificate: String
        /// The path of its private key.
        package var key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// The defaults, with any stream key.
    package init() {}
}

/// The application and name that tell streams apart.
package struct StreamName: Hashable, Sendable, CustomStringConvertible {
    /// The application, without its query.
    package let app: String
    /// The stream key, without its query.
    package let name: String

    /// The name by which a stream is published and played.
    package init(app: String, name: String) {
        self.app = app
        self.name = name
    }

    package var description: String { name.isEmpty ? app : "\(app)/\(name)" }
}

/// What happens at an embedded live server. `peer` is the other side's address and port.
package enum LiveServerEvent: Hashable, Sendable {
    case publishStarted(StreamName, peer: String)
    case publishEnded(StreamName, peer: String, PublishSummary)
    case publishRefused(StreamName, peer: String, RefusalReason)
    case playStarted(StreamName, peer: String)
    case playRefused(StreamName, peer: String, RefusalReason)
    case playEnded(StreamName, peer: String, PlaySummary)
    /// A connection ended by a rule of ours or by what the peer did.
    case connectionFailed(peer: String, reason: String)
    /// This one was closed at once. Told once a minute for each reason.
    case connectionRefused(peer: String, ConnectionRefusalReason)
    /// The system has nothing left for another connection, and none is accepted for a second; the system's word. Told once
    /// a minute.
    case acceptingPaused(reason: String)
    /// The certificate's files have changed: they are used from now on, or can't be, and the old ones are used on.
    case certificateRead(problem: String?)
    /// A file of secrets has changed: it is used from now on, or can't be, and the old ones are used on.
    case secretsRead(path: String, problem: String?)
    /// A hook has not answered. Told once a minute.
    case hookFailed(String)
    case relay(StreamName, RelayDirection, server: String, RelayNews)
    /// So many events were not told, because there were too many.
    case eventsLeftOut(Int)
}

/// Why a connection was not let in.
package enum ConnectionRefusalReason: Hashable, Sendable {
    /// Of all addresses together.
    case tooManyConnections
    /// Of the peer's address.
    case tooManyOfAddress
    /// The peer's address has named wrong keys, or broken rules, too often.
    case tooManyFailures
    /// The peer's address has come too often.
    case tooOften
}

/// Which way a relay goes.
package enum RelayDirection: Hashable, Sendable {
    case pull, push
}

/// What has become of a relay.
package enum RelayNews: Hashable, Sendable {
    case started
    /// As is wanted; with the reason.
    case ended(String)
    /// It is tried again.
    case failed(String)
}

/// One publisher's numbers.
package struct PublishSummary: Hashable, Sendable {
    /// Why a publisher's stream ended.
    package enum Reason: Hashable, Sendable {
        /// The publisher said that it ends.
        case unpublished
        /// The connection ended without a goodbye.
        case disconnected
        case idle
        case overBitrate
    }

    /// Why the stream ended.
    package let reason: Reason
    /// Video messages received, sequence headers included.
    package let videoMessageCount: Int
    /// Audio messages received, sequence headers included.
    package let audioMessageCount: Int
    /// Payload bytes received.
    package let byteCount: Int
}

/// One player's numbers.
package struct PlaySummary: Hashable, Sendable {
    /// Payload bytes sent to the player.
    package let sentByteCount: Int
    /// Messages left out because the player was too slow.
    package let shedMessageCount: Int
    /// The player was closed because it never caught up.
    package let wasHopeless: Bool
}
