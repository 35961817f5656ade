import BulkheadChildren
import BulkheadFLV
import BulkheadLinks
import BulkheadMedia
import BulkheadModel
import BulkheadRTMPTransport
import BulkheadSRT
import BulkheadSystem
import BulkheadWire
import Synchronization

/// One SRT connection as a link sees it. Packets come from any thread and leave on the reactor's, to the child that has the
/// connection; what the child has not been acknowledged counts as queued.
final class SRTConnection: LinkPublisher, PreparedLink {
    private struct State {
        var statistics = PublisherStatistics()
        var srt: SRTStatus?
        /// What is to be given to the child, in order.
        var outbox: [SRTRequest] = []
        var isFlushDue = false
        var stub: ReactorBound<SRTStub>?
        var isConnected = false
        /// It is not wanted any more.
        var isAbandoned = false
        var isClosed = false
        var givenByteCount: UInt64 = 0
        var releasedByteCount: UInt64 = 0
        /// The DTS of the newest packet given.
        var givenDTS: MediaTime?
        var isRoomAwaited = false
        /// Since when nothing of what was given has arrived.
        var stuckSince: MonotonicTime?
        var opening: CheckedContinuation<PublishError?, Never>?
        var onClosed: [@Sendable () -> Void] = []
    }

    /// What may be given and not safe: half a second beyond the latency, which passes until it has arrived and again until it is
    /// given out; but a few pictures in any case.
    private static let window = MediaTime(milliseconds: 500)
    private static let leastWindow: UInt64 = 128 << 10
    private static let largestWindow: UInt64 = 8 << 20
    /// When what is given does not arrive: time to make another connection ready.
    private static let doubtDelay = Duration.seconds(1)
    /// Beside the latency, how long the child may take for the rest.
    private static let goodbyePatience = Duration.seconds(3)

    let events: AsyncStream<PublishEvent>
    private let voice: AsyncStream<PublishEvent>.Continuation
    private let reactor: Reactor
    private let address: SRTAddress
    private let state = Mutex(State())

