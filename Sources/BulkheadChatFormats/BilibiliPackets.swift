/// Packets of Bilibili's open platform: big-endian, several in a frame, and several in a compressed one.
///
///     u32 length | u16 head's length, 16 | u16 version | u32 operation | u32 sequence | body
package struct BilibiliPacket: Hashable, Sendable {
    /// What a packet is for.
    package enum Operation: UInt32, Hashable, Sendable {
        case heartbeat = 2
        case heartbeatReply = 3
        case message = 5
        case auth = 7
        case authReply = 8
    }

    /// How the body is packed.
    package enum Version: UInt16, Hashable, Sendable {
        case plain = 0
        case control = 1
        /// Packets with heads of their own, compressed by zlib.
        case zlib = 2
    }

    package let operation: Operation
    package let body: [UInt8]

    package init(_ operation: Operation, body: [UInt8] = []) {
        self.operation = operation
        self.body = body
    }

    private static let headByteCount = 16
    /// Of a frame, and of what a compressed body becomes.
    package static let longest = 16 << 20

    /// The packet as a client sends it.
    package var bytes: [UInt8] {
        func big(_ value: UInt32) -> [UInt8] {
            stride(from: 24, through: 0, by: -8).map { UInt8(value >> UInt32($0) & 0xFF) }
        }
        let length = UInt32(clamping: Self.headByteCount + body.count)
        return big(length) + [0, UInt8(Self.headByteCount), 0, UInt8(Version.control.rawValue)]
            + big(operation.rawValue) + big(1) + body
    }

    /// Reads a frame of the WebSocket. Operations that nobody knows are passed over.
    /// - Parameter unpack: makes of a body that is compressed by zlib what it was, or nil where it can't, or where it would
    ///   become longer than the limit.
    package static func read(
        _ frame: [UInt8], unpack: ([UInt8], _ limit: Int) -> [UInt8]?
    ) throws(ChatFormatError) -> [BilibiliPacket] {
        try read(frame[...], isInner: false, unpack)
    }

    private static func read(
        _ bytes: ArraySlice<UInt8>, isInner: Bool, _ unpack: ([UInt8], _ limit: Int) -> [UInt8]?
    ) throws(ChatFormatError) -> [BilibiliPacket] {
        var packets: [BilibiliPacket] = []
        var rest = bytes
        while !rest.isEmpty {
            guard rest.count >= headByteCount else { throw .packetLength(rest.count) }
            let length = Int(number(rest, 0, 4))
            let head = Int(number(rest, 4, 2))
            guard (headByteCount...rest.count).contains(length) else { throw .packetLength(length) }
            guard head == headByteCount else { throw .packetHeader(UInt16(clamping: head)) }
            let version = Version(rawValue: UInt16(number(rest, 6, 2)))
            let operation = Operation(rawValue: UInt32(number(rest, 8, 4)))
            let start = rest.startIndex + headByteCount
            var body = rest[start..<rest.startIndex + length]
            rest = rest.dropFirst(length)
            if operation == .heartbeatReply {
                // The client's own heartbeat comes back behind the stated length: nothing in this frame can be read.
                body = body.prefix(4)
                rest = []
            }
            guard version == .zlib else {
                if let operation, version != nil { packets.append(BilibiliPacket(operation, body: Array(body))) }
                continue
            }
            // What is packed twice is an attack.
            guard !isInner, let inner = unpack(Array(body), longest) else { throw .compressed }
            packets += try read(inner[...], isInner: true, unpack)
        }
        return packets
    }

    private static func number(_ bytes: ArraySlice<UInt8>, _ offset: Int, _ count: Int) -> UInt64 {
        let start = bytes.startIndex + offset
        return bytes[start..<start + count].reduce(0) { $0 << 8 | UInt64($1) }
    }
}
