import BulkheadFLV

/// Decides what a playing client sends. It owns no channel and no clock.
package struct PlayStateMachine: Sendable {
    /// What the holder does next.
    package enum Action: Hashable, Sendable {
        case sendControl(ControlMessage)
        case send(Command, on: ChunkStreamID, streamID: MessageStreamID)
        /// The server has accepted the request to play; media comes when a publisher sends it.
        case playing
        /// The publisher has gone; another may come.
        case unpublished
        /// A publisher has come, perhaps in the place of another.
        case published
        case fail(PlayRefusal)
    }

    private enum Phase { case connecting, creatingStream, starting, playing, ended }

    private var phase = Phase.connecting
    private let target: IngestTarget
    private let bufferMilliseconds: UInt32
    private let relayMarks: [String]
    /// The server's own mark, where it has one and was told those of a relay.
    package private(set) var serverMark: String?

    /// A machine that plays `target` and tells the server of a buffer of `bufferMilliseconds`.
    /// - Parameter relayMarks: of the servers that are given what is played, where it is a relay (``ClientFacts``).
    package init(target: IngestTarget, bufferMilliseconds: UInt32 = 1000, relayMarks: [String] = []) {
        self.target = target
        self.bufferMilliseconds = bufferMilliseconds
        self.relayMarks = relayMarks
    }

    /// What to send as soon as the handshake is over.
    package mutating func start() -> [Action] {
        var properties: AMF0Object = [
            "app": .string(target.app), "flashVer": "LNX 9,0,124,2", "tcUrl": .string(target.tcURL),
            "fpad": false, "capabilities": 15, "audioCodecs": 4071, "videoCodecs": 252, "videoFunction": 1,
        ]
        if !relayMarks.isEmpty {
            properties.append(ClientFacts.marksName, .string(relayMarks.joined(separator: ",")))
        }
        let connect = Command("connect", transactionID: 1, .object(properties))
        return [
            .sendControl(.setChunkSize(.standard)), .send(connect, on: .command, streamID: 0),
            .sendControl(.windowAcknowledgementSize(2_500_000)),
        ]
    }

    /// Takes a command from the server; returns what to do, in order.
    package mutating func receive(_ command: Command) -> [Action] {
        let status = ServerStatus(command)
        switch (command.name, phase, command.transactionID) {
        case ("_result", .connecting, 1):
            phase = .creatingStream
            serverMark = command.argument(0)?[ClientFacts.marksName]?.string.map { String($0.prefix(64)) }
            return [.send(Command("createStream", transactionID: 2, .null), on: .command, streamID: 0)]
        case ("_result", .creatingStream, 2):
            guard let number = command.argument(1)?.number, let id = MessageStreamID(exactly: number) else {
                return fail(.rejected(status ?? Self.unexplained))
            }
            phase = .starting
            // -2 s: live if there is a publisher, recorded otherwise (Adobe RTMP 1.0, section 7.2.2.1).
            let play = Command("play", transactionID: 3, .null, .string(target.key), -2000)
            return [
                .send(play, on: .data, streamID: id),
                .sendControl(.userControl(.setBufferLength(id, milliseconds: bufferMilliseconds))),
            ]
        case ("_error", .connecting, 1), ("_error", .creatingStream, 2), ("_error", .starting, 3):
            return fail(.rejected(status ?? Self.unexplained))
        case ("close", _, _): return fail(.closed(status))
        case ("onStatus", _, _): return status.map { takeStatus($0) } ?? []
        case ("onBWDone", _, _): return [.send(Command("_checkbw", .null), on: .command, streamID: 0)]
        default: return []
        }
    }

    private mutating func takeStatus(_ status: ServerStatus) -> [Action] {
        if status.isError { return fail(.rejected(status)) }
        switch status.code {
        case "NetStream.Play.Start" where phase == .starting:
            phase = .playing
            return [.playing]
        case "NetStream.Play.UnpublishNotify", "NetStream.Play.Stop", "NetStream.Play.Complete":
            return phase == .playing ? [.unpublished] : []
        case "NetStream.Play.PublishNotify": return phase == .playing ? [.published] : []
        default: return []
        }
    }

    private static let unexplained = ServerStatus(level: "error", code: "", text: "")

    private mutating func fail(_ refusal: PlayRefusal) -> [Action] {
        guard phase != .ended else { return [] }
        phase = .ended
        return [.fail(refusal)]
    }
}

/// How a server refused to play.
package enum PlayRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    case rejected(ServerStatus)
    case closed(ServerStatus?)

    package var description: String {
        switch self {
        case .rejected(let status) where status.code.isEmpty: "the server refused to play and gave no reason"
        case .rejected(let status): "the server refused to play: \(status)"
        case .closed(let status?): "the server ended the connection: \(status)"
        case .closed(nil): "the server ended the connection"
        }
    }
}
