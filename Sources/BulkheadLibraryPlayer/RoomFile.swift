package import BulkheadFLV
import BulkheadRTMP
package import BulkheadRTMPTransport
package import NIOCore

/// Makes one FLV of what servers of a room give one after the other, each with timestamps of its own.
package struct RoomFile: Sendable {
    /// How far behind the last timestamp a server's first one is put, in milliseconds: a picture's time.
    private static let step: Int64 = 40

    private var hasHeader = false
    private var hasMetadata = false
    /// The highest timestamp that was written.
    private var last: Int64?
    /// Where a timestamp of the server lies in the file.
    private var place: (theirs: UInt32, ours: Int64)?

    package init() {}

    /// Another server gives the stream from now on.
    package mutating func begin() { place = nil }

    /// - Returns: the tag, with the file's header before the first one; empty for what a file has only once.
    /// - Throws: ``FLVError/tagTooLong(byteCount:limit:)``
    package mutating func bytes(of message: PlayedMessage) throws(FLVError) -> ByteBuffer {
        guard let kind = FLVTag.Kind(rawValue: message.message.type.rawValue) else { return ByteBuffer() }
        var milliseconds: Int64 = 0
        if kind == .script {
            // At time 0 and once: FFmpeg takes any other for a stream of text.
            guard message.kind == .metadata, !hasMetadata else { return ByteBuffer() }
            hasMetadata = true
        } else {
            let theirs = message.message.timestampMilliseconds
            let known = place ?? (theirs, last.map { $0 + Self.step } ?? 0)
            milliseconds = max(0, known.ours + Int64(Int32(truncatingIfNeeded: theirs &- known.theirs)))
            place = (theirs, milliseconds)
            last = max(last ?? 0, milliseconds)
        }
        var output = hasHeader ? ByteBuffer() : FLVWriter().fileHeader
        hasHeader = true
        try output.writeTag(
            FLVTag(
                kind: kind, timestampMilliseconds: UInt32(truncatingIfNeeded: milliseconds),
                payload: message.message.payload))
        return output
    }
}
