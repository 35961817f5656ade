import BulkheadFLV

/// What a peer wants to publish or play.
package struct StreamRequest: Hashable, Sendable {
    /// The message stream on which the request came and media goes.
    package let streamID: MessageStreamID
    /// Without its query and without slashes at either end.
    package let app: String
    /// The stream key or play name as it came, query included.
    package let fullName: String

    /// A request, as tests make one.
    package init(streamID: MessageStreamID, app: String, fullName: String) {
        self.streamID = streamID
        self.app = app
        self.fullName = fullName
    }

    /// The name without its query: what tells streams apart.
    package var name: String { String(fullName.prefix { $0 != "?" }) }
}

/// Why a server doesn't take or give a stream, as the codes that clients know.
package enum StreamRefusal: Hashable, Sendable {
    case alreadyPublishing
    case unknownKey
    case tooManyStreams
    case notPlayable
    /// For another reason, in words for the client.
    case publishDenied(String)
    case playDenied(String)

    var status: (code: String, text: String) {
        switch self {
        case .alreadyPublishing: ("NetStream.Publish.BadName", "Already publishing")
        case .unknownKey: ("NetStream.Publish.Denied", "Unknown stream key")
        case .tooManyStreams: ("NetStream.Publish.Denied", "Too many streams")
        case .notPlayable: ("NetStream.Play.Failed", "Not allowed to play")
        case .publishDenied(let text): ("NetStream.Publish.Denied", text)
        case .playDenied(let text): ("NetStream.Play.Failed", text)
        }
    }
}

