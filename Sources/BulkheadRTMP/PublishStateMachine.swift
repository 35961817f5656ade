import BulkheadFLV

/// How a server refused to take a stream, in its own terms.
package enum PublishRefusal: Hashable, Sendable {
    /// connect was answered with an error: the application is unknown or closed to us.
    case connectRejected(ServerStatus)
    /// connect was answered with another address to go to.
    case redirected(String)
    /// connect was answered with the question who we are: the next attempt may answer it.
    case authenticationDemanded(AuthenticationDemand, ServerStatus)
    case streamNotCreated(ServerStatus)
    /// publish was answered with an error: a wrong key, or one in use.
    case publishRefused(ServerStatus)
    /// The server sent `close`, or an error after it had accepted.
    case closed(ServerStatus?)
}

/// A server's wish that we go on elsewhere (Enhanced RTMP v2, "Reconnect Request").
package struct ReconnectRequest: Hashable, Sendable {
    /// What an address may have, in UTF-8 bytes; a longer one counts as none.
    package static let longestAddress = 1024

    fileprivate static func sound(_ address: String) -> String? {
        address.utf8.count <= longestAddress ? address : nil
    }

    /// Absolute or relative; nil for the same address.
    package let tcURL: String?
    /// The server's description, for people.
    package let text: String

    /// A request as a server's onStatus carries it.
    package init(tcURL: String?, text: String) {
        self.tcURL = tcURL
        self.text = text
    }
}

