package import NIOCore

/// What a chunk decoder accepts before it calls a peer hostile.
package struct ChunkLimits: Hashable, Sendable {
    /// The longest message in bytes.
    package var messageByteCount = 8 << 20
    /// How many chunk streams a peer may use.
    package var chunkStreamCount = 64
    /// For all unfinished messages together.
    package var unfinishedByteCount = 16 << 20

    /// Messages of 8 MiB, 64 chunk streams, 16 MiB unfinished.
    package init() {}
}

/// Reads RTMP messages from chunks that come in pieces of any length, for one direction of one connection.
///
/// It applies Set Chunk Size and Abort itself. Memory grows with the bytes that came, never with a length that a
/// header states, and stays within its limits.
/// - SeeAlso: Adobe RTMP 1.0, section 5.3.
package struct ChunkDecoder: Sendable {
    private let limits: ChunkLimits
    private var chunkSize = ChunkSize.initial
    private var buffer = ByteBuffer()
    private var streams: [ChunkStream] = []
    /// The chunk whose payload is being read: its place in `streams` and what is still to come.
    private var chunk: (index: Int, remainingByteCount: Int)?
    private var unfinishedByteCount = 0

    /// A decoder at the first byte behind the handshake, with chunks of 128 bytes.
    package init(limits: ChunkLimits = ChunkLimits()) { self.limits = limits }

    /// Adds bytes; call ``next()`` until it gives nil before adding more.
    package mutating func append(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            buffer.discardReadBytes()
            buffer.writeImmutableBuffer(bytes)
        }
    }

    /// The next whole message, or nil if more bytes are needed. After an error the decoder is of no more use.
    package mutating func next() throws(ChunkError) -> Message? {
        while true {
            if chunk == nil {
                guard try readHeader() else { return nil }
            }
            guard let message = try readPayload() else {
                if chunk == nil { continue }
                return nil
            }
            try apply(message)
            return message
        }
    }

    /// Moves what is there of the current chunk's payload; gives the message that it completes. When the chunk ends
    /// without completing one, `chunk` is nil afterwards.
    private mutating func readPayload() throws(ChunkError) -> Message? {
        guard let (index, remaining) = chunk else { return nil }
        let length = min(remaining, buffer.readableBytes)
        if length > 0, var slice = buffer.readSlice(length: length) {
            unfinishedByteCount += length
            guard unfinishedByteCount <= limits.unfinishedByteCount else {
                throw .tooManyUnfinishedBytes(limit: limits.unfinishedByteCount)
            }
            streams[index].append(&slice)
        }
        guard length == remaining else {
            chunk = (index, remaining - length)
            return nil
        }
        chunk = nil
        guard let message = streams[index].takeFinishedMessage() else { return nil }
        unfinishedByteCount -= message.payload.readableBytes
        return message
    }

    private mutating func apply(_ message: Message) throws(ChunkError) {
        switch message.type {
        case .setChunkSize:
            guard case .setChunkSize(let size)? = ControlMessage(message) else {
                throw .invalidControlMessage(message.type)
            }
            chunkSize = size
        case .abort:
            guard case .abort(let id)? = ControlMessage(message) else { throw .invalidControlMessage(message.type) }
            if let index = streams.firstIndex(where: { $0.id == id }) {
                unfinishedByteCount -= streams[index].abandonMessage()
            }
        default: break
        }
    }

    /// Reads a chunk's headers if they are there as a whole, and sets `chunk`.
    private mutating func readHeader() throws(ChunkError) -> Bool {
        var cursor = buffer
        guard let (format, id) = cursor.readBasicHeader() else { return false }
        let found = streams.firstIndex { $0.id == id }
        if let found, streams[found].isUnfinished {
            guard format == 3 else { throw .messageInterrupted(chunkStreamID: id) }
            guard let skipped = streams[found].repeatedTimestampByteCount(in: cursor) else { return false }
            cursor.moveReaderIndex(forwardBy: skipped)
            return begin(found, cursor)
        }
        // A type 1 chunk on a fresh chunk stream is what librtmp sends for pings: nothing is missing but the time base.
        guard found != nil || format <= 1 else { throw .chunkWithoutPredecessor(chunkStreamID: id, format: format) }
        var stream = found.map { streams[$0] } ?? ChunkStream(id: id)
        guard stream.readMessageHeader(format: format, from: &cursor) else { return false }
        guard stream.messageByteCount <= limits.messageByteCount else {
            throw .messageTooLong(byteCount: stream.messageByteCount, limit: limits.messageByteCount)
        }
        if let found {
            streams[found] = stream
            return begin(found, cursor)
        }
        guard streams.count < limits.chunkStreamCount else {
            throw .tooManyChunkStreams(limit: limits.chunkStreamCount)
        }
        streams.append(stream)
        return begin(streams.count - 1, cursor)
    }

    private mutating func begin(_ index: Int, _ cursor: ByteBuffer) -> Bool {
        buffer.moveReaderIndex(to: cursor.readerIndex)
        chunk = (index, min(chunkSize.byteCount, streams[index].missingByteCount))
        return true
    }
}

