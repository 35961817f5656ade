import BulkheadFLV
import BulkheadMedia
import BulkheadRTMP
import BulkheadTimeline
import NIOCore

/// A message on its way to players: its bytes are made once for all players of one form.
final class SharedMessage: PlayedElement {
    let message: Message
    let kind: MediaKind
    private var known: [PlayerForm: ByteBuffer] = [:]
    /// Players choose the numbers of message streams: bytes are kept for one more than players use.
    private static let mostForms = 4

    init(_ message: Message, kind: MediaKind) {
        self.message = message
        self.kind = kind
    }

    /// What a publisher sent, without `@setDataFrame`, which is for servers; nil for `@clearDataFrame`.
    convenience init?(_ message: Message) {
        guard message.type == .data else {
            self.init(message, kind: MediaKind(message))
            return
        }
        var data = message
        var decoder = AMF0Decoder()
        var rest = data.payload
        let name = try? decoder.decode(from: &rest)
        if name == "@clearDataFrame" { return nil }
        if name == "@setDataFrame" { data.payload = rest.slice() }
        let kind = MediaKind(data)
        // FFmpeg takes metadata at any other time for a stream of text.
        if kind == .metadata { data.timestampMilliseconds = 0 }
        self.init(data, kind: kind)
    }

    var byteCount: Int { message.payload.readableBytes + Self.ownByteCount }

    /// About what a message takes up beside its payload. Empty ones count too: a publisher may send them without end.
    private static let ownByteCount = 256

    func bytes(in form: PlayerForm, at time: MediaTime, isRepeated: Bool) -> ByteBuffer? {
        if isRepeated, kind != .metadata { return given(at: time, isRepeated: true).bytes(in: form) }
        return bytes(in: form)
    }

    private func bytes(in form: PlayerForm) -> ByteBuffer? {
        if let known = known[form] { return known }
        var output = ByteBuffer()
        append(to: &output, in: form)
        guard output.readableBytes > 0 else { return nil }
        if form.isInPieces { output = PlayerForm.framed(output) }
        if known.count < Self.mostForms { known[form] = output }
        return output
    }

    func append(to output: inout ByteBuffer, in form: PlayerForm) {
        switch form {
        case .chunks(let streamID): appendChunks(to: &output, for: streamID)
        case .tags: appendTag(to: &output)
        case .fragments: break
        }
    }

    /// Complete chunks of the standard size, which the server has announced to every peer.
    private func appendChunks(to output: inout ByteBuffer, for streamID: MessageStreamID) {
        var message = message
        message.streamID = streamID
        var encoder = ChunkEncoder(chunkSize: .standard)
        let id: ChunkStreamID =
            switch message.type {
            case .audio: .audio
            case .video: .video
            default: .data
            }
        // What is too long for a message leaves `output` as it was.
        try? encoder.encode(message, on: id, into: &output)
    }

    /// An FLV tag; nothing for what has none.
    private func appendTag(to output: inout ByteBuffer) {
        guard let kind = FLVTag.Kind(rawValue: message.type.rawValue) else { return }
        let tag = FLVTag(
            kind: kind, timestampMilliseconds: message.timestampMilliseconds, payload: message.payload)
        try? output.writeTag(tag)
    }

    /// The same with another timestamp.
    func moved(to timestampMilliseconds: UInt32) -> SharedMessage {
        guard timestampMilliseconds != message.timestampMilliseconds else { return self }
        var message = message
        message.timestampMilliseconds = timestampMilliseconds
        return SharedMessage(message, kind: kind)
    }

    /// The message for a player that is given it at `time`.
    func given(at time: MediaTime, isRepeated: Bool) -> SharedMessage {
        guard isRepeated, kind != .metadata else { return self }
        var message = message
        message.timestampMilliseconds = UInt32(truncatingIfNeeded: time.milliseconds)
        return SharedMessage(message, kind: kind)
    }
}

extension MediaKind {
    /// In the order in which players are given headers.
    var headerNumber: Int? {
        switch self {
        case .metadata: 0
        case .videoSequenceHeader: 1
        case .audioSequenceHeader: 2
        case .idr, .video, .audio, .data: nil
        }
    }

    var inGOP: GOPKind {
        if let headerNumber { return .header(headerNumber) }
        return switch self {
        case .idr: .idr
        case .video: .picture(isDisposable: false)
        case .audio: .sound
        case .metadata, .videoSequenceHeader, .audioSequenceHeader, .data: .other
        }
    }
}
