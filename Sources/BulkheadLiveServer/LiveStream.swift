import BulkheadFLV
import BulkheadRTMP
import NIOCore

/// A message on its way to players: its chunks are made once for all players on the same message stream number.
final class SharedMessage {
    let message: Message
    let kind: MediaKind
    private var chunks: [MessageStreamID: ByteBuffer] = [:]

    init(_ message: Message, kind: MediaKind) {
        self.message = message
        self.kind = kind
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
        chunks[streamID] = output
        return output
    }

    /// The message with another timestamp.
    func at(_ timestampMilliseconds: UInt32) -> SharedMessage {
        var message = message
        message.timestampMilliseconds = timestampMilliseconds
        return SharedMessage(message, kind: kind)
    }
}

/// One stream, published or waited for.
final class LiveStream {
    let name: StreamName
    private(set) var publisher: ConnectionHandler?
    private(set) var players: [Player] = []
    private var buffer: GOPBuffer<SharedMessage>
    private let gopByteLimit: Int

    init(name: StreamName, gopByteLimit: Int) {
        self.name = name
        self.gopByteLimit = gopByteLimit
        buffer = GOPBuffer(byteLimit: gopByteLimit)
    }

    var isUnused: Bool { publisher == nil && players.isEmpty }

    func startPublishing(_ handler: ConnectionHandler) {
        publisher = handler
        buffer = GOPBuffer(byteLimit: gopByteLimit)
        for player in players { player.publisherCame() }
    }

    func endPublishing() {
        publisher = nil
        buffer = GOPBuffer(byteLimit: gopByteLimit)
        for player in players { player.publisherWent() }
    }

    func add(_ player: Player) {
        players.append(player)
        guard publisher != nil else { return }
        player.start(buffer)
    }

    func remove(_ player: Player) { players.removeAll { $0 === player } }

    /// Takes a message from the publisher. Players get it at the next ``flush()``.
    func forward(_ message: Message) {
        guard let shared = Self.shared(message) else {
            buffer.clearMetadata()
            return
        }
        buffer.append(
            shared, kind: shared.kind, byteCount: shared.byteCount,
            timestampMilliseconds: shared.message.timestampMilliseconds)
        for player in players { player.append(shared) }
    }

    func flush() {
        // A player found hopeless leaves the list while this runs.
        for player in Array(players) { player.pump() }
    }

    /// Strips `@setDataFrame`, which is for servers; nil for `@clearDataFrame`.
    private static func shared(_ message: Message) -> SharedMessage? {
        guard message.type == .data else { return SharedMessage(message, kind: MediaKind(message)) }
        var data = message
        var decoder = AMF0Decoder()
        var rest = data.payload
        let name = try? decoder.decode(from: &rest)
        if name == "@clearDataFrame" { return nil }
        if name == "@setDataFrame" { data.payload = rest.slice() }
        let kind = MediaKind(data)
        // FFmpeg takes metadata at any other time for a stream of text.
        if kind == .metadata { data.timestampMilliseconds = 0 }
        return SharedMessage(data, kind: kind)
    }
}
