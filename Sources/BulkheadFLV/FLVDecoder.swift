package import NIOCore

/// Reads an FLV file from pieces of any length.
///
/// It holds at most one unfinished tag of at most `tagByteLimit` bytes beside the piece appended last.
package struct FLVDecoder: Sendable {
    private let tagByteLimit: Int
    private var buffer = ByteBuffer()
    private var hasHeader = false

    /// A decoder at the start of a file; a tag with a payload of more than `tagByteLimit` bytes is an error.
    package init(tagByteLimit: Int = FLVTag.payloadByteLimit) { self.tagByteLimit = tagByteLimit }

    /// Adds bytes; call ``next()`` until it gives nil before adding more.
    package mutating func append(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            buffer.discardReadBytes()
            buffer.writeImmutableBuffer(bytes)
        }
    }

    /// The next whole tag, or nil if more bytes are needed.
    package mutating func next() throws(FLVError) -> FLVTag? {
        if !hasHeader {
            guard try readHeader() else { return nil }
            hasHeader = true
        }
        let start = buffer.readerIndex
        guard let head: UInt32 = buffer.getInteger(at: start), let time: UInt32 = buffer.getInteger(at: start + 4)
        else {
            return nil
        }
        let type = UInt8(head >> 24)
        guard type & 0x20 == 0 else { throw .encryptedTag }
        guard let kind = FLVTag.Kind(rawValue: type & 0x1F) else { throw .unknownTagType(type) }
        let length = Int(head & 0xFF_FFFF)
        guard length <= tagByteLimit else { throw .tagTooLong(byteCount: length, limit: tagByteLimit) }
        // The length behind each tag is for reading backwards and wrong in some files: it is skipped, not checked.
        guard buffer.readableBytes >= FLVTag.headerByteCount + length + 4,
            let payload = buffer.getSlice(at: start + FLVTag.headerByteCount, length: length)
        else { return nil }
        buffer.moveReaderIndex(forwardBy: FLVTag.headerByteCount + length + 4)
        return FLVTag(kind: kind, timestampMilliseconds: time >> 8 | time << 24, payload: payload)
    }

    /// Annex E.2: "FLV", version, flags, the header's own length, and a zero length of the tag before the first.
    private mutating func readHeader() throws(FLVError) -> Bool {
        let start = buffer.readerIndex
        guard let signature: UInt32 = buffer.getInteger(at: start),
            let length: UInt32 = buffer.getInteger(at: start + 5)
        else { return false }
        guard signature == 0x46_4C_56_01, (9...1024).contains(length) else { throw .notFLV }
        guard buffer.readableBytes >= Int(length) + 4 else { return false }
        buffer.moveReaderIndex(forwardBy: Int(length) + 4)
        return true
    }
}
