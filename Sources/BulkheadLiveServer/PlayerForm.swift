import BulkheadMedia
import BulkheadRTMP
import NIOCore

/// The form in which a player takes a stream. All players of one form are given the same bytes.
enum PlayerForm: Hashable {
    /// RTMP, on the message stream with this number.
    case chunks(MessageStreamID)
    /// FLV over HTTP; in pieces of a length that is said (RFC 9112, 7.1), or as it is.
    case tags(inPieces: Bool)
    /// MP4 over HTTP, likewise.
    case fragments(inPieces: Bool)

    /// Bytes have to be framed by ``framed(_:)``.
    var isInPieces: Bool {
        switch self {
        case .chunks: false
        case .tags(let inPieces), .fragments(let inPieces): inPieces
        }
    }

    /// One chunk of HTTP's chunked transfer coding: its length in hexadecimal digits, the bytes, and line ends.
    static func framed(_ bytes: ByteBuffer) -> ByteBuffer {
        guard bytes.readableBytes > 0 else { return bytes }
        let length = String(bytes.readableBytes, radix: 16)
        var output = ByteBuffer()
        output.reserveCapacity(minimumWritableBytes: length.utf8.count + 4 + bytes.readableBytes)
        output.writeString(length + "\r\n")
        output.writeImmutableBuffer(bytes)
        output.writeStaticString("\r\n")
        return output
    }
}

/// A piece of a stream that players are given.
protocol PlayedElement {
    /// It by itself; the bytes are made once and shared. Nil where there is nothing for players of this form.
    /// - Parameters:
    ///   - time: when it is given.
    ///   - isRepeated: it is a header that is given again, and holds from `time` on.
    func bytes(in form: PlayerForm, at time: MediaTime, isRepeated: Bool) -> ByteBuffer?
    /// Appends it to what is given together with it, unframed.
    func append(to output: inout ByteBuffer, in form: PlayerForm)
}

/// A piece of MP4 on its way to players: an initialization segment, or a fragment.
final class SharedFragment: PlayedElement {
    let bytes: ByteBuffer
    private var framed: ByteBuffer?

    init(_ bytes: ByteBuffer) { self.bytes = bytes }

    func bytes(in form: PlayerForm, at time: MediaTime, isRepeated: Bool) -> ByteBuffer? {
        guard form.isInPieces else { return bytes }
        if let framed { return framed }
        let made = PlayerForm.framed(bytes)
        framed = made
        return made
    }

    func append(to output: inout ByteBuffer, in form: PlayerForm) { output.writeImmutableBuffer(bytes) }
}