/// What one chunk stream remembers from chunk to chunk, and the message unfinished on it.
private struct ChunkStream: Sendable {
    let id: UInt32
    private(set) var messageByteCount = 0
    /// A header has come whose message is not complete.
    private(set) var isUnfinished = false
    private var timestamp: UInt32 = 0
    private var delta: UInt32 = 0
    private var type = MessageType(rawValue: 0)
    private var streamID: MessageStreamID = 0
    /// The value of the extended timestamp field, if the last header had one.
    private var extendedField: UInt32?
    private var payload = ByteBuffer()

    init(id: UInt32) { self.id = id }

    var missingByteCount: Int { messageByteCount - payload.readableBytes }

    mutating func append(_ bytes: inout ByteBuffer) {
        if payload.capacity == 0 {
            // Most messages are short: one allocation. Long ones grow with what comes, not with what was announced.
            payload.reserveCapacity(min(messageByteCount, max(bytes.readableBytes, 64 << 10)))
        }
        payload.writeBuffer(&bytes)
    }

    mutating func takeFinishedMessage() -> Message? {
        guard missingByteCount == 0 else { return nil }
        defer {
            payload = ByteBuffer()
            isUnfinished = false
        }
        return Message(type: type, streamID: streamID, timestampMilliseconds: timestamp, payload: payload)
    }

    /// Gives the number of bytes thrown away.
    mutating func abandonMessage() -> Int {
        defer {
            payload = ByteBuffer()
            isUnfinished = false
        }
        return payload.readableBytes
    }

    /// Reads the message header of a new message; false, with nothing changed that matters, if bytes are missing.
    mutating func readMessageHeader(format: UInt8, from cursor: inout ByteBuffer) -> Bool {
        if format == 3 {
            guard let skipped = repeatedTimestampByteCount(in: cursor) else { return false }
            cursor.moveReaderIndex(forwardBy: skipped)
            timestamp &+= delta
            isUnfinished = true
            return true
        }
        guard let field = cursor.readUInt24() else { return false }
        if format <= 1 {
            guard let length = cursor.readUInt24(), let type: UInt8 = cursor.readInteger() else { return false }
            messageByteCount = Int(length)
            self.type = MessageType(rawValue: type)
        }
        if format == 0 {
            guard let streamID: UInt32 = cursor.readInteger(endianness: .little) else { return false }
            self.streamID = streamID
        }
        extendedField = nil
        if field == 0xFF_FFFF {
            guard let value: UInt32 = cursor.readInteger() else { return false }
            extendedField = value
        }
        // Behind a type 0 chunk, the delta of a type 3 chunk is that chunk's timestamp (section 5.3.1.2.4).
        delta = extendedField ?? field
        timestamp = format == 0 ? delta : timestamp &+ delta
        isUnfinished = true
        return true
    }

    /// The length of the extended timestamp that a type 3 chunk repeats: 4 or 0 bytes, nil if that can't be told yet.
    /// Some writers leave the field out: bytes that differ from the message's timestamp are payload.
    func repeatedTimestampByteCount(in cursor: ByteBuffer) -> Int? {
        guard let extendedField else { return 0 }
        // Other writers repeat the absolute time of a delta, or keep 31 bits of it.
        let expected = [extendedField, timestamp, extendedField & 0x7FFF_FFFF, timestamp & 0x7FFF_FFFF]
        guard let value: UInt32 = cursor.getInteger(at: cursor.readerIndex) else {
            let isPossible = expected.contains {
                cursor.readableBytesView.elementsEqual($0.bytes.prefix(cursor.readableBytes))
            }
            return isPossible ? nil : 0
        }
        return expected.contains(value) ? 4 : 0
    }
}

extension UInt32 {
    fileprivate var bytes: [UInt8] {
        [24, 16, 8, 0].map { (shift: UInt32) in UInt8(truncatingIfNeeded: self >> shift) }
    }
}

extension ByteBuffer {
    fileprivate mutating func readUInt24() -> UInt32? {
        guard readableBytes >= 3, let high: UInt8 = readInteger(), let low: UInt16 = readInteger() else { return nil }
        return UInt32(high) << 16 | UInt32(low)
    }

    /// Section 5.3.1.1: the chunk's type and its chunk stream, in one to three bytes.
    fileprivate mutating func readBasicHeader() -> (format: UInt8, id: UInt32)? {
        guard let first: UInt8 = readInteger() else { return nil }
        switch first & 0x3F {
        case 0:
            guard let second: UInt8 = readInteger() else { return nil }
            return (first >> 6, 64 + UInt32(second))
        case 1:
            guard let rest: UInt16 = readInteger(endianness: .little) else { return nil }
            return (first >> 6, 64 + UInt32(rest))
        case let id: return (first >> 6, UInt32(id))
        }
    }
}
