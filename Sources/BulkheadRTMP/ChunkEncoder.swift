package import NIOCore

/// Writes RTMP messages as chunks, for one direction of one connection.
///
/// Each message starts with a type 0 chunk: its absolute timestamp is understood alike by all peers, where deltas
/// beyond 24 bits are not.
package struct ChunkEncoder: Sendable {
    /// The largest payload of one chunk: 128 bytes until a Set Chunk Size message has been written.
    package private(set) var chunkSize: ChunkSize

    /// - Parameter chunkSize: what the peer has been told before, by this or another encoder.
    package init(chunkSize: ChunkSize = .initial) { self.chunkSize = chunkSize }

    /// Appends `message` as one type 0 chunk and the type 3 chunks that the rest of its payload needs. `rest` belongs to
    /// the payload and stands behind what the message holds: it is copied once, into `output`.
    ///
    ///     type 0 | basic header 1...3 | timestamp 3, length 3, type 1, stream 4 | extended timestamp 0 or 4 | payload
    ///     type 3 | basic header 1...3 |                                         | extended timestamp 0 or 4 | payload
    ///
    /// Sizes are in bytes; integers are big-endian, the message stream ID little-endian. From 0xFFFFFF ms (4 h 39 min)
    /// on, the timestamp stands in the extended field, which every chunk of the message repeats. A Set Chunk Size
    /// message takes effect behind itself.
    ///
    /// - Throws: ``ChunkError/messageTooLong(byteCount:limit:)``, with `output` unchanged.
    /// - SeeAlso: Adobe RTMP 1.0, sections 5.3.1.1 to 5.3.1.3.
    package mutating func encode(
        _ message: Message, followedBy rest: [UInt8] = [], on id: ChunkStreamID, into output: inout ByteBuffer
    ) throws(ChunkError) {
        let length = message.payload.readableBytes + rest.count
        guard length <= Message.payloadByteLimit else {
            throw .messageTooLong(byteCount: length, limit: Message.payloadByteLimit)
        }
        let extended = message.timestampMilliseconds >= 0xFF_FFFF ? message.timestampMilliseconds : nil
        let chunkCount = length / chunkSize.byteCount + 1
        output.reserveCapacity(minimumWritableBytes: length + 18 + (chunkCount - 1) * 7)

        output.writeBasicHeader(format: 0, id)
        let timeField = extended == nil ? message.timestampMilliseconds : 0xFF_FFFF
        output.writeInteger(timeField << 8 | UInt32(length) >> 16)
        output.writeInteger(UInt16(truncatingIfNeeded: length))
        output.writeInteger(message.type.rawValue)
        output.writeInteger(message.streamID, endianness: .little)
        if let extended { output.writeInteger(extended) }

        var room = chunkSize.byteCount
        func write(_ bytes: UnsafeRawBufferPointer, to output: inout ByteBuffer) {
            var offset = 0
            while offset < bytes.count {
                if room == 0 {
                    output.writeBasicHeader(format: 3, id)
                    if let extended { output.writeInteger(extended) }
                    room = chunkSize.byteCount
                }
                let end = min(bytes.count, offset + room)
                output.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[offset..<end]))
                room -= end - offset
                offset = end
            }
        }
        message.payload.withUnsafeReadableBytes { write($0, to: &output) }
        rest.withUnsafeBytes { write($0, to: &output) }
        if case .setChunkSize(let size)? = ControlMessage(message) { chunkSize = size }
    }
}

extension ByteBuffer {
    fileprivate mutating func writeBasicHeader(format: UInt8, _ id: ChunkStreamID) {
        switch id.rawValue {
        case ..<64: writeInteger(format << 6 | UInt8(id.rawValue))
        case ..<320:
            writeInteger(format << 6)
            writeInteger(UInt8(id.rawValue - 64))
        default:
            writeInteger(format << 6 | 1)
            writeInteger(UInt16(id.rawValue - 64), endianness: .little)
        }
    }
}

/// Why chunks are against the protocol, or against the limits that keep memory bounded.
package enum ChunkError: Error, Hashable, CustomStringConvertible {
    case messageTooLong(byteCount: Int, limit: Int)
    case tooManyChunkStreams(limit: Int)
    case tooManyUnfinishedBytes(limit: Int)
    /// The first chunk on a chunk stream relies on an earlier one that never was.
    case chunkWithoutPredecessor(chunkStreamID: UInt32, format: UInt8)
    /// A new message begins where the rest of another was due.
    case messageInterrupted(chunkStreamID: UInt32)
    case invalidControlMessage(MessageType)

    package var description: String {
        switch self {
        case .messageTooLong(let count, let limit): "a message of \(count) bytes is longer than the limit of \(limit)"
        case .tooManyChunkStreams(let limit): "more than \(limit) chunk streams are in use"
        case .tooManyUnfinishedBytes(let limit): "unfinished messages take more than \(limit) bytes"
        case .chunkWithoutPredecessor(let id, let format):
            "the first chunk on chunk stream \(id) is of type \(format), which needs an earlier one"
        case .messageInterrupted(let id): "a message on chunk stream \(id) begins inside another one"
        case .invalidControlMessage(let type): "a control message of type \(type.rawValue) makes no sense"
        }
    }
}