    init(_ address: SRTAddress, on reactor: Reactor) {
        self.address = address
        self.reactor = reactor
        (events, voice) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(64))
    }

    /// Whoever lets go of it has closed it.
    deinit { if let stub = state.withLock({ $0.stub }) { reactor.run { stub.value.child.hangUp() } } }

    // MARK: the link's side

    var end: PublishEnd? { state.withLock { $0.statistics.end } }
    var statistics: PublisherStatistics { state.withLock { $0.statistics } }
    var queuedByteCount: Int { state.withLock { Int(clamping: $0.givenByteCount - $0.releasedByteCount) } }
    var srtStatus: SRTStatus? { state.withLock { $0.srt } }

    func begin() async throws(PublishError) -> any LinkPublisher {
        if case .failed(let error)? = end { throw error }
        return self
    }

    func hasRoom(below byteLimit: Int) -> Bool {
        state.withLock { state in
            let hasRoom = hasRoom(state)
            state.isRoomAwaited = !hasRoom
            return hasRoom
        }
    }

    private func hasRoom(_ state: State) -> Bool {
        let held = state.givenByteCount - state.releasedByteCount
        guard held >= Self.leastWindow else { return true }
        guard held < Self.largestWindow, let given = state.givenDTS else { return false }
        guard let safe = state.statistics.acknowledgedDTS else { return false }
        return given - safe < Self.window + MediaTime(milliseconds: 2 * Int64(address.latencyMilliseconds))
    }

    func configure(_ configuration: StreamConfiguration, extras: AMF0Object) { hand(.configure(configuration)) }

    /// A transport stream has no place for them.
    func describe(_ configuration: StreamConfiguration, extras: AMF0Object) {}
    func tell(_ script: ScriptData) {}

    func give(_ packet: Packet) { hand(packet.isVideo ? .picture(packet) : .sound(packet), packet) }

    private func hand(_ request: SRTRequest, _ packet: Packet? = nil) {
        let mustFlush = state.withLock { state in
            guard state.statistics.end == nil else { return false }
            state.outbox.append(request)
            if let packet {
                state.givenByteCount += UInt64(packet.bytes.count)
                state.givenDTS = packet.dts
                state.statistics.sentByteCount = state.givenByteCount
                state.stuckSince = state.stuckSince ?? .now
            }
            defer { state.isFlushDue = true }
            return !state.isFlushDue
        }
        if mustFlush { reactor.run { self.flush() } }
    }

    func sayGoodbye() async {
        hand(.finish)
        let (closings, closing) = AsyncStream.makeStream(of: Void.self)
        whenClosed { closing.finish() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in closings {} }
            group.addTask { [address] in
                try? await Task.sleep(for: Self.goodbyePatience + .milliseconds(address.latencyMilliseconds))
            }
            await group.next()
            group.cancelAll()
        }
        abandon()
    }

    func abandon(onClosed: @escaping @Sendable () -> Void) {
        whenClosed(onClosed)
        abandon()
    }

    func abandon() {
        let (stub, wasConnected) = state.withLock { state in
            state.isAbandoned = true
            return (state.stub, state.isConnected)
        }
        end(nil)
        guard let stub else { return }
        reactor.run {
            // One that is on its way there has nothing to bring to an end.
            if wasConnected { stub.value.child.hangUp() } else { stub.value.release() }
        }
    }

    private func whenClosed(_ body: @escaping @Sendable () -> Void) {
        let isClosed = state.withLock { state in
            if !state.isClosed { state.onClosed.append(body) }
            return state.isClosed
        }
        if isClosed { body() }
    }

    // MARK: the child's side

    /// Waits until there is a connection.
    /// - Returns: why there is none.
    func opened() async -> PublishError? {
        await withCheckedContinuation { continuation in
            let answer = state.withLock { state -> PublishError?? in
                if case .failed(let error)? = state.statistics.end { return error }
                if state.statistics.end != nil { return PublishError.cancelled }
                if state.isConnected { return .some(nil) }
                state.opening = continuation
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    /// Nobody waits for it any more.
    var isOver: Bool { state.withLock { $0.isAbandoned || $0.statistics.end != nil } }

    func adopt(_ stub: ReactorBound<SRTStub>) { state.withLock { $0.stub = stub } }

    func connected(latencyMilliseconds: Int) {
        let opening = state.withLock { state in
            state.isConnected = true
            state.srt = SRTStatus(latencyMilliseconds: latencyMilliseconds)
            return state.opening.take()
        }
        opening?.resume(returning: nil)
    }

    private func flush() {
        let (requests, stub) = state.withLock { state in
            defer { (state.outbox, state.isFlushDue) = ([], false) }
            return (state.outbox, state.stub)
        }
        guard let stub else { return }
        for request in requests { stub.value.give(request) }
    }

    /// Takes in how far the other side is.
    func take(_ report: SRTReport) {
        var news: [PublishEvent] = []
        state.withLock { state in
            guard state.statistics.end == nil else { return }
            // A child may say what it likes.
            let released = min(report.releasedByteCount, state.givenByteCount)
            let isProgress = released > state.releasedByteCount
            state.releasedByteCount = max(state.releasedByteCount, released)
            if let safe = report.safe, let given = state.givenDTS, safe <= given {
                state.statistics.acknowledgedDTS = max(state.statistics.acknowledgedDTS ?? safe, safe)
                if !state.statistics.isAccepted {
                    state.statistics.isAccepted = true
                    news.append(.accepted)
                }
            }
            state.statistics.queuedByteCount = Int(clamping: state.givenByteCount - state.releasedByteCount)
            state.statistics.deliveredByteCount = state.releasedByteCount
            if report.figures.roundTripMicroseconds > 0 {
                state.statistics.roundTrip = .microseconds(Int64(report.figures.roundTripMicroseconds))
            }
            state.statistics.retransmissionCount = Int(clamping: report.figures.retransmitted)
            if let agreed = state.srt?.latencyMilliseconds {
                state.srt = SRTStatus(report.figures)
                state.srt?.latencyMilliseconds = agreed
            }
            if isProgress || state.statistics.queuedByteCount == 0 {
                state.stuckSince = state.statistics.queuedByteCount == 0 ? nil : .now
                if state.statistics.doubt != nil {
                    state.statistics.doubt = nil
                    news.append(.recovered)
                }
            }
            if state.isRoomAwaited, hasRoom(state) {
                state.isRoomAwaited = false
                news.append(.writable)
            }
        }
        for event in news { voice.yield(event) }
    }

    /// Looks each second whether what was given arrives.
    func timePassed() {
        let isDoubtful = state.withLock { state in
            guard state.isConnected, state.statistics.end == nil, state.statistics.doubt == nil,
                let since = state.stuckSince, MonotonicTime.now.since(since) > Self.doubtDelay.nanoseconds
            else { return false }
            state.statistics.doubt = .notAcknowledging
            return true
        }
        if isDoubtful { voice.yield(.suspected(.notAcknowledging)) }
    }

    /// There is no connection, or none any more; nil where we have closed it. The first reason counts.
    func end(_ error: PublishError?) {
        let (isFirst, opening) = state.withLock { state in
            guard state.statistics.end == nil else { return (false, nil as CheckedContinuation<PublishError?, Never>?) }
            state.statistics.end = error.map { .failed($0) } ?? .closed
            state.outbox = []
            return (true, state.opening.take())
        }
        guard isFirst else { return }
        opening?.resume(returning: error ?? .cancelled)
        voice.yield(.ended(error.map { .failed($0) } ?? .closed))
        voice.finish()
    }

    /// Its process has ended.
    func closed() {
        let bodies = state.withLock { state in
            state.isClosed = true
            state.stub = nil
            defer { state.onClosed = [] }
            return state.onClosed
        }
        for body in bodies { body() }
    }
}
