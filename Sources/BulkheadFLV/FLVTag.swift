package import NIOCore

/// One record of an FLV file, and by the same numbers one message of an RTMP stream.
/// - SeeAlso: Adobe Flash Video File Format 10.1, annex E.4.1.
package struct FLVTag: Hashable, Sendable {
    /// The tag type of annex E.4.1, which is also RTMP's message type.
    package enum Kind: UInt8, Hashable, Sendable {
        case audio = 8
        case video = 9
        case script = 18
    }

    /// Whether the payload is sound, picture or script data.
    package var kind: Kind
    /// Modulo 2^32.
    package var timestampMilliseconds: UInt32
    /// Without the tag's header.
    package var payload: ByteBuffer

    /// A tag with a payload of at most ``payloadByteLimit`` bytes; writing a longer one throws.
    package init(kind: Kind, timestampMilliseconds: UInt32, payload: ByteBuffer) {
        self.kind = kind
        self.timestampMilliseconds = timestampMilliseconds
        self.payload = payload
    }

    /// The header's length in bytes.
    package static let headerByteCount = 11
    /// The longest payload that the header's 24-bit field can state.
    package static let payloadByteLimit = 0xFF_FFFF
}

extension ByteBuffer {
    /// Appends a tag and the length that follows it.
    ///
    ///     type 1 | data size 3 | timestamp 3 | timestamp's high byte 1 | stream 3 = 0 | payload | 11 + data size 4
    ///
    /// Sizes are in bytes, integers big-endian.
    /// - Throws: ``FLVError/tagTooLong(byteCount:limit:)``, with nothing written.
    package mutating func writeTag(_ tag: FLVTag) throws(FLVError) {
        let length = tag.payload.readableBytes
        guard length <= FLVTag.payloadByteLimit else {
            throw .tagTooLong(byteCount: length, limit: FLVTag.payloadByteLimit)
        }
        reserveCapacity(minimumWritableBytes: FLVTag.headerByteCount + length + 4)
        writeInteger(UInt32(tag.kind.rawValue) << 24 | UInt32(length))
        writeInteger(tag.timestampMilliseconds << 8 | tag.timestampMilliseconds >> 24)
        writeRepeatingByte(0, count: 3)
        writeImmutableBuffer(tag.payload)
        writeInteger(UInt32(FLVTag.headerByteCount + length))
    }
}

/// Why bytes are no FLV.
package enum FLVError: Error, Hashable, CustomStringConvertible {
    case notFLV
    case unknownTagType(UInt8)
    /// The tag is encrypted (the filter bit of annex E.4.1).
    case encryptedTag
    case tagTooLong(byteCount: Int, limit: Int)

    package var description: String {
        switch self {
        case .notFLV: "the data doesn't begin like an FLV file"
        case .unknownTagType(let type): "an FLV tag has the unknown type \(type)"
        case .encryptedTag: "an FLV tag is encrypted"
        case .tagTooLong(let count, let limit): "an FLV tag of \(count) bytes is longer than the limit of \(limit)"
        }
    }
}
