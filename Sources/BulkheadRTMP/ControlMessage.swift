import NIOCore

/// A protocol control message: about the connection itself, on message stream 0.
/// - SeeAlso: Adobe RTMP 1.0, sections 5.4 and 7.1.7.
package enum ControlMessage: Hashable, Sendable {
    /// How a peer is to apply a Set Peer Bandwidth message (section 5.4.5).
    package enum BandwidthLimit: UInt8, Hashable, Sendable {
        case hard, soft, dynamic
    }

    case setChunkSize(ChunkSize)
    /// Throw away the message unfinished on that chunk stream.
    case abort(chunkStreamID: UInt32)
    /// The bytes received so far, modulo 2^32.
    case acknowledgement(sequenceNumber: UInt32)
    case windowAcknowledgementSize(UInt32)
    case setPeerBandwidth(UInt32, BandwidthLimit)
    case userControl(UserControl)

    /// Nil for a message of another type, and for one too short or with a chunk size of 0.
    package init?(_ message: Message) {
        let payload = message.payload
        let start = payload.readerIndex
        if message.type == .userControl {
            guard let event = UserControl(payload) else { return nil }
            self = .userControl(event)
            return
        }
        guard let value: UInt32 = payload.getInteger(at: start) else { return nil }
        switch message.type {
        case .setChunkSize:
            // The first bit is zero by the specification: a size that has it can only be nonsense.
            guard let size = ChunkSize(value), value & 0x8000_0000 == 0 else { return nil }
            self = .setChunkSize(size)
        case .abort: self = .abort(chunkStreamID: value)
        case .acknowledgement: self = .acknowledgement(sequenceNumber: value)
        case .windowAcknowledgementSize: self = .windowAcknowledgementSize(value)
        case .setPeerBandwidth:
            // Some servers leave the limit's type out.
            let limit: UInt8 = payload.getInteger(at: start + 4) ?? BandwidthLimit.dynamic.rawValue
            self = .setPeerBandwidth(value, BandwidthLimit(rawValue: limit) ?? .dynamic)
        default: return nil
        }
    }

    /// The message that carries this.
    package var message: Message {
        var payload = ByteBuffer()
        let type: MessageType
        switch self {
        case .setChunkSize(let size):
            type = .setChunkSize
            payload.writeInteger(UInt32(size.byteCount))
        case .abort(let id):
            type = .abort
            payload.writeInteger(id)
        case .acknowledgement(let number):
            type = .acknowledgement
            payload.writeInteger(number)
        case .windowAcknowledgementSize(let size):
            type = .windowAcknowledgementSize
            payload.writeInteger(size)
        case .setPeerBandwidth(let size, let limit):
            type = .setPeerBandwidth
            payload.writeInteger(size)
            payload.writeInteger(limit.rawValue)
        case .userControl(let event):
            type = .userControl
            payload.writeUserControl(event)
        }
        return Message(type: type, payload: payload)
    }
}

/// A user control event.
/// - SeeAlso: Adobe RTMP 1.0, section 7.1.7.
package enum UserControl: Hashable, Sendable {
    case streamBegin(MessageStreamID)
    case streamEnd(MessageStreamID)
    case streamDry(MessageStreamID)
    case setBufferLength(MessageStreamID, milliseconds: UInt32)
    case streamIsRecorded(MessageStreamID)
    /// To be answered by a pong with the same four bytes.
    case ping(UInt32)
    case pong(UInt32)
    case other(type: UInt16)

    init?(_ payload: ByteBuffer) {
        let start = payload.readerIndex
        guard let type: UInt16 = payload.getInteger(at: start) else { return nil }
        guard let value: UInt32 = payload.getInteger(at: start + 2) else {
            self = .other(type: type)
            return
        }
        switch type {
        case 0: self = .streamBegin(value)
        case 1: self = .streamEnd(value)
        case 2: self = .streamDry(value)
        case 3: self = .setBufferLength(value, milliseconds: payload.getInteger(at: start + 6) ?? 0)
        case 4: self = .streamIsRecorded(value)
        case 6: self = .ping(value)
        case 7: self = .pong(value)
        default: self = .other(type: type)
        }
    }
}

extension ByteBuffer {
    fileprivate mutating func writeUserControl(_ event: UserControl) {
        func write(_ type: UInt16, _ value: UInt32, into buffer: inout ByteBuffer) {
            buffer.writeInteger(type)
            buffer.writeInteger(value)
        }
        switch event {
        case .streamBegin(let id): write(0, id, into: &self)
        case .streamEnd(let id): write(1, id, into: &self)
        case .streamDry(let id): write(2, id, into: &self)
        case .setBufferLength(let id, let milliseconds):
            write(3, id, into: &self)
            writeInteger(milliseconds)
        case .streamIsRecorded(let id): write(4, id, into: &self)
        case .ping(let value): write(6, value, into: &self)
        case .pong(let value): write(7, value, into: &self)
        case .other(let type): writeInteger(type)
        }
    }
}