/// Decides what a server answers to one connection, whether it publishes, plays or does either on several message
/// streams. It owns no channel and no clock, and does not know other connections: its holder answers requests.
///
/// The commands of FMLE (releaseStream first), Haivision (FCPublish first) and Flash (publish at once) are all served.
package struct ServerSessionStateMachine: Sendable {
    /// What the holder of the connection does next.
    package enum Action: Hashable, Sendable {
        case sendControl(ControlMessage)
        case send(Command, on: ChunkStreamID, streamID: MessageStreamID)
        /// To be answered with ``acceptPublish(on:)`` or ``refuse(_:on:)``.
        case requestPublish(StreamRequest)
        /// To be answered with ``acceptPlay(on:)`` or ``refuse(_:on:)``.
        case requestPlay(StreamRequest)
        case endPublish(streamID: MessageStreamID)
        case endPlay(streamID: MessageStreamID)
        case pausePlay(streamID: MessageStreamID, isPaused: Bool)
        /// The peer broke a rule: send what is there, then close.
        case close(SessionError)
    }

    /// Why a session is closed.
    package enum SessionError: Error, Hashable, Sendable, CustomStringConvertible {
        case commandBeforeConnect(String)
        case tooManyMessageStreams(limit: Int)
        /// Of an application or a stream, in UTF-8 bytes.
        case nameTooLong(byteCount: Int)

        package var description: String {
            switch self {
            case .commandBeforeConnect(let name): "the peer sent \(name.prefix(40)) before connect"
            case .tooManyMessageStreams(let limit): "the peer created more than \(limit) message streams"
            case .nameTooLong(let byteCount): "the peer named a stream with \(byteCount) bytes"
            }
        }
    }

    private enum Use: Hashable {
        case idle
        case requested(StreamRequest, isPublish: Bool)
        case publishing(StreamRequest)
        case playing(StreamRequest)
    }

    /// How many message streams one connection may create.
    package static let messageStreamLimit = 8
    /// What an application or a stream may be called, in UTF-8 bytes: it is kept, and told.
    package static let longestName = 256
    /// The same of a stream with its query, which may hold a signature.
    package static let longestFullName = 1024
    private static let windowByteCount: UInt32 = 2_500_000

    private var app: String?
    /// What the client has said of itself.
    package private(set) var client = ClientFacts()
    /// The server's own mark, which relays are told; empty for none.
    package var mark = ""
    /// The client has said that it knows reconnect requests: the first bit of `capsEx`.
    package private(set) var takesReconnectRequests = false
    private var objectEncoding = 0.0
    private var uses: [MessageStreamID: Use] = [:]
    private var nextStreamID: MessageStreamID = 1

    /// A session that waits for connect.
    package init() {}

    /// The client has sent connect, and was answered.
    package var isConnected: Bool { app != nil }

    /// The stream to which a media message on `streamID` belongs: that one, or the only one published on this
    /// connection, because some publishers put media elsewhere than they published. Nil if nothing is published.
    package func publishedStream(for streamID: MessageStreamID) -> MessageStreamID? {
        if case .publishing? = uses[streamID] { return streamID }
        let published = uses.filter { if case .publishing = $0.value { true } else { false } }
        return published.count == 1 ? published.first?.key : nil
    }

    /// Takes a command that came on `streamID`; returns what to do, in order.
    package mutating func receive(_ command: Command, on streamID: MessageStreamID) -> [Action] {
        if command.name == "connect" { return connect(command) }
        guard app != nil else { return [.close(.commandBeforeConnect(command.name))] }
        switch command.name {
        case "createStream": return createStream(command)
        case "publish": return request(command, on: streamID, isPublish: true)
        case "play": return request(command, on: streamID, isPublish: false)
        case "deleteStream":
            guard let number = command.argument(1)?.number, let id = MessageStreamID(exactly: number) else { return [] }
            defer { uses[id] = nil }
            return end(id)
        case "closeStream":
            defer { if uses[streamID] != nil { uses[streamID] = .idle } }
            return end(streamID)
        case "FCUnpublish": return unpublish(command)
        case "FCPublish":
            let info = Self.info("NetStream.Publish.Start", "FCPublish to stream.")
            return result(command) + [.send(Command("onFCPublish", .null, info), on: .command, streamID: 0)]
        case "FCSubscribe":
            let info = Self.info("NetStream.Play.Start", "Subscribed.")
            return [.send(Command("onFCSubscribe", .null, info), on: .command, streamID: 0)]
        case "releaseStream", "_checkbw": return result(command)
        case "getStreamLength": return result(command, 0)
        case "pause": return pause(command, on: streamID)
        case "seek": return [status("NetStream.Seek.Failed", "A live stream can't be sought", on: streamID, "error")]
        case "ping":
            return [.send(Command("pong", transactionID: command.transactionID, .null), on: .command, streamID: 0)]
        default: return []  // setDataFrame and replies arrive here too; none needs an answer
        }
    }

    private mutating func connect(_ command: Command) -> [Action] {
        var name = (command.argument(0)?["app"]?.string ?? "").prefix { $0 != "?" }
        while name.last == "/" { name = name.dropLast() }
        while name.first == "/" { name = name.dropFirst() }
        guard name.utf8.count <= Self.longestName else { return [.close(.nameTooLong(byteCount: name.utf8.count))] }
        app = String(name)
        client = ClientFacts(command.argument(0))
        objectEncoding = command.argument(0)?["objectEncoding"]?.number ?? 0
        let capabilities = command.argument(0)?["capsEx"]?.number.flatMap { UInt32(exactly: $0) } ?? 0
        takesReconnectRequests = capabilities & 1 != 0
        var described: AMF0Object = ["fmsVer": "FMS/3,5,7,7009", "capabilities": 31, "mode": 1]
        // Of what the client can do, what we do as well.
        if takesReconnectRequests { described.append("capsEx", 1) }
        if !mark.isEmpty, !client.relayMarks.isEmpty { described.append(ClientFacts.marksName, .string(mark)) }
        let properties = AMF0Value.object(described)
        let info = AMF0Value.object([
            "level": "status", "code": "NetConnection.Connect.Success", "description": "Connection succeeded.",
            "objectEncoding": .number(objectEncoding),
        ])
        return [
            .sendControl(.windowAcknowledgementSize(Self.windowByteCount)),
            .sendControl(.setPeerBandwidth(Self.windowByteCount, .dynamic)),
            .sendControl(.setChunkSize(.standard)),
            .send(
                Command("_result", transactionID: command.transactionID, properties, info), on: .command, streamID: 0),
        ]
    }

    private mutating func createStream(_ command: Command) -> [Action] {
        guard uses.count < Self.messageStreamLimit else {
            return [.close(.tooManyMessageStreams(limit: Self.messageStreamLimit))]
        }
        // A peer may use numbers that it was not given.
        while uses[nextStreamID] != nil { nextStreamID &+= 1 }
        let id = nextStreamID
        nextStreamID &+= 1
        uses[id] = .idle
        return result(command, .number(Double(id)))
    }

    private mutating func request(
        _ command: Command, on streamID: MessageStreamID, isPublish: Bool
    ) -> [Action] {
        guard uses[streamID] != nil || uses.count < Self.messageStreamLimit else {
            return [.close(.tooManyMessageStreams(limit: Self.messageStreamLimit))]
        }
        let name = command.argument(1)?.string ?? ""
        let request = StreamRequest(streamID: streamID, app: app ?? "", fullName: name)
        guard name.utf8.count <= Self.longestFullName, request.name.utf8.count <= Self.longestName else {
            return [.close(.nameTooLong(byteCount: name.utf8.count))]
        }
        let ended = end(streamID)
        // publish(false) ends a stream (ActionScript's way to say it).
        if isPublish, command.argument(1) == .boolean(false) {
            uses[streamID] = .idle
            return ended
        }
        uses[streamID] = .requested(request, isPublish: isPublish)
        return ended + [isPublish ? .requestPublish(request) : .requestPlay(request)]
    }

    private mutating func unpublish(_ command: Command) -> [Action] {
        let name = command.argument(1)?.string
        var actions: [Action] = []
        for (id, use) in uses {
            guard case .publishing(let request) = use, name == nil || request.fullName == name else { continue }
            actions += end(id)
            uses[id] = .idle
        }
        let info = Self.info("NetStream.Unpublish.Success", "Stopped.")
        return actions + result(command) + [.send(Command("onFCUnpublish", .null, info), on: .command, streamID: 0)]
    }

    private func pause(_ command: Command, on streamID: MessageStreamID) -> [Action] {
        guard case .playing? = uses[streamID], case .boolean(let isPaused)? = command.argument(1) else { return [] }
        let code = isPaused ? "NetStream.Pause.Notify" : "NetStream.Unpause.Notify"
        return [.pausePlay(streamID: streamID, isPaused: isPaused), status(code, "", on: streamID)]
    }

    /// What the end of the use of `streamID` means to others; the caller sets the new use.
    private func end(_ streamID: MessageStreamID) -> [Action] {
        switch uses[streamID] {
        case .publishing: [.endPublish(streamID: streamID)]
        case .playing: [.endPlay(streamID: streamID)]
        case .idle, .requested, nil: []
        }
    }

    // MARK: - What the holder decides

    /// Whether `request` still waits for an answer.
    package func awaitsAnswer(to request: StreamRequest) -> Bool {
        if case .requested(let latest, _)? = uses[request.streamID] { latest == request } else { false }
    }

    /// Accepts a request to publish; without one, nothing happens.
    package mutating func acceptPublish(on streamID: MessageStreamID) -> [Action] {
        guard case .requested(let request, true)? = uses[streamID] else { return [] }
        uses[streamID] = .publishing(request)
        return [
            .sendControl(.userControl(.streamBegin(streamID))),
            status("NetStream.Publish.Start", "Publishing.", on: streamID),
        ]
    }

    /// Accepts a request to play; without one, nothing happens.
    package mutating func acceptPlay(on streamID: MessageStreamID) -> [Action] {
        guard case .requested(let request, false)? = uses[streamID] else { return [] }
        uses[streamID] = .playing(request)
        return [
            .sendControl(.userControl(.streamBegin(streamID))),
            status("NetStream.Play.Reset", "Playing and resetting.", on: streamID),
            status("NetStream.Play.Start", "Started playing.", on: streamID),
        ]
    }

    /// Refuses a request; the connection stays open.
    package mutating func refuse(_ refusal: StreamRefusal, on streamID: MessageStreamID) -> [Action] {
        uses[streamID] = .idle
        return [status(refusal.status.code, refusal.status.text, on: streamID, "error")]
    }

    /// Ends what is published on `streamID`, and tells its publisher why; without a publisher, nothing happens.
    package mutating func endPublish(on streamID: MessageStreamID, because reason: String) -> [Action] {
        guard case .publishing? = uses[streamID] else { return [] }
        uses[streamID] = .idle
        return [status("NetStream.Publish.Failed", reason, on: streamID, "error")]
    }

    /// Asks the client to go on elsewhere (Enhanced RTMP v2, "Reconnect Request"), at the next IDR.
    ///
    /// - Parameter tcURL: absolute or relative; nil for here, anew.
    package func reconnectRequest(to tcURL: String?, text: String) -> [Action] {
        var info: AMF0Object = ["level": "status", "code": "NetConnection.Connect.ReconnectRequest"]
        if let tcURL { info.append("tcUrl", .string(tcURL)) }
        if !text.isEmpty { info.append("description", .string(text)) }
        return [.send(Command("onStatus", .null, .object(info)), on: .command, streamID: 0)]
    }

    /// Tells a player that its stream is being published (again).
    package func publishNotice(on streamID: MessageStreamID) -> [Action] {
        [
            .sendControl(.userControl(.streamBegin(streamID))),
            status("NetStream.Play.PublishNotify", "Publishing.", on: streamID),
        ]
    }

    /// Tells a player that its stream's publisher has gone.
    package func unpublishNotice(on streamID: MessageStreamID) -> [Action] {
        [
            .sendControl(.userControl(.streamEnd(streamID))),
            status("NetStream.Play.UnpublishNotify", "Unpublished.", on: streamID),
        ]
    }

    private func status(
        _ code: String, _ text: String, on streamID: MessageStreamID, _ level: String = "status"
    ) -> Action {
        .send(Command("onStatus", .null, Self.info(code, text, level)), on: .data, streamID: streamID)
    }

    private static func info(_ code: String, _ text: String, _ level: String = "status") -> AMF0Value {
        .object(["level": .string(level), "code": .string(code), "description": .string(text)])
    }

    private func result(_ command: Command, _ value: AMF0Value = .undefined) -> [Action] {
        guard command.transactionID != 0 else { return [] }
        let reply = Command("_result", transactionID: command.transactionID, .null, value)
        return [.send(reply, on: .command, streamID: 0)]
    }
}
