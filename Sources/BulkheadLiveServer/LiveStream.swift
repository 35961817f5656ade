import BulkheadFLV
import BulkheadMedia
import BulkheadRTMP
import BulkheadTimeline
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
        // Players choose these numbers: a copy is kept for the first two, which is one more than players use.
        if chunks.count < 2 { chunks[streamID] = output }
        return output
    }

    /// The message with another timestamp.
    func at(_ timestampMilliseconds: UInt32) -> SharedMessage {
        var message = message
        message.timestampMilliseconds = timestampMilliseconds
        return SharedMessage(message, kind: kind)
    }
}

/// One stream, published or waited for: what it brought last, which all its players read, each at a pace of its own.
final class LiveStream {
    let name: StreamName
    private(set) var publisher: ConnectionHandler?
    private(set) var players: [Player] = []
    /// The newest GOP, for players that come, and what those that are here have not been given yet.
    private(set) var queue = GOPQueue<SharedMessage>(pictureHeader: MediaKind.videoSequenceHeader.headerNumber)
    /// What is kept of a GOP for players that come, in bytes.
    var gopByteLimit: Int
    private let options: LiveServerOptions
    private let eventLoop: any EventLoop
    /// Players are told then that the publisher has left; when another one comes before, only that it has come.
    private var farewell: Scheduled<Void>?

    init(name: StreamName, options: LiveServerOptions, on eventLoop: any EventLoop) {
        self.name = name
        self.options = options
        gopByteLimit = options.gopByteLimit
        self.eventLoop = eventLoop
    }

    var isUnused: Bool { publisher == nil && players.isEmpty }

    func startPublishing(_ handler: ConnectionHandler) {
        publisher = handler
        farewell?.cancel()
        farewell = nil
        queue.clear()
        for player in players { player.publisherCame() }
    }

    /// - Parameter isWanted: the publisher has said that it ends. One that only disappears may be back soon.
    func endPublishing(isWanted: Bool) {
        publisher = nil
        for player in Array(players) { player.pump() }
        trim()
        guard !isWanted, !players.isEmpty else { return tellFarewell() }
        farewell = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(options.publisherGrace)) { [weak self] in
            self?.tellFarewell()
        }
    }

    private func tellFarewell() {
        farewell = nil
        for player in Array(players) { player.publisherWent() }
    }

    func add(_ player: Player) {
        players.append(player)
        guard publisher != nil else { return }
        player.start()
    }

    func remove(_ player: Player) {
        players.removeAll { $0 === player }
        trim()
    }

    /// Takes a message from the publisher. Players get it at the next ``flush()``.
    func forward(_ message: Message) {
        guard let shared = Self.shared(message) else {
            if let number = MediaKind.metadata.headerNumber { queue.forgetHeader(number) }
            return
        }
        for player in players { player.noteArrival() }
        queue.append(
            shared, shared.kind.inGOP, byteCount: shared.byteCount,
            at: MediaTime(milliseconds: Int64(shared.message.timestampMilliseconds)))
        for player in players { player.bound() }
    }

    func flush() {
        // A player found hopeless leaves the list while this runs.
        for player in Array(players) { player.pump() }
        trim()
    }

    /// Lets go of what nobody needs.
    private func trim() {
        if let idr = queue.newestIDR, queue.byteCount(from: idr) > gopByteLimit { queue.forgetStarts() }
        let start = publisher == nil ? nil : queue.newestIDR
        queue.forget(before: (players.compactMap(\.position) + [start ?? queue.end]).min() ?? queue.end)
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

extension MediaKind {
    /// In the order in which players are given headers.
    fileprivate var headerNumber: Int? {
        switch self {
        case .metadata: 0
        case .videoSequenceHeader: 1
        case .audioSequenceHeader: 2
        case .idr, .video, .audio, .data: nil
        }
    }

    fileprivate var inGOP: GOPKind {
        if let headerNumber { return .header(headerNumber) }
        return switch self {
        case .idr: .idr
        case .video: .picture(isDisposable: false)
        case .audio: .sound
        case .metadata, .videoSequenceHeader, .audioSequenceHeader, .data: .other
        }
    }
}