/// Decides what a publishing client sends and when it may begin. It owns no channel and no clock.
///
/// It never waits for replies that only some servers send (releaseStream, FCPublish, onFCPublish), and it overlooks
/// errors in those.
package struct PublishStateMachine: Sendable {
    /// What the holder does next.
    package enum Action: Hashable, Sendable {
        case sendControl(ControlMessage)
        case send(Command, on: ChunkStreamID, streamID: MessageStreamID)
        /// NetStream.Publish.Start has come: media goes to this stream. The server may still close (SRS says Start
        /// before it has looked at the key).
        case startMedia(streamID: MessageStreamID)
        /// The goal short of publishing is reached: see ``Goal``.
        case prepared
        case fail(PublishRefusal)
        case reconnectRequested(ReconnectRequest)
    }

    /// How far it goes by itself.
    package enum Goal: Hashable, Sendable {
        /// Up to the answer to connect: the server works.
        case application
        /// Up to createStream: ``publish()`` is then one round trip from the first picture, and nothing has been said
        /// of the stream's name that could disturb one who is publishing it.
        case stream
        case publish
    }

    /// How far it has come, for errors that name it.
    package enum Phase: Hashable, Sendable {
        case connecting, creatingStream, prepared, publishing, published, ended
    }

    private enum Transaction {
        static let connect = 1.0
        static let releaseStream = 2.0
        static let prePublish = 3.0
        static let createStream = 4.0
        static let publish = 5.0
    }

    /// How far the conversation has come.
    package private(set) var phase = Phase.connecting
    private let target: IngestTarget
    private let chunkSize: ChunkSize
    private let windowByteCount: UInt32
    private let goal: Goal
    private let query: String
    private var streamID: MessageStreamID = 0

    /// - Parameters:
    ///   - windowByteCount: how many bytes the server may receive before it acknowledges; small, because its
    ///     acknowledgements are the only word about what it really has. Servers acknowledge only if asked.
    ///   - query: of an ``AuthenticationDemand``, put behind the application's name; empty for none.
    package init(
        target: IngestTarget, chunkSize: ChunkSize = .standard, windowByteCount: UInt32 = 100_000,
        goal: Goal = .publish, query: String = ""
    ) {
        self.target = target
        self.goal = goal
        self.query = query
        self.chunkSize = chunkSize
        self.windowByteCount = windowByteCount
    }

    /// What to send as soon as the handshake is over.
    package mutating func start() -> [Action] {
        let app = target.app(withQuery: query)
        let url = target.tcURL(app: app)
        // Of Enhanced RTMP only what is done: capsEx 1 is the reconnect request.
        let connect = Command(
            "connect", transactionID: Transaction.connect,
            .object([
                "app": .string(app), "type": "nonprivate", "flashVer": "FMLE/3.0 (compatible; Bulkhead)",
                "swfUrl": .string(url), "tcUrl": .string(url), "capsEx": 1,
            ]))
        return [
            .sendControl(.setChunkSize(chunkSize)), .send(connect, on: .command, streamID: 0),
            .sendControl(.windowAcknowledgementSize(windowByteCount)),
        ]
    }

    /// Takes a command from the server; returns what to do, in order.
    package mutating func receive(_ command: Command) -> [Action] {
        switch command.name {
        case "_result": return takeResult(command)
        case "_error": return takeError(command)
        case "onStatus": return takeStatus(command)
        case "close": return fail(.closed(ServerStatus(command)))
        case "onBWDone":
            return [.send(Command("_checkbw", .null), on: .command, streamID: 0)]
        case "_onbwcheck":
            let size = command.argument(1) ?? 0
            return reply("_result", to: command, size)
        case "ping": return reply("pong", to: command, .null)
        default: return []  // onFCPublish and what else servers tell unasked
        }
    }

    private func reply(_ name: String, to command: Command, _ value: AMF0Value) -> [Action] {
        [.send(Command(name, transactionID: command.transactionID, .null, value), on: .command, streamID: 0)]
    }

    private mutating func takeResult(_ command: Command) -> [Action] {
        switch (phase, command.transactionID) {
        case (.connecting, Transaction.connect):
            if let status = ServerStatus(command), status.isError { return fail(.connectRejected(status)) }
            guard goal != .application else {
                phase = .prepared
                return [.prepared]
            }
            phase = .creatingStream
            let key = AMF0Value.string(target.key)
            let createStream = Command("createStream", transactionID: Transaction.createStream, .null)
            guard goal == .publish else { return [.send(createStream, on: .command, streamID: 0)] }
            return [
                Command("releaseStream", transactionID: Transaction.releaseStream, .null, key),
                Command("FCPublish", transactionID: Transaction.prePublish, .null, key), createStream,
            ].map { .send($0, on: .command, streamID: 0) }
        case (.creatingStream, Transaction.createStream):
            guard let number = command.argument(1)?.number, let id = MessageStreamID(exactly: number) else {
                return fail(.streamNotCreated(ServerStatus(level: "error", code: "", text: "no stream number")))
            }
            streamID = id
            guard goal == .publish else {
                phase = .prepared
                return [.prepared]
            }
            phase = .publishing
            return [.send(publishCommand, on: .data, streamID: id)]
        default: return []
        }
    }

    private var publishCommand: Command {
        Command("publish", transactionID: Transaction.publish, .null, .string(target.key), "live")
    }

    /// What to send to publish on a stream that has been prepared, in the order of Haivision's encoders (FCPublish behind
    /// createStream), which servers that tell clients apart know.
    package mutating func publish() -> [Action] {
        guard phase == .prepared, goal == .stream else { return [] }
        phase = .publishing
        let prePublish = Command(
            "FCPublish", transactionID: Transaction.prePublish, .null, .string(target.key))
        return [
            .send(prePublish, on: .command, streamID: 0), .send(publishCommand, on: .data, streamID: streamID),
        ]
    }

    private mutating func takeError(_ command: Command) -> [Action] {
        let status = ServerStatus(command) ?? ServerStatus(level: "error", code: "", text: "")
        switch (phase, command.transactionID) {
        case (.connecting, Transaction.connect): return fail(refusal(of: command, status))
        case (.creatingStream, Transaction.createStream): return fail(.streamNotCreated(status))
        case (.publishing, Transaction.publish): return fail(.publishRefused(status))
        default: return []  // releaseStream, FCPublish, _checkbw: historical, and refused by many
        }
    }

    /// What a rejected connect means: some servers reject it only to be asked elsewhere, or with a name and password.
    private func refusal(of command: Command, _ status: ServerStatus) -> PublishRefusal {
        if let url = command.redirectURL { return .redirected(url) }
        if let demand = AuthenticationDemand(status.text) { return .authenticationDemanded(demand, status) }
        return .connectRejected(status)
    }

    private mutating func takeStatus(_ command: Command) -> [Action] {
        guard let status = ServerStatus(command) else { return [] }
        if status.code == "NetConnection.Connect.ReconnectRequest" {
            let info = command.arguments.last { $0["code"] != nil }
            return [
                .reconnectRequested(
                    ReconnectRequest(tcURL: info?["tcUrl"]?.string.flatMap(ReconnectRequest.sound), text: status.text))
            ]
        }
        switch phase {
        case .publishing where status.code == "NetStream.Publish.Start":
            phase = .published
            return [.startMedia(streamID: streamID)]
        case .connecting where status.isError: return fail(refusal(of: command, status))
        case .prepared where status.isError: return fail(.closed(status))
        case .creatingStream where status.isError, .publishing where status.isError:
            return fail(.publishRefused(status))
        case .published where status.isError || status.code == "NetStream.Unpublish.Success":
            return fail(.closed(status))
        default: return []
        }
    }

    private mutating func fail(_ refusal: PublishRefusal) -> [Action] {
        guard phase != .ended else { return [] }
        phase = .ended
        return [.fail(refusal)]
    }

    /// What to send before a wanted end. After a failover nothing is sent: a goodbye ends the broadcast at the server.
    package mutating func goodbye() -> [Action] {
        guard phase == .published || phase == .publishing else { return [] }
        phase = .ended
        return [
            .send(Command("FCUnpublish", transactionID: 6, .null, .string(target.key)), on: .command, streamID: 0),
            .send(
                Command("deleteStream", transactionID: 7, .null, .number(Double(streamID))), on: .command, streamID: 0),
        ]
    }
}

extension Command {
    /// Where a server that rejects connect sends us: `ex.redirect` with `ex.code` 302 (Adobe's servers, SRS).
    fileprivate var redirectURL: String? {
        let places = arguments.flatMap { [$0["ex"], $0] }.compactMap { $0 }
        for place in places {
            guard let url = place["redirect"]?.string, !url.isEmpty else { continue }
            return url
        }
        return nil
    }
}
