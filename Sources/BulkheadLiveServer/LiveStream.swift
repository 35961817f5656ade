import BulkheadMedia
import BulkheadRTMP
import BulkheadTimeline
import NIOCore

/// One stream, published or waited for: what it brought last, in each form that players take.
final class LiveStream {
    /// Who publishes it: a connection, or the process itself.
    typealias PublisherID = ObjectIdentifier

    let name: StreamName
    let options: LiveServerOptions
    private(set) var publisher: PublisherID?
    /// For players by RTMP and HTTP-FLV.
    let messages: SharedQueue<SharedMessage>
    /// For players of MP4 in one response.
    let fragments: SharedQueue<SharedFragment>
    /// For players of HLS.
    let segments: SegmentStore
    /// The live room beside it.
    let room: StreamRoom
    private let eventLoop: any EventLoop
    private var timeline = StreamTimeline()
    private var splice = SpliceClock()
    /// What players were given last, by the headers' numbers.
    private var headers: [Int: ByteBuffer] = [:]
    /// Headers that a publisher that has come back is about to give again.
    private var repeatedHeaders: Set<Int> = []
    /// Relays among those that play.
    var pushCount = 0
    private var packager = Packager()
    private var headerBytes: ByteBuffer?
    private(set) var tracks: PackagedTracks?
    private var hasPictures = false
    private var hasSound = false
    /// It was published at some time.
    private(set) var hasBegun = false
    /// When it was published last.
    private(set) var endedAt = NIODeadline.now()
    /// Since the publisher came.
    private(set) var counts = Counts()
    /// Players are told then that the publisher has left; when another one comes before, only that it has come.
    private var farewell: Scheduled<Void>?
    /// Players are given then what has come.
    private var flushing: Scheduled<Void>?
    private var flushedAt = NIODeadline.now()

    /// What a publisher has sent so far.
    struct Counts {
        var byteCount = 0
        var pictureCount = 0
        var since: Int64 = 0
        /// As the publisher says: one that goes on in another process began before.
        var onAirSince: Int64 = 0
    }

    init(name: StreamName, options: LiveServerOptions, on eventLoop: any EventLoop) {
        self.name = name
        self.options = options
        self.eventLoop = eventLoop
        messages = SharedQueue(options, pictureHeader: MediaKind.videoSequenceHeader.headerNumber ?? 1)
        // Their bytes are those that the segments keep.
        fragments = SharedQueue(options, pictureHeader: 0, keptDuration: MediaTime(milliseconds: 8000))
        segments = SegmentStore(byteLimit: options.gopByteLimit, on: eventLoop)
        room = StreamRoom(on: eventLoop)
    }

    /// Milliseconds since 1970 at time 0 of MP4 and of segments.
    var wallClockOfZero: Int64 { timeline.wallClock(at: 0) }

    /// The header of an FLV file (annex E.2) that announces what has come; both, where nothing has.
    var flvHeader: ByteBuffer {
        let flags: UInt8 = (hasPictures ? 1 : 0) | (hasSound ? 4 : 0)
        return ByteBuffer(bytes: [0x46, 0x4C, 0x56, 0x01, flags == 0 ? 5 : flags, 0, 0, 0, 9, 0, 0, 0, 0])
    }

    var isPublished: Bool { publisher != nil }
    /// The publisher has only just disappeared, and players wait for it.
    var awaitsPublisher: Bool { farewell != nil }
    /// In each form; relays are none.
    var playerCount: Int {
        max(0, messages.players.count - pushCount) + fragments.players.count + segments.viewerCount
    }
    /// Since the publisher came, on average.
    var bitsPerSecond: Int {
        let milliseconds = max(1000, WallClockReading.milliseconds - counts.since)
        return isPublished ? Int(Double(counts.byteCount) * 8000 / Double(milliseconds)) : 0
    }
    var isUnused: Bool {
        publisher == nil && messages.players.isEmpty && fragments.players.isEmpty && !room.hasViewers
    }
    /// Why there is no MP4 of it; nil where there is.
    var obstacle: Packager.Obstacle? { packager.obstacle }

    /// What is kept of a GOP for players that come, in bytes, and of segments.
    func keep(byteLimit: Int) {
        messages.gopByteLimit = byteLimit
        fragments.gopByteLimit = byteLimit
        segments.byteLimit = byteLimit
    }

    /// - Parameter wallClockOfZero: milliseconds since 1970 at timestamp 0, where the publisher knows.
    func startPublishing(_ publisher: PublisherID, wallClockOfZero: Int64? = nil) {
        self.publisher = publisher
        let isReturn = hasBegun && farewell != nil
        hasBegun = true
        if !isReturn { (hasPictures, hasSound) = (false, false) }
        farewell?.cancel()
        farewell = nil
        timeline.publisherCame(wallClockOfZero: wallClockOfZero)
        deliver(packager.restart())
        // Another one's metadata say nothing of this one.
        room.take(nil)
        let now = WallClockReading.milliseconds
        counts = Counts(since: now, onAirSince: min(now, wallClockOfZero ?? now))
        if isReturn {
            splice.publisherReturned()
            repeatedHeaders = Set(headers.keys)
        } else {
            splice.publisherCame()
            (headers, repeatedHeaders) = ([:], [])
            messages.publisherCame()
        }
        fragments.publisherCame()
    }

