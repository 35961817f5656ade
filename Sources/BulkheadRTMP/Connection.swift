package import BulkheadFLV
package import NIOCore

/// Why a connection can't go on: the peer broke the protocol or a limit.
package enum ConnectionError: Error, Hashable, CustomStringConvertible {
    case handshake(HandshakeError)
    case chunk(ChunkError)
    case values(AMFError)

    package var description: String {
        switch self {
        case .handshake(let error): error.description
        case .chunk(let error): error.description
        case .values(let error): error.description
        }
    }
}

/// One side of an RTMP connection below its commands: handshake, chunks, acknowledgements, pings, window sizes.
///
/// Bytes that came go in through ``receive(_:)``, events come out of ``next()``, bytes to be sent out of
/// ``takeOutput()``. It owns no socket and no clock.
package struct Connection: Sendable {
    /// What came from the peer, in order.
    package enum Event: Hashable, Sendable {
        /// The handshake is over: commands may be sent.
        case opened
        case command(Command, streamID: MessageStreamID)
        /// Audio, video or AMF 0 data, with its stream. Aggregates have been taken apart.
        case media(Message)
        /// The peer has received so many of the bytes behind the handshake; not above ``sentByteCount``.
        case acknowledged(byteCount: UInt64)
        /// The numbers in the peer's acknowledgements make no sense. Said once; no ``acknowledged(byteCount:)`` follows.
        case acknowledgementsDistrusted
        case userControl(UserControl)
    }

    private enum Phase: Sendable {
        case clientHandshake(ClientHandshake)
        case serverHandshake(ServerHandshake)
        case open
    }

    private var phase: Phase
    private var decoder: ChunkDecoder
    private var encoder = ChunkEncoder()
    private var output = ByteBuffer()
    private var events: [Event] = []
    /// How many of `events` were given out. Taking each from the front would move all others: an aggregate of a few
    /// megabytes holds hundreds of thousands.
    private var takenEventCount = 0
    private var peerWindowByteCount: UInt32?
    private var ownWindowByteCount: UInt32?
    private var unacknowledgedInputByteCount: UInt64 = 0
    /// How it counts what it acknowledges.
    package var acknowledgementHabit = AcknowledgementHabit.cumulative {
        didSet { habitStart = receivedByteCount }
    }
    private var habitStart: UInt64 = 0
    /// Bytes received behind the handshake.
    package private(set) var receivedByteCount: UInt64 = 0
    /// Bytes behind the handshake that were given out or wait in the output.
    package private(set) var sentByteCount: UInt64 = 0
    private var acknowledgements = AcknowledgementModel()
    /// What the peer acknowledged last, without wraps; nil until it has, and when it can't be believed.
    package var acknowledgedByteCount: UInt64? { acknowledgements.byteCount }
    /// How many bytes were written only to answer the peer (pongs, acknowledgements): a peer that sends pings without
    /// reading the answers can be told by it.
    package private(set) var replyByteCount: UInt64 = 0

    /// A client's side; C0 and C1 wait in the output.
    package static func client(
        limits: ChunkLimits = ChunkLimits(), using generator: inout some RandomNumberGenerator
    ) -> Self {
        let handshake = ClientHandshake(using: &generator)
        var connection = Self(phase: .clientHandshake(handshake), limits: limits)
        connection.output = handshake.opening
        return connection
    }

    /// A server's side.
    package static func server(limits: ChunkLimits = ChunkLimits()) -> Self {
        Self(phase: .serverHandshake(ServerHandshake()), limits: limits)
    }

    private init(phase: Phase, limits: ChunkLimits) {
        self.phase = phase
        decoder = ChunkDecoder(limits: limits)
    }

    /// The handshake is over.
    package var isOpen: Bool { if case .open = phase { true } else { false } }

    /// The bytes to be sent now, nil if there are none.
    package mutating func takeOutput() -> ByteBuffer? {
        guard output.readableBytes > 0 else { return nil }
        defer { output = ByteBuffer() }
        return output
    }

    /// Adds bytes from the peer; call ``next()`` until it gives nil before adding more.
    package mutating func receive(_ bytes: ByteBuffer) throws(ConnectionError) {
        if case .open = phase {
            count(bytes)
            decoder.append(bytes)
            return
        }
        var bytes = bytes
        do {
            try shakeHands(&bytes)
        } catch {
            throw .handshake(error)
        }
        if case .open = phase, bytes.readableBytes > 0 {
            count(bytes)
            decoder.append(bytes)
        }
    }

    private mutating func shakeHands(_ bytes: inout ByteBuffer) throws(HandshakeError) {
        switch phase {
        case .clientHandshake(var handshake):
            if let answer = try handshake.receive(&bytes) {
                output.writeImmutableBuffer(answer)
                open()
            } else {
                phase = .clientHandshake(handshake)
            }
        case .serverHandshake(var handshake):
            steps: while true {
                switch try handshake.receive(&bytes) {
                case .needsMoreBytes:
                    phase = .serverHandshake(handshake)
                    break steps
                case .answer(let answer): output.writeImmutableBuffer(answer)
                case .finished:
                    open()
                    break steps
                }
            }
        case .open: break
        }
    }

    private mutating func open() {
        phase = .open
        events.append(.opened)
    }

    private mutating func count(_ bytes: ByteBuffer) {
        receivedByteCount += UInt64(bytes.readableBytes)
        unacknowledgedInputByteCount += UInt64(bytes.readableBytes)
        // At half the window: some peers stop just before they have sent all of it.
        guard let peerWindowByteCount, unacknowledgedInputByteCount >= UInt64(peerWindowByteCount / 2) else { return }
        let step = unacknowledgedInputByteCount
        unacknowledgedInputByteCount = 0
        let number = acknowledgementHabit.number(received: receivedByteCount, step: step, since: habitStart)
        if let number { reply(.acknowledgement(sequenceNumber: number)) }
    }

    /// The next event, or nil if more bytes are needed. After an error the connection is of no more use.
    package mutating func next() throws(ConnectionError) -> Event? {
        while true {
            if takenEventCount < events.count {
                defer { takenEventCount += 1 }
                return events[takenEventCount]
            }
            events.removeAll(keepingCapacity: takenEventCount < 64)
            takenEventCount = 0
            guard case .open = phase else { return nil }
            let message: Message?
            do {
                message = try decoder.next()
            } catch {
                throw .chunk(error)
            }
            guard let message else { return nil }
            try take(message)
        }
    }

    private mutating func take(_ message: Message) throws(ConnectionError) {
        switch message.type {
        case .command, .commandAMF3:
            do {
                events.append(.command(try Command(message), streamID: message.streamID))
            } catch {
                throw .values(error)
            }
        case .audio, .video, .data: events.append(.media(message))
        case .dataAMF3:
            var data = message
            if data.payload.getInteger(at: data.payload.readerIndex, as: UInt8.self) == 0 {
                data.payload.moveReaderIndex(forwardBy: 1)
            }
            data.type = .data
            events.append(.media(data))
        case .aggregate: events += message.parts.map { .media($0) }
        default:
            guard let control = ControlMessage(message) else { return }
            take(control)
        }
    }

    private mutating func take(_ control: ControlMessage) {
        switch control {
        case .setChunkSize, .abort: break  // The decoder has seen to it.
        case .acknowledgement(let number): takeAcknowledgement(number)
        case .windowAcknowledgementSize(let size): peerWindowByteCount = size == 0 ? nil : size
        case .setPeerBandwidth(let size, _):
            // The answer is due. A smaller window than asked for is within the limit, and a small one makes the peer
            // acknowledge often.
            if size > 0 { reply(.windowAcknowledgementSize(min(size, ownWindowByteCount ?? size))) }
        case .userControl(.ping(let value)): reply(.userControl(.pong(value)))
        case .userControl(let event): events.append(.userControl(event))
        }
    }

    private mutating func takeAcknowledgement(_ number: UInt32) {
        let wasBelieved = acknowledgements.kind.isBelieved
        let value = acknowledgements.take(number, sent: sentByteCount)
        if let value {
            if takenEventCount < events.count, case .acknowledged? = events.last { events.removeLast() }
            events.append(.acknowledged(byteCount: value))
        }
        if wasBelieved, !acknowledgements.kind.isBelieved { events.append(.acknowledgementsDistrusted) }
    }

    private mutating func reply(_ control: ControlMessage) {
        let before = sentByteCount
        send(control)
        replyByteCount += sentByteCount - before
    }

    // MARK: - Sending

    /// Writes a control message to the output.
    package mutating func send(_ control: ControlMessage) {
        if case .windowAcknowledgementSize(let size) = control { ownWindowByteCount = size }
        // A control message is at most 10 bytes long.
        try? send(control.message, on: .control)
    }

    /// - Throws: ``ChunkError/messageTooLong(byteCount:limit:)``, with nothing sent.
    package mutating func send(
        _ command: Command, on id: ChunkStreamID = .command, streamID: MessageStreamID = 0
    ) throws(ChunkError) {
        try send(command.message(on: streamID), on: id)
    }

    /// Puts `message` into the output, with `rest` as the end of its payload.
    /// - Throws: ``ChunkError/messageTooLong(byteCount:limit:)``, with nothing sent.
    package mutating func send(
        _ message: Message, followedBy rest: [UInt8] = [], on id: ChunkStreamID
    ) throws(ChunkError) {
        precondition(isOpen, "messages are sent behind the handshake")
        let before = output.readableBytes
        try encoder.encode(message, followedBy: rest, on: id, into: &output)
        sentByteCount += UInt64(output.readableBytes - before)
    }

    /// Counts bytes that were encoded elsewhere, with this connection's chunk size, and are sent beside the output.
    package mutating func countSent(byteCount: Int) { sentByteCount += UInt64(byteCount) }

    /// The chunk size in which messages go out.
    package var outgoingChunkSize: ChunkSize { encoder.chunkSize }
}

extension Message {
    /// The messages inside an aggregate, which are laid out like FLV tags. Their times count from the aggregate's own;
    /// an incomplete one at the end is left out.
    /// - SeeAlso: Adobe RTMP 1.0, section 7.1.6.
    var parts: [Message] {
        var rest = payload
        var parts: [Message] = []
        var firstTime: UInt32?
        while let head: UInt32 = rest.readInteger(), let time: UInt32 = rest.readInteger(),
            rest.readBytes(length: 3) != nil, let payload = rest.readSlice(length: Int(head & 0xFF_FFFF))
        {
            let timestamp = time >> 8 | time << 24
            let offset = timestamp &- (firstTime ?? timestamp)
            firstTime = firstTime ?? timestamp
            let type = MessageType(rawValue: UInt8(head >> 24))
            if [.audio, .video, .data].contains(type) {
                // A slice would keep all of the aggregate for as long as the part is kept.
                parts.append(
                    Message(
                        type: type, streamID: streamID, timestampMilliseconds: timestampMilliseconds &+ offset,
                        payload: ByteBuffer(bytes: payload.readableBytesView)))
            }
            rest.moveReaderIndex(forwardBy: min(4, rest.readableBytes))
        }
        return parts
    }
}
