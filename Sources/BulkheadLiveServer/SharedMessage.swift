import BulkheadFLV
import BulkheadMedia
import BulkheadRTMP
import BulkheadTimeline
import NIOCore

/// A message on its way to players: its chunks are made once for all players on the same message stream number, and its tag
/// once for all that take FLV.
final class SharedMessage {
    let message: Message
    let kind: MediaKind
    private var chunks: [MessageStreamID: ByteBuffer] = [:]
    private var knownTag: ByteBuffer?

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

    /// Complete chunks of the standard size, which the server has announced to every peer.
    func chunks(for streamID: MessageStreamID) -> ByteBuffer? {
        if let known = chunks[streamID] { return known }
        var message = message
        message.streamID = streamID
        var encoder = ChunkEncoder(chunkSize: .standard)
        var output = ByteBuffer()
        let id: ChunkStreamID =
            switch message.type {
            case .audio: .audio
            case .video: .video
            default: .data
            }
        guard (try? encoder.encode(message, on: id, into: &output)) != nil else { return nil }
        // Players choose these numbers: a copy is kept for the first two, which is one more than players use.
        if chunks.count < 2 { chunks[streamID] = output }
        return output
    }

    /// An FLV tag; nil for what has none.
    var tag: ByteBuffer? {
        if let knownTag { return knownTag }
        guard let kind = FLVTag.Kind(rawValue: message.type.rawValue) else { return nil }
        var output = ByteBuffer()
        let tag = FLVTag(
            kind: kind, timestampMilliseconds: message.timestampMilliseconds, payload: message.payload)
        guard (try? output.writeTag(tag)) != nil else { return nil }
        knownTag = output
        return output
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
