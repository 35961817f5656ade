import BulkheadChildren
import BulkheadSystem
import BulkheadWire

/// The decoder's process as the viewer sees it, on the reactor's thread: fed with access units, started again when it
/// dies, and then given again what it had not answered.
final class DecoderStub {
    /// Called with each answer.
    var onReply: ((DecoderReply) -> Void)?
    /// Called with the access units that will not be answered.
    var onSkipped: (([Int64]) -> Void)?
    /// Called with a phrase when a decoder has died or can't be started.
    var onTrouble: ((String) -> Void)?

    private let launch: ChildLaunch
    private let reactor: Reactor
    private var child: Child?
    private var isGreeted = false
    private var hasGivenUp = false
    private(set) var restarts = 0

    private var videoConfiguration: DecoderRequest?
    private var audioConfiguration: DecoderRequest?
    /// From the last IDR before the first unanswered access unit on: what a successor needs.
    private var kept: [(unit: Int64, isIDR: Bool, request: DecoderRequest, byteCount: Int)] = []
    private var keptByteCount = 0
    private var waitingSound: [DecoderRequest] = []
    private var unanswered: Set<Int64> = []
    /// The decoder is behind: nothing is given to it up to the next IDR.
    private var isShedding = false
    /// The first unanswered access unit when the last decoder died, and how many died there.
    private var lastDeathUnit: Int64?
    private var deathsThere = 0
    private var onFlushed: (() -> Void)?
    private var onGone: (() -> Void)?
    private var isClosing = false

    private static let unansweredLimit = 600
    private static let waitingSoundLimit = 2000
    /// So many decoders may die of one access unit before it is passed over.
    private static let deathLimit = 3
    private static let keptByteLimit = 48 << 20
    private static let restartLimit = 20

    init(_ launch: ChildLaunch, on reactor: Reactor) {
        self.launch = launch
        self.reactor = reactor
    }

    var unansweredCount: Int { unanswered.count }

    func start() {
        guard child == nil, !hasGivenUp else { return }
        do {
            let child = try Child(.decoder, launch, on: reactor)
            self.child = child
            isGreeted = false
            child.onGreeted = { [unowned self] in greeted() }
            child.onFrame = { [unowned self] in took($0) }
            child.onEnd = { [unowned self] in ended($0) }
            try child.activate()
        } catch {
            child?.dismiss("it could not be watched")
            child = nil
            giveUp("pictures are not looked at: the decoder can't be started: \(error)")
        }
    }

    /// Gives an access unit, sound or a configuration to the decoder.
    func give(_ request: DecoderRequest, unit: Int64?, isIDR: Bool) {
        switch request {
        case .configureVideo: videoConfiguration = request
        case .configureAudio: audioConfiguration = request
        case .picture(let unit, let bytes):
            guard !hasGivenUp, accepts(unit, isIDR: isIDR) else {
                onSkipped?([unit])
                return
            }
            kept.append((unit, isIDR, request, bytes.count))
            keptByteCount += bytes.count
            unanswered.insert(unit)
        case .sound:
            // Sound is not given twice, but none is left out while the process starts.
            if !isGreeted, !hasGivenUp, waitingSound.count < Self.waitingSoundLimit { waitingSound.append(request) }
        case .flush: break
        }
        if isGreeted { child?.send(request) }
    }

    private func accepts(_ unit: Int64, isIDR: Bool) -> Bool {
        if isShedding, isIDR, unanswered.count < Self.unansweredLimit / 2 { isShedding = false }
        if unanswered.count >= Self.unansweredLimit || keptByteCount > Self.keptByteLimit { isShedding = true }
        return !isShedding
    }

    /// Calls `done` once all that was given is answered, or the decoder is gone.
    func flush(_ done: @escaping () -> Void) {
        guard child != nil, isGreeted else { return done() }
        onFlushed = done
        child?.send(DecoderRequest.flush)
    }

    /// Ends the decoder and calls `done` when it is gone.
    func close(_ done: @escaping () -> Void) {
        isClosing = true
        guard let child else { return done() }
        onGone = done
        child.hangUp()
        let bound = ReactorBound(child, reactor)
        reactor.schedule(at: .now.advanced(by: .seconds(1))) { bound.value.dismiss("it did not end") }
    }

    // MARK: the child

    private func greeted() {
        isGreeted = true
        if let videoConfiguration { child?.send(videoConfiguration) }
        if let audioConfiguration { child?.send(audioConfiguration) }
        for entry in kept { child?.send(entry.request) }
        for request in waitingSound { child?.send(request) }
        waitingSound = []
        if onFlushed != nil { child?.send(DecoderRequest.flush) }
    }

    private func took(_ frame: WireFrame) {
        let reply: DecoderReply
        do { reply = try DecoderReply(frame) } catch {
            child?.dismiss("it sent what can't be understood: \(error)")
            return
        }
        switch reply {
        case .picture(let picture): answered(picture.unit)
        case .undecodable(let unit): answered(unit)
        case .flushed:
            let done = onFlushed
            onFlushed = nil
            done?()
        case .beep, .refused: break
        }
        onReply?(reply)
    }

    private func answered(_ unit: Int64) {
        guard unanswered.remove(unit) != nil else { return }
        // What a decoder has swallowed must not be kept for ever.
        if unanswered.count > 64 { for old in unanswered where old < unit - 64 { unanswered.remove(old) } }
        let first = unanswered.min() ?? Int64.max
        guard let start = kept.lastIndex(where: { $0.isIDR && $0.unit <= first }), start > 0 else { return }
        for entry in kept[..<start] { keptByteCount -= entry.byteCount }
        kept.removeFirst(start)
    }

    private func ended(_ end: ChildEnd) {
        child = nil
        isGreeted = false
        if isClosing {
            onGone?()
            onGone = nil
            return
        }
        restarts += 1
        guard restarts <= Self.restartLimit else {
            return giveUp("pictures are not looked at any more: the decoder ended \(restarts) times (\(end.cause))")
        }
        let first = unanswered.min()
        var phrase = "the decoder ended (\(end.cause)) and is started again"
        deathsThere = first == lastDeathUnit ? deathsThere + 1 : 1
        if let first, deathsThere >= Self.deathLimit {
            // Not chance any more: it is passed over, up to the next IDR.
            let next = kept.firstIndex { $0.isIDR && $0.unit > first } ?? kept.endIndex
            let skipped = kept[..<next].map(\.unit).filter { unanswered.contains($0) }
            forget(..<next)
            if next == kept.endIndex { isShedding = true }
            onSkipped?(skipped)
            phrase += "; access unit \(first) is passed over"
        }
        lastDeathUnit = first
        onTrouble?(phrase)
        start()
    }

    private func forget(_ range: PartialRangeUpTo<Int>) {
        for entry in kept[range] {
            keptByteCount -= entry.byteCount
            unanswered.remove(entry.unit)
        }
        kept.removeSubrange(range)
    }

    private func giveUp(_ phrase: String) {
        hasGivenUp = true
        let rest = Array(unanswered)
        unanswered = []
        kept = []
        keptByteCount = 0
        onSkipped?(rest)
        onTrouble?(phrase)
        let done = onFlushed
        onFlushed = nil
        done?()
    }
}