    /// - Parameter isWanted: the publisher has said that it ends. One that only disappears may be back soon.
    func endPublishing(isWanted: Bool) {
        publisher = nil
        endedAt = .now()
        deliver(packager.breakOff())
        flush()
        let hasPlayers = !messages.players.isEmpty || !fragments.players.isEmpty || segments.hasListeners
        guard !isWanted || options.holdsPlayers, hasPlayers else { return tellFarewell() }
        farewell = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(options.publisherGrace)) { [weak self] in
            self?.tellFarewell()
        }
    }

    private func tellFarewell() {
        farewell = nil
        messages.publisherWent()
        fragments.publisherWent()
        segments.end(on: timeline)
    }

    /// Takes a message from the publisher. Players get it after the next ``flushSoon()``.
    func forward(_ message: Message) {
        guard var shared = SharedMessage(message) else {
            if let number = MediaKind.metadata.headerNumber {
                messages.forgetHeader(number)
                headers[number] = nil
            }
            return
        }
        counts.byteCount += message.payload.readableBytes
        if shared.kind == .idr || shared.kind == .video { counts.pictureCount += 1 }
        if message.type == .video { hasPictures = true }
        if message.type == .audio { hasSound = true }
        var isKnown = false
        if let number = shared.kind.headerNumber {
            isKnown = repeatedHeaders.remove(number) != nil && headers[number] == shared.message.payload
            headers[number] = shared.message.payload
            if shared.kind != .metadata {
                shared = shared.moved(to: splice.timestamp(ofHeader: message.timestampMilliseconds))
            }
        } else {
            let verdict = splice.judge(shared.message, at: WallClockReading.milliseconds)
            if verdict.isSeam { messages.publisherReturned() }
            // Of MP4 and segments nothing was left out.
            timeline.follow(shift: verdict.shift)
            isKnown = verdict.isKnown
            shared = shared.moved(to: verdict.timestampMilliseconds)
        }
        package(shared)
        guard !isKnown else { return }
        messages.append(
            shared, shared.kind.inGOP, byteCount: shared.byteCount,
            at: MediaTime(milliseconds: Int64(shared.message.timestampMilliseconds)))
    }

    /// Gives players what has come: at once where they are few, else no sooner than an interval after the last time.
    func flushSoon() {
        guard flushing == nil else { return }
        let count = messages.players.count + fragments.players.count
        let wait = TimeAmount(options.deliveryInterval) - (NIODeadline.now() - flushedAt)
        guard count > options.promptPlayerCount, wait > .zero else { return flush() }
        flushing = eventLoop.assumeIsolated().scheduleTask(in: wait) { [weak self] in self?.flush() }
    }

    private func flush() {
        flushing?.cancel()
        flushing = nil
        flushedAt = .now()
        messages.flush(isPublished: isPublished)
        fragments.flush(isPublished: isPublished)
    }

    // MARK: packages

    private func package(_ shared: SharedMessage) {
        // Metadata is at time 0, wherever it stands.
        guard shared.kind != .metadata else {
            room.take(RoomMetadataReading(shared.message.payload))
            return deliver(packager.take(shared.message, at: 0))
        }
        let isMedia = shared.kind != .data && !shared.kind.isHeader
        guard isMedia else { return deliver(packager.take(shared.message, at: 0)) }
        let (time, isBroken) = timeline.time(
            of: shared.message.timestampMilliseconds, at: WallClockReading.milliseconds,
            isPicture: shared.message.type == .video)
        if isBroken {
            deliver(packager.breakOff())
            segments.breakOff()
            // What a browser has buffered does not go together with what comes: it asks again.
            fragments.publisherWent()
        }
        deliver(packager.take(shared.message, at: time))
    }

    private func deliver(_ outputs: [Packager.Output]) {
        for output in outputs {
            switch output {
            case .tracks(let tracks):
                self.tracks = tracks
                let bytes = ByteBuffer(bytes: tracks.header)
                segments.take(tracks)
                fragments.append(SharedFragment(bytes), .header(0), byteCount: bytes.readableBytes, at: .zero)
            case .part(let part):
                segments.take(part, on: timeline)
                if segments.window.target != nil { timeline.keepNumbers() }
                fragments.append(
                    SharedFragment(part.bytes), part.isIndependent ? .idr : .picture(isDisposable: false),
                    byteCount: part.bytes.readableBytes + 256, at: MediaTime(milliseconds: part.start))
            }
        }
    }
}
