import BulkheadEvents
package import BulkheadFLV
package import BulkheadMedia
package import BulkheadSystem
import BulkheadWire
package import NIOCore

/// A viewer that measures: it takes a stream's messages, has them decoded by a child process, and judges both.
package actor Probe {
    /// The thread that everything here runs on.
    package nonisolated let reactor: Reactor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }

    private var watch: StreamWatch
    private let launch: ChildLaunch?
    private var decoder: DecoderStub?
    private let onObservation: @Sendable (Observation) -> Void
    /// When the first access unit came.
    private var origin: MonotonicTime?
    private var lastArrival: MonotonicTime
    private var reconnects = 0
    private var isClosed = false
    private var parts: [PixelRectangle] = []

    /// - Parameters:
    ///   - decoder: how the decoder is started; nil to look at no picture.
    ///   - onObservation: called on the probe's thread with each observation: hand it on and return.
    package init(
        decoder: ChildLaunch?, isFile: Bool = false, onObservation: @escaping @Sendable (Observation) -> Void
    ) throws(ProbeError) {
        do { reactor = try Reactor() } catch { throw .system("the viewer's thread can't be started: \(error)") }
        launch = decoder
        watch = StreamWatch(isFile: isFile)
        self.onObservation = onObservation
        lastArrival = .now
    }

    /// Numbers are also read in these parts of pictures. To be called before anything comes.
    package func look(at parts: [PixelRectangle]) { self.parts = parts }

    /// What was read in them, in the order of showing.
    package var looks: [PartsLook] { watch.looks }

    /// Takes one message of the stream as it came just now.
    package func take(_ kind: FLVTag.Kind, timestamp: UInt32, payload: ByteBuffer) {
        guard !isClosed else { return }
        startDecoder()
        let now = MonotonicTime.now
        if kind != .script { lastArrival = now }
        if origin == nil, kind == .video, VideoPayloadHeader(payload)?.isSequenceHeader == false { origin = now }
        let actions = watch.take(
            kind, timestamp: timestamp, payload: payload, at: seconds(at: now), isDecoding: decoder != nil)
        for action in actions {
            switch action {
            case .tell(let observation): onObservation(observation)
            case .decode(let request, let isIDR): decoder?.give(request, isIDR: isIDR)
            }
        }
    }

    /// The publisher has gone; another may come, with timestamps of its own.
    package func unpublished() {
        watch.beginAnew()
        onObservation(Observation(.unpublished, at: seconds(at: .now)))
    }

    /// Whether a server has taken the wish to play.
    package private(set) var isConnected = false

    /// The connection is there.
    package func connected(to server: String) {
        isConnected = true
        startDecoder()
        onObservation(Observation(.connected(server: server), at: seconds(at: .now)))
    }

    /// The connection has gone, and another is made.
    package func disconnected(_ reason: String) {
        reconnects += 1
        isConnected = false
        watch.beginAnew()
        onObservation(Observation(.disconnected(text: reason), at: seconds(at: .now)))
    }

    /// The same stream goes on from elsewhere, where it was.
    package func moved(because reason: String) {
        if hasMedia { reconnects += 1 }
        isConnected = false
        onObservation(Observation(.disconnected(text: reason), at: seconds(at: .now)))
    }

    /// Whether nothing has come for so long.
    func isSilent(for span: Duration) -> Bool { MonotonicTime.now.since(lastArrival) > span.nanoseconds }

    func fellSilent(for span: Duration) {
        onObservation(Observation(.silent(seconds: Int(span.components.seconds)), at: seconds(at: .now)))
    }

    /// Waits until the decoder has answered what it was given, for `limit` at most.
    package func drain(within limit: Duration = .seconds(10)) async {
        guard let decoder, !isClosed else { return }
        let waiting = Latch()
        decoder.flush { waiting.open() }
        reactor.schedule(at: .now.advanced(by: limit)) { waiting.open() }
        await waiting.wait()
        watch.finish()
    }

    /// Ends the decoder and the probe's thread; the last call.
    package func close() async {
        guard !isClosed else { return }
        isClosed = true
        if let decoder {
            let waiting = Latch()
            decoder.close { waiting.open() }
            await waiting.wait()
        }
        decoder = nil
        reactor.stop()
    }

    /// Whether the decoder keeps up: readers that can wait should.
    package var hasRoom: Bool { (decoder?.unansweredCount ?? 0) < 120 }

    /// An access unit has come.
    package var hasMedia: Bool { origin != nil }

    /// Seconds since the first access unit came, on this machine's clock.
    package var seconds: Double { seconds(at: .now) }

    /// What the viewer sees now.
    package func view() -> LiveView {
        watch.view(at: seconds(at: .now), silentSeconds: Double(MonotonicTime.now.since(lastArrival)) / 1e9)
    }

    /// What was measured so far. ``drain(within:)`` before, so that it includes the last pictures.
    package func report() -> StreamReport {
        watch.report(
            seconds: origin == nil ? 0 : seconds(at: lastArrival), reconnects: reconnects,
            decoderRestarts: decoder?.restarts ?? 0)
    }

    /// The longest gap that overlaps one of `spans`, in seconds since the first access unit; with `outside` none of them.
    package func longestGap(overlapping spans: [ClosedRange<Double>], outside: Bool = false) -> GapJudge.Gap? {
        watch.gaps.longest(overlapping: spans, outside: outside)
    }

    private func seconds(at time: MonotonicTime) -> Double {
        origin.map { Double(time.since($0)) / 1e9 } ?? 0
    }

    private func startDecoder() {
        guard decoder == nil, let launch else { return }
        let stub = DecoderStub(launch, lookingAt: parts, on: reactor)
        stub.onReply = { [weak self] reply in self?.assumeIsolated { $0.took(reply) } }
        stub.onSkipped = { [weak self] units in self?.assumeIsolated { $0.watch.skip(units) } }
        stub.onTrouble = { [weak self] phrase in self?.assumeIsolated { $0.told(phrase) } }
        decoder = stub
        stub.start()
    }

    private func took(_ reply: DecoderReply) { for observation in watch.take(reply) { onObservation(observation) } }

    private func told(_ phrase: String) {
        onObservation(Observation(.decoderTrouble(text: phrase), at: seconds(at: .now)))
    }
}

/// Something that is waited for once, on the thread that opens it.
private final class Latch: Sendable {
    private let stream = AsyncStream<Void>.makeStream()

    func open() { stream.continuation.finish() }

    func wait() async { for await _ in stream.stream {} }
}

/// Why a stream can't be watched.
package enum ProbeError: Error, Hashable, CustomStringConvertible {
    case system(String)
    /// The server, or the stream on it.
    case notPlayed(String)
    /// The server could not prove who it is.
    case untrusted(String)
    case nothingCame(after: Duration)
    case file(path: String, reason: String)

    package var description: String {
        switch self {
        case .system(let phrase), .notPlayed(let phrase), .untrusted(let phrase): phrase
        case .nothingCame(let duration): "no picture came within \(duration.components.seconds) seconds"
        case .file(let path, let reason): "\(path): \(reason)"
        }
    }
}
