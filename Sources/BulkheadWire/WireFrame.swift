/// One message as it stands on the socket, not yet understood.
///
///     payload byte count 4 | type 2 | flags 2 | payload
///
/// Integers are little-endian. Bit 0 of the flags says that a descriptor travels with the message's first byte. The
/// whole schema is described in docs/wire.md.
package struct WireFrame: Hashable, Sendable {
    /// Length, type and flags in front of a payload.
    package static let headerByteCount = 8
    /// No message is longer: an IDR of 8192x8192 at the lowest quantizer stays below it.
    package static let maximumPayloadByteCount = 32 << 20

    /// The number of the message's type, known or not.
    package let type: UInt16
    /// One file descriptor comes along with it.
    package let carriesDescriptor: Bool
    /// Header and payload, as they go on the socket.
    package let bytes: [UInt8]

    package init(type: UInt16, carriesDescriptor: Bool = false, payload: [UInt8]) {
        self.init(number: type, descriptor: carriesDescriptor, reserving: payload.count) { $0.write(raw: payload) }
    }

    /// A message whose payload `write` writes; `reserving` is how many bytes that is likely to be.
    package init(
        _ type: MessageType, descriptor: Bool = false, reserving: Int = 64, _ write: (inout WireWriter) -> Void
    ) {
        self.init(number: type.rawValue, descriptor: descriptor, reserving: reserving, write)
    }

    private init(number type: UInt16, descriptor: Bool, reserving: Int, _ write: (inout WireWriter) -> Void) {
        var writer = WireWriter(reserving: Self.headerByteCount + reserving)
        writer.write(UInt32(0))
        writer.write(type)
        writer.write(UInt16(descriptor ? 1 : 0))
        write(&writer)
        writer.setFirstWord(UInt32(writer.bytes.count - Self.headerByteCount))
        self.init(checked: writer.bytes, type, carriesDescriptor: descriptor)
    }

    /// - Parameter bytes: a whole message, whose header says the same as the other parameters.
    fileprivate init(checked bytes: [UInt8], _ type: UInt16, carriesDescriptor: Bool) {
        self.type = type
        self.carriesDescriptor = carriesDescriptor
        self.bytes = bytes
    }

    package var payload: [UInt8] { Array(bytes[Self.headerByteCount...]) }
}

/// Why bytes from the other side are no message. Whoever sends such bytes is treated as one that crashed.
package enum WireError: Error, Hashable, CustomStringConvertible {
    case payloadTooLong(byteCount: UInt32)
    case unknownType(UInt16)
    case unknownFlags(UInt16)
    case payloadEndsEarly(type: UInt16)
    case payloadHasRest(type: UInt16, byteCount: Int)
    case valueOutsideRange(type: UInt16, field: String)
    case descriptorMissing(type: UInt16)
    case descriptorUnexpected(type: UInt16)

    package var description: String {
        switch self {
        case .payloadTooLong(let byteCount): "a message announces \(byteCount) bytes, more than is allowed"
        case .unknownType(let type): "a message has the unknown type \(type)"
        case .unknownFlags(let flags): "a message has the unknown flags \(flags)"
        case .payloadEndsEarly(let type): "a message of type \(type) ends before its last field"
        case .payloadHasRest(let type, let byteCount): "a message of type \(type) has \(byteCount) bytes too many"
        case .valueOutsideRange(let type, let field): "a message of type \(type) has a \(field) outside its range"
        case .descriptorMissing(let type): "a message of type \(type) came without its descriptor"
        case .descriptorUnexpected(let type): "a message of type \(type) came with a descriptor"
        }
    }
}

/// Cuts a byte stream into messages, whichever way the bytes arrive. It holds at most one message.
package struct WireDecoder: Sendable {
    private var buffer: [UInt8] = []
    private var start = 0
    private let longestPayload: Int

    /// A decoder that waits for the start of a frame.
    ///
    /// - Parameter longestPayload: what a message may hold, in bytes, where that is less than any message may.
    package init(longestPayload: Int = Int(WireFrame.maximumPayloadByteCount)) {
        self.longestPayload = min(longestPayload, Int(WireFrame.maximumPayloadByteCount))
    }

    /// Adds bytes as they came from the socket.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if start > 0, start == buffer.count {
            // What a long message took is given back.
            buffer.removeAll(keepingCapacity: buffer.count <= 1 << 20)
            start = 0
        } else if start > 1 << 20 {
            buffer.removeFirst(start)
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// Takes in what was received.
    package mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

    /// The bytes of a message that has not come whole.
    package var pendingByteCount: Int { buffer.count - start }

    /// The next whole message, or nil until more bytes come.
    package mutating func next() throws(WireError) -> WireFrame? {
        guard buffer.count - start >= WireFrame.headerByteCount else { return nil }
        let byteCount =
            UInt32(buffer[start]) | UInt32(buffer[start + 1]) << 8 | UInt32(buffer[start + 2]) << 16
            | UInt32(buffer[start + 3]) << 24
        let type = UInt16(buffer[start + 4]) | UInt16(buffer[start + 5]) << 8
        let flags = UInt16(buffer[start + 6]) | UInt16(buffer[start + 7]) << 8
        guard Int(byteCount) <= longestPayload else { throw .payloadTooLong(byteCount: byteCount) }
        guard flags <= 1 else { throw .unknownFlags(flags) }
        let end = start + WireFrame.headerByteCount + Int(byteCount)
        guard buffer.count >= end else { return nil }
        let bytes = Array(buffer[start..<end])
        start = end
        return WireFrame(checked: bytes, type, carriesDescriptor: flags == 1)
    }
}
