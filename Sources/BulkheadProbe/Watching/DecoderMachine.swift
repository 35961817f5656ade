import BulkheadChildren
package import BulkheadModel
package import BulkheadSystem
package import BulkheadWire

/// Decides what a viewer's decoder is given, and what becomes of a dead one's work: its successor is given again what was
/// not answered. It owns no process and no clock.
///
/// The post has one holder at a time and no standby: a viewer can wait for a decoder, and all that it needs is kept.
package struct DecoderMachine: Sendable {
    /// What happens to the decoder, and what the viewer wants of it.
    package enum Event: Sendable {
        /// A decoder is wanted.
        case start
        /// Work for it; `unit` is the number of an access unit, nil for sound and configurations.
        case give(DecoderRequest, isIDR: Bool)
        case launched(ChildID)
        /// No decoder can be started, in words.
        case launchFailed(String)
        case greeted(ChildID)
        case replied(ChildID, DecoderReply)
        /// A decoder has ended, in words.
        case ended(ChildID, String)
        /// All that was given is to be answered.
        case flush
    }

    /// What is to be done.
    package enum Action: Hashable, Sendable {
        case launch(after: Duration)
        case send(DecoderRequest)
        /// The viewer is told an answer.
        case tell(DecoderReply)
        /// These access units will not be answered.
        case skip([Int64])
        /// The viewer is told that something is wrong, in words.
        case trouble(String)
        /// All that was given is answered, or never will be.
        case flushed
    }

    private struct Kept: Sendable {
        let unit: Int64
        let isIDR: Bool
        let request: DecoderRequest
        /// What it was encoded with: the stream's configuration may change behind it.
        let configuration: DecoderRequest?
        let byteCount: Int
    }

    private static let unansweredLimit = 600
    private static let waitingSoundLimit = 2000
    /// So many decoders may die of one access unit before it is passed over.
    private static let deathLimit = 3
    private static let keptByteLimit = 48 << 20

    private var post = Post()
    private var hasGivenUp = false
    /// Of the pictures that come next.
    private var videoConfiguration: DecoderRequest?
    /// Of the sound that comes next, or of the first that waits.
    private var audioConfiguration: DecoderRequest?
    /// From the last IDR before the first unanswered access unit on: what a successor needs.
    private var kept: [Kept] = []
    private var keptByteCount = 0
    /// With the configurations between it.
    private var waitingSound: [DecoderRequest] = []
    private var unanswered: Set<Int64> = []
    /// The decoder is behind: nothing is given to it up to the next IDR.
    private var isShedding = false
    /// The first unanswered access unit when the last decoder died, and how many died there.
    private var lastDeathUnit: Int64?
    private var deathsThere = 0
    private var isFlushing = false

    package init() {}

    /// Access units that were given and are not answered.
    package var unansweredCount: Int { unanswered.count }
    /// How often a decoder was replaced.
    package var restarts: Int { post.record(of: .onAir).restarts }

    /// Decides; the actions are to be carried out in their order.
    package mutating func handle(_ event: Event, at now: MonotonicTime) -> [Action] {
        switch event {
        case .start:
            return post.isEmpty && !hasGivenUp && post.expect(.onAir) ? [.launch(after: .zero)] : []
        case .give(let request, let isIDR): return give(request, isIDR: isIDR)
        case .launched(let child):
            post.assign(.onAir, to: child)
            return []
        case .launchFailed(let words):
            post.stopExpecting(.onAir)
            return giveUp("pictures are not looked at: the decoder can't be started: \(words)")
        case .greeted(let child): return greeted(child)
        case .replied(let child, let reply): return replied(child, reply)
        case .ended(let child, let words): return ended(child, words, at: now)
        case .flush: return flush()
        }
    }

    // MARK: work

    private var isAtWork: Bool { post.holder(of: .onAir).map(post.isReady) ?? false }

    private mutating func give(_ request: DecoderRequest, isIDR: Bool) -> [Action] {
        switch request {
        case .configureVideo: videoConfiguration = request
        case .configureAudio:
            if waitingSound.isEmpty { audioConfiguration = request } else { waitingSound.append(request) }
        case .picture(let unit, let bytes):
            guard !hasGivenUp, accepts(isIDR: isIDR) else { return [.skip([unit])] }
            kept.append(
                Kept(
                    unit: unit, isIDR: isIDR, request: request, configuration: videoConfiguration,
                    byteCount: bytes.count))
            keptByteCount += bytes.count
            unanswered.insert(unit)
        case .sound:
            // Sound is not given twice, but none is left out while the process starts.
            if !isAtWork, !hasGivenUp, waitingSound.count < Self.waitingSoundLimit { waitingSound.append(request) }
        case .flush: return flush()
        // Given to each decoder at its start, and to none later.
        case .look: return []
        }
        return isAtWork ? [.send(request)] : []
    }

    private mutating func accepts(isIDR: Bool) -> Bool {
        if isShedding, isIDR, unanswered.count < Self.unansweredLimit / 2 { isShedding = false }
        if unanswered.count >= Self.unansweredLimit || keptByteCount > Self.keptByteLimit { isShedding = true }
        return !isShedding
    }

    private mutating func flush() -> [Action] {
        // What waits for the next decoder is waited for as well.
        guard isAtWork || (!unanswered.isEmpty && !hasGivenUp) else { return [.flushed] }
        isFlushing = true
        return isAtWork ? [.send(.flush)] : []
    }

    private mutating func greeted(_ child: ChildID) -> [Action] {
        post.becameReady(child)
        var requests: [DecoderRequest] = []
        var configuration: DecoderRequest?
        for entry in kept {
            if let own = entry.configuration, own != configuration { requests.append(own) }
            configuration = entry.configuration
            requests.append(entry.request)
        }
        if let videoConfiguration, videoConfiguration != configuration { requests.append(videoConfiguration) }
        requests += [audioConfiguration].compactMap { $0 } + waitingSound
        for request in waitingSound { if case .configureAudio = request { audioConfiguration = request } }
        waitingSound = []
        return (requests + (isFlushing ? [.flush] : [])).map { .send($0) }
    }

    private mutating func replied(_ child: ChildID, _ reply: DecoderReply) -> [Action] {
        switch reply {
        case .picture(let picture): answered(picture.unit, by: child)
        case .undecodable(let unit): answered(unit, by: child)
        case .flushed:
            guard isFlushing else { return [.tell(reply)] }
            isFlushing = false
            return [.flushed, .tell(reply)]
        case .beep, .refused: break
        }
        return [.tell(reply)]
    }

    private mutating func answered(_ unit: Int64, by child: ChildID) {
        guard unanswered.remove(unit) != nil else { return }
        post.worked(child)
        // What a decoder has swallowed must not be kept for ever.
        if unanswered.count > 64 { unanswered = unanswered.filter { $0 >= unit - 64 } }
        let first = unanswered.min() ?? Int64.max
        guard let start = kept.lastIndex(where: { $0.isIDR && $0.unit <= first }), start > 0 else { return }
        for entry in kept[..<start] { keptByteCount -= entry.byteCount }
        kept.removeFirst(start)
    }

    // MARK: ends

    private mutating func ended(_ child: ChildID, _ words: String, at now: MonotonicTime) -> [Action] {
        guard case .launch(_, let delay) = post.ended(child, words, at: now) else { return [] }
        guard post.recentDeaths < RestartPolicy.mostDeaths else {
            return giveUp("pictures are not looked at any more: decoder after decoder ended without work (\(words))")
        }
        let first = unanswered.min()
        var actions: [Action] = []
        var phrase = "the decoder ended (\(words)) and is started again"
        deathsThere = first == lastDeathUnit ? deathsThere + 1 : 1
        if let first, deathsThere >= Self.deathLimit {
            // Not chance any more: it is passed over, up to the next IDR.
            actions.append(.skip(passOver(first)))
            phrase += "; access unit \(first) is passed over"
        }
        lastDeathUnit = first
        _ = post.expect(.onAir)
        return actions + [.trouble(phrase), .launch(after: delay)]
    }

    /// Forgets what lies before the first IDR behind `unit`.
    /// - Returns: the access units that will not be answered.
    private mutating func passOver(_ unit: Int64) -> [Int64] {
        let next = kept.firstIndex { $0.isIDR && $0.unit > unit } ?? kept.endIndex
        let skipped = kept[..<next].map(\.unit).filter { unanswered.contains($0) }
        for entry in kept[..<next] {
            keptByteCount -= entry.byteCount
            unanswered.remove(entry.unit)
        }
        kept.removeSubrange(..<next)
        if kept.isEmpty { isShedding = true }
        return skipped
    }

    private mutating func giveUp(_ phrase: String) -> [Action] {
        hasGivenUp = true
        let rest = unanswered.sorted()
        unanswered = []
        kept = []
        keptByteCount = 0
        waitingSound = []
        defer { isFlushing = false }
        return (rest.isEmpty ? [] : [.skip(rest)]) + [.trouble(phrase)] + (isFlushing ? [.flushed] : [])
    }
}
