package import BulkheadRTMP
package import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Plays one stream of a server.
package enum RTMPPlayer {
    /// Connects, asks for the stream `target.key`, and lets `body` read what comes; the connection ends with `body`.
    ///
    /// A slow `body` slows the server down: nothing is read ahead but what one read of the socket brings.
    /// - Parameter relayMarks: of the servers that are given what is played, where it is a relay.
    /// - Throws: ``PlayError`` from here and from reading, and what `body` throws.
    package static func play<Result: Sendable>(
        _ target: IngestTarget, options: ConnectionOptions = ConnectionOptions(), relayMarks: [String] = [],
        group: any EventLoopGroup, body: (inout PlayEvents) async throws -> Result
    ) async throws -> Result {
        let opened = Mutex<NIOAsyncChannel<ByteBuffer, ByteBuffer>?>(nil)
        do {
            _ = try await ClientChannel.connect(to: target, options: options, group: group) { channel in
                let wrapped = try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                opened.withLock { $0 = wrapped }
            }
        } catch {
            throw PlayError.notConnected(error)
        }
        guard let channel = opened.withLock({ $0 }) else { throw PlayError.ended }
        // Closes a connection on which nothing plays in time; the reading side sees the end and asks why.
        let started = Atomic<StartState>(.waiting)
        let watchdog = channel.channel.eventLoop.scheduleTask(in: TimeAmount(options.timeout)) {
            let change = started.compareExchange(expected: .waiting, desired: .late, ordering: .relaxed)
            if change.exchanged { channel.channel.close(promise: nil) }
        }
        defer { watchdog.cancel() }
        return try await channel.executeThenClose { inbound, outbound in
            var events = PlayEvents(
                target: target, options: options, relayMarks: relayMarks, inbound: inbound.makeAsyncIterator(),
                outbound: outbound)
            do {
                try await events.start()
            } catch {
                if started.load(ordering: .relaxed) == .late {
                    throw PlayError.notConnected(
                        .timedOut(server: target.authority, .openingApplication, after: options.timeout))
                }
                throw await Self.explained(error, target, options, group)
            }
            started.store(.playing, ordering: .relaxed)
            return try await body(&events)
        }
    }

    /// What went wrong with TLS, which comes with the first bytes, in words.
    private static func explained(
        _ error: any Error, _ target: IngestTarget, _ options: ConnectionOptions, _ group: any EventLoopGroup
    ) async -> any Error {
        guard error is NIOSSLError || error is NIOSSLExtraError || error is BoringSSLError else { return error }
        var failure = TLSFailure(error)
        if failure == .unknownAuthority {
            failure = await ClientChannel.explainDistrust(of: target, options: options, group: group)
        }
        return PlayError.notConnected(.tlsFailed(server: target.authority, failure))
    }
}

private enum StartState: UInt8, AtomicRepresentable { case waiting, playing, late }

/// What comes to a player.
package enum PlayEvent: Hashable, Sendable {
    case media(PlayedMessage)
    /// The publisher has gone; another may come.
    case unpublished
    /// Another publisher has come in the place of one that has not said goodbye, with timestamps of its own.
    case republished
}

/// One audio, video or data message as it came.
package struct PlayedMessage: Hashable, Sendable {
    /// What the message carries.
    package let kind: MediaKind
    /// The message, its payload as the server sent it.
    package let message: Message
    /// When the message's last chunk was read.
    package let arrival: ContinuousClock.Instant

    /// A message that has come just now, in whatever way.
    package init(kind: MediaKind, message: Message, arrival: ContinuousClock.Instant) {
        self.kind = kind
        self.message = message
        self.arrival = arrival
    }
}

