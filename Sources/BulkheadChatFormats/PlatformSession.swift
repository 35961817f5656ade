package import BulkheadDanmaku

/// A client's side of one connection to a platform with a protocol of its own: what to ask and to send, and what is to be made
/// of what comes. It owns no socket and no clock; whoever does carries out its ``ChatAction``s.
///
/// A connection is one attempt: it begins, mostly opens a socket, joins, and ends once. What it learned for the next one is in
/// the cursor.
package protocol PlatformSession: Sendable {
    /// When ``wake(at:)`` is to be called next, on the steady clock; nil for never.
    var due: Int64? { get }
    /// The attempt begins.
    /// - Parameter server: the one whose turn it is.
    mutating func begin(_ server: ChatTarget.Server, at now: ChatMoment) -> [ChatAction]
    /// The socket that was asked for is open.
    mutating func opened(at now: ChatMoment) -> [ChatAction]
    /// Bytes have come by the socket.
    mutating func take(_ bytes: [UInt8], at now: ChatMoment) -> [ChatAction]
    /// The socket is over, or could not be opened, for this reason.
    mutating func closed(_ reason: String, at now: ChatMoment) -> [ChatAction]
    /// A request has been answered, or could not be.
    mutating func answered(_ answer: ChatAnswer, at now: ChatMoment) -> [ChatAction]
    /// A piece of the answer to a request that is a stream has come.
    mutating func streamed(_ bytes: [UInt8], at now: ChatMoment) -> [ChatAction]
    mutating func wake(at now: ChatMoment) -> [ChatAction]
    /// Nothing has come for a while: asks for a sign of life.
    mutating func ping(at now: ChatMoment) -> [ChatAction]
    /// The broadcast ends: what the platform is to be told.
    func farewell(at now: ChatMoment) -> [ChatAction]
}

extension PlatformSession {
    package var due: Int64? { nil }
    package mutating func begin(_ server: ChatTarget.Server, at now: ChatMoment) -> [ChatAction] { [.connect(server)] }
    package mutating func closed(_ reason: String, at now: ChatMoment) -> [ChatAction] { [.ended(reason)] }
    package mutating func answered(_ answer: ChatAnswer, at now: ChatMoment) -> [ChatAction] { [] }
    package mutating func streamed(_ bytes: [UInt8], at now: ChatMoment) -> [ChatAction] { [] }
    package mutating func wake(at now: ChatMoment) -> [ChatAction] { [] }
    package func farewell(at now: ChatMoment) -> [ChatAction] { [] }
}

/// What a ``PlatformSession`` wants done.
package enum ChatAction: Hashable, Sendable {
    /// Open the connection's socket; one that was open before is closed.
    case connect(ChatTarget.Server)
    case send([UInt8])
    /// Ask over HTTP, and wait for no answer of before.
    case request(ChatHTTPRequest)
    case comment(RoomComment)
    /// Without `seconds`, the source does not say how long it stays in sight.
    case paid(RoomComment, amountMicros: Int64, currency: String, seconds: UInt32?)
    case takenBack(IRCSession.Removal)
    /// Nothing is known of what was said then; in milliseconds since 1970.
    case gap(from: Int64, until: Int64)
    /// What the next connection is to go on with, also after everything here has died.
    case token(String)
    /// The server answers, where that is not told by a socket that opens.
    case reached
    /// The server has taken us in.
    case chosen
    /// What is said from now on comes here.
    case joined
    /// The attempt is over, for this reason; another one may do better.
    case ended(String)
    /// We are not wanted, for this reason: trying again soon changes nothing.
    case refused(String)
}

/// A request over HTTP.
package struct ChatHTTPRequest: Hashable, Sendable {
    /// What the answer is known by.
    package var name: String
    package var server: ChatTarget.Server
    /// With its query; begins with a slash.
    package var path: String
    /// Each `name: value`. Secrets are in them: shown nowhere.
    package var headers: [String]
    /// What is sent by POST; nil for GET.
    package var body: [UInt8]?
    /// The answer goes on without an end, and is given piece by piece: over HTTP/2, as gRPC has it.
    package var isStream = false

    package init(
        _ name: String, _ server: ChatTarget.Server, path: String, headers: [String], body: [UInt8]? = nil
    ) {
        self.name = name
        self.server = server
        self.path = path
        self.headers = headers
        self.body = body
    }
}

/// What became of a ``ChatHTTPRequest``.
package struct ChatAnswer: Hashable, Sendable {
    /// That of the request.
    package var name: String
    /// Of HTTP; nil where no answer came.
    package var status: Int?
    /// Empty for that of a stream.
    package var body: [UInt8]
    /// Why none came.
    package var problem: String
    /// What gRPC says at the end, by names in lower case such as `grpc-status`.
    package var trailers: [String: String]

    package init(
        _ name: String, status: Int?, body: [UInt8] = [], problem: String = "", trailers: [String: String] = [:]
    ) {
        self.name = name
        self.status = status
        self.body = body
        self.problem = problem
        self.trailers = trailers
    }

    /// Of an answer, in bytes; longer ones are none.
    package static let longest = 8 << 20
}
