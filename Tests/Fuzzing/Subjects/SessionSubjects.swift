import BulkheadModel
import BulkheadRTMP
import NIOCore

extension FuzzSubject {
    /// A peer of the embedded server, behind the handshake. What the server sends, Bulkhead's own client can read.
    static let server = FuzzSubject(name: "server", maximumByteCount: 16_384) { bytes in
        var numbers = InputNumbers(bytes)
        var (client, server) = try opened.get()
        var session = ServerSessionStateMachine()
        var output: [UInt8] = []
        do throws(ConnectionError) {
            receiving: for piece in bytes.pieces {
                try server.receive(ByteBuffer(bytes: piece))
                while let event = try server.next() {
                    guard serve(event, &session, &server, &numbers) else { break receiving }
                }
                if let sent = server.takeOutput() { output += Array(sent.readableBytesView) }
            }
        } catch {}
        if let sent = server.takeOutput() { output += Array(sent.readableBytesView) }
        // Nothing that a peer asks makes the answer much longer than the question: the longest is connect's.
        try rule(output.count <= 400 * (bytes.count + 1), "\(bytes.count) bytes were answered by \(output.count)")
        try rule(server.sentByteCount == output.count, "sent bytes are miscounted")
        try rule(
            (server.acknowledgedByteCount ?? 0) <= server.sentByteCount, "bytes are acknowledged that were not sent")
        try client.receive(ByteBuffer(bytes: output))
        while let event = try client.next() {
            if case .command(let command, _) = event { _ = ServerStatus(command) }
        }
    }

    /// A server that a publisher and a player of ours are connected to.
    static let client = FuzzSubject(name: "client", maximumByteCount: 16_384) { bytes in
        let target = try IngestTarget("rtmp://localhost/live/key")
        var publishing = PublishStateMachine(target: target)
        try converse(bytes, start: publishing.start().map { $0.sending }) { command in
            publishing.receive(command).map { $0.sending }
        }
        try rule(publishing.goodbye().count <= 2, "a goodbye is longer than two commands")
        var playing = PlayStateMachine(target: target)
        try converse(bytes, start: playing.start().map { $0.sending }) { command in
            playing.receive(command).map { $0.sending }
        }
    }

    fileprivate enum Sending {
        case control(ControlMessage)
        case command(Command, ChunkStreamID, MessageStreamID)
        case nothing
    }

    /// Talks with a server that sends `bytes`; what is sent, our own server side can read.
    private static func converse(_ bytes: [UInt8], start: [Sending], answer: (Command) -> [Sending]) throws {
        var (client, server) = try opened.get()
        for sending in start { send(sending, from: &client) }
        var clock = TimestampUnwrapper()
        do throws(ConnectionError) {
            for piece in bytes.pieces {
                try client.receive(ByteBuffer(bytes: piece))
                while let event = try client.next() {
                    switch event {
                    case .command(let command, _): for sending in answer(command) { send(sending, from: &client) }
                    case .media(let message):
                        _ = clock.milliseconds(of: message.timestampMilliseconds)
                        _ = MediaKind(message)
                    case .opened, .acknowledged, .acknowledgementsDistrusted, .userControl: break
                    }
                }
            }
        } catch {}
        guard let output = client.takeOutput() else { return }
        try server.receive(output)
        while try server.next() != nil {}
    }

    private static func send(_ sending: Sending, from connection: inout Connection) {
        switch sending {
        case .control(let control): connection.send(control)
        case .command(let command, let id, let streamID): try? connection.send(command, on: id, streamID: streamID)
        case .nothing: break
        }
    }

    /// Both ends of a connection whose handshake is over.
    private static let opened = Result<(client: Connection, server: Connection), any Error> {
        var numbers = InputNumbers([])
        var client = Connection.client(using: &numbers)
        var server = Connection.server()
        for _ in 0..<2 {
            if let output = client.takeOutput() { try server.receive(output) }
            if let output = server.takeOutput() { try client.receive(output) }
        }
        while try client.next() != nil {}
        while try server.next() != nil {}
        try rule(client.isOpen && server.isOpen, "the two sides can't shake hands")
        return (client, server)
    }

    /// What the embedded server does with an event; false when it closes the connection.
    private static func serve(
        _ event: Connection.Event, _ session: inout ServerSessionStateMachine, _ connection: inout Connection,
        _ numbers: inout InputNumbers
    ) -> Bool {
        switch event {
        case .opened, .acknowledged, .acknowledgementsDistrusted, .userControl: return true
        case .media(let message):
            _ = session.publishedStream(for: message.streamID)
            _ = MediaKind(message)
            return true
        case .command(let command, let streamID):
            return carryOut(session.receive(command, on: streamID), &session, &connection, &numbers)
        }
    }

    private static func carryOut(
        _ actions: [ServerSessionStateMachine.Action], _ session: inout ServerSessionStateMachine,
        _ connection: inout Connection, _ numbers: inout InputNumbers
    ) -> Bool {
        for action in actions {
            var next: [ServerSessionStateMachine.Action] = []
            switch action {
            case .sendControl(let control): connection.send(control)
            case .send(let command, let id, let streamID):
                guard (try? connection.send(command, on: id, streamID: streamID)) != nil else { return false }
            case .requestPublish(let request):
                next =
                    numbers.next() % 4 == 0
                    ? session.refuse(.alreadyPublishing, on: request.streamID)
                    : session.acceptPublish(on: request.streamID)
            case .requestPlay(let request):
                next = session.acceptPlay(on: request.streamID)
                next += session.publishNotice(on: request.streamID) + session.unpublishNotice(on: request.streamID)
            case .endPublish, .endPlay, .pausePlay: break
            case .close: return false
            }
            guard carryOut(next, &session, &connection, &numbers) else { return false }
        }
        return true
    }
}

extension PublishStateMachine.Action {
    fileprivate var sending: FuzzSubject.Sending {
        switch self {
        case .sendControl(let control): .control(control)
        case .send(let command, let id, let streamID): .command(command, id, streamID)
        case .startMedia, .prepared, .fail, .reconnectRequested: .nothing
        }
    }
}

extension PlayStateMachine.Action {
    fileprivate var sending: FuzzSubject.Sending {
        switch self {
        case .sendControl(let control): .control(control)
        case .send(let command, let id, let streamID): .command(command, id, streamID)
        case .playing, .unpublished, .published, .fail: .nothing
        }
    }
}