/// Why a stream could not be played, or no longer.
package enum PlayError: Error, Hashable, Sendable, CustomStringConvertible {
    case notConnected(PublishError)
    case refused(server: String, PlayRefusal)
    case protocolViolation(server: String, ConnectionError)
    case connectionLost(server: String, reason: String)
    case ended

    package var description: String {
        switch self {
        case .notConnected(let error): error.description
        case .refused(let server, let refusal): "\(server): \(refusal)"
        case .protocolViolation(let server, let error): "\(server) broke the RTMP protocol: \(error)"
        case .connectionLost(let server, let reason): "the connection to \(server) was lost: \(reason)"
        case .ended: "the server closed the connection"
        }
    }

    /// Whether the server could not prove who it is.
    package var isDistrust: Bool {
        switch self {
        case .notConnected(.tlsFailed(_, let failure)):
            switch failure {
            case .unknownAuthority, .expiredCertificate, .certificateNotYetValid, .wrongName: true
            default: false
            }
        default: false
        }
    }
}

/// The events of one connection, for one reader.
package struct PlayEvents {
    private let server: String
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var connection: Connection
    private var machine: PlayStateMachine
    private var pending: [PlayEvent] = []
    /// Something has come from the publisher that is there.
    private var hasMedia = false
    private var isPlaying = false

    fileprivate init(
        target: IngestTarget, options: ConnectionOptions, relayMarks: [String],
        inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        server = target.authority
        self.inbound = inbound
        self.outbound = outbound
        var generator = SystemRandomNumberGenerator()
        connection = .client(limits: options.limits, using: &generator)
        machine = PlayStateMachine(target: target, relayMarks: relayMarks)
    }

    /// The server's own mark, where it has one and was told those of a relay.
    package var serverMark: String? { machine.serverMark }

    /// Returns once the server has taken the wish to play.
    fileprivate mutating func start() async throws {
        try await writeOutput()
        while !isPlaying {
            guard try await advance() else { throw PlayError.ended }
        }
    }

    /// The next event; nil when the server has closed the connection.
    /// - Throws: ``PlayError``, or `CancellationError`.
    package mutating func next() async throws -> PlayEvent? {
        while pending.isEmpty {
            guard try await advance() else { return nil }
        }
        return pending.removeFirst()
    }

    /// Takes one event, or reads once if none is there; false at the connection's end.
    private mutating func advance() async throws -> Bool {
        do {
            if let event = try connection.next() {
                try take(event)
                try await writeOutput()
                return true
            }
        } catch let error as ConnectionError {
            throw PlayError.protocolViolation(server: server, error)
        }
        try await writeOutput()
        guard let bytes = try await read() else {
            try Task.checkCancellation()
            return false
        }
        do { try connection.receive(bytes) } catch {
            throw PlayError.protocolViolation(server: server, error)
        }
        return true
    }

    /// What comes next; nil at the connection's end.
    private mutating func read() async throws -> ByteBuffer? {
        do { return try await inbound.next(isolation: #isolation) } catch let error as IOError {
            throw PlayError.connectionLost(server: server, reason: error.systemReason)
        }
    }

    private mutating func take(_ event: Connection.Event) throws {
        switch event {
        case .opened: try carryOut(machine.start())
        case .command(let command, _): try carryOut(machine.receive(command))
        case .media(let message):
            hasMedia = true
            pending.append(
                .media(PlayedMessage(kind: MediaKind(message), message: message, arrival: .now)))
        case .acknowledged, .acknowledgementsDistrusted, .userControl: break
        }
    }

    private mutating func carryOut(_ actions: [PlayStateMachine.Action]) throws {
        for action in actions {
            switch action {
            case .sendControl(let control): connection.send(control)
            case .send(let command, let id, let streamID): try connection.send(command, on: id, streamID: streamID)
            case .playing: isPlaying = true
            case .unpublished:
                hasMedia = false
                pending.append(.unpublished)
            case .published:
                if hasMedia { pending.append(.republished) }
                hasMedia = false
            case .fail(let refusal): throw PlayError.refused(server: server, refusal)
            }
        }
    }

    /// Waits while the socket takes no more: a server that sends without reading slows itself down.
    private mutating func writeOutput() async throws {
        guard let output = connection.takeOutput() else { return }
        do { try await outbound.write(output) } catch is ChannelError {
            // It has been closed meanwhile. Why is told to those who read.
            while try await read() != nil {}
            throw PlayError.ended
        }
    }
}
