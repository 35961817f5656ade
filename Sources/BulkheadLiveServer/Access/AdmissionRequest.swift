import BulkheadHTTP
import BulkheadRTMP

/// Who asks to publish or to play, and all that may decide about it.
struct AdmissionRequest {
    typealias Action = AccessToken.Action

    /// How a player takes it, beside RTMP.
    enum Form: String {
        case rtmp, flv, mp4, hls
    }

    let action: Action
    let name: StreamName
    /// Behind the name, without `?`.
    var query = ""
    let form: Form
    let peer: PeerFacts
    var client = ClientFacts()

    /// As it came, which is what a key may be.
    var fullName: String { query.isEmpty ? name.name : "\(name.name)?\(query)" }

    /// Of both queries; those of the name count.
    var fields: [String: String] {
        FormFields.fields(of: [query, client.appQuery].filter { !$0.isEmpty }.joined(separator: "&"))
    }
}

/// The other side of a connection.
struct PeerFacts {
    /// Address and port, for people.
    let name: String
    /// Without the port.
    let ipAddress: String
    /// What limits count by.
    let address: ClientAddress
    /// No other connection of this server has had it.
    let number: Int
}

/// Why a peer may not publish or play.
package enum RefusalReason: Hashable, Sendable, Error {
    case alreadyPublishing, unknownKey, tooManyStreams
    /// There is no token, or it has run out, or it is not for this.
    case noToken, expiredToken, wrongToken
    /// The server that is asked said no, or nothing.
    case refusedByHook, hookSilent
    /// Its address does so too often.
    case tooOften
    case tooManyPlayers, tooManyPlayersOfStream, noBandwidth
    /// A relay would be given what it has sent.
    case loop

    /// The peer has named what is none: this is counted against its address.
    var isFailedProof: Bool {
        switch self {
        case .unknownKey, .noToken, .expiredToken, .wrongToken: true
        case .alreadyPublishing, .tooManyStreams, .refusedByHook, .hookSilent, .tooOften, .tooManyPlayers,
            .tooManyPlayersOfStream, .noBandwidth, .loop:
            false
        }
    }

    /// For the peer, with what to do about it where it can.
    package var sentence: String {
        switch self {
        case .alreadyPublishing: "Already publishing"
        case .unknownKey: "Unknown stream key"
        case .tooManyStreams: "Too many streams"
        case .noToken: "A token is needed: put ?expires=...&token=... behind the name"
        case .expiredToken: "The token has expired: ask for a new one"
        case .wrongToken: "The token is not for this stream, action or address"
        case .refusedByHook: "Not allowed"
        case .hookSilent: "Whether this is allowed could not be found out: try again later"
        case .tooOften: "Too many attempts from this address: try again in a minute"
        case .tooManyPlayers: "Too many players: try again later"
        case .tooManyPlayersOfStream: "Too many players of this stream: try again later"
        case .noBandwidth: "No bandwidth is left for another player: try again later"
        case .loop: "This server would be given back its own stream"
        }
    }
}
