/// Decides from what the kernel and the server acknowledge whether a connection still carries anything.
///
/// It owns no socket and no clock: it is told what is known, again and again while something is under way, and how much
/// time has passed. A check that comes late counts for one and a half intervals at most, so that a machine that stood
/// still doesn't blame the server.
package struct DeliveryMonitor: Sendable {
    /// How long what is not delivered is waited for.
    package struct Patience: Hashable, Sendable {
        /// Until a connection is suspected, by whatever sign.
        package var suspicion = Duration.milliseconds(400)
        /// Until a path on which nothing is answered counts as lost.
        package var loss = Duration.milliseconds(1500)
        /// Until a server that answers but reads nothing counts as lost. It may come to itself; where there is another
        /// one to go to, two seconds are enough.
        package var stall = Duration.seconds(5)

        /// Suspicion after 0.4 s, loss after 1.5 s, a stalled server after 5 s.
        package init() {}
    }

    /// What is known at one moment.
    package struct Observation: Hashable, Sendable {
        /// The kernel's numbers; nil where it has none.
        package var tcp: TCPStatus?
        /// Bytes that wait before the kernel.
        package var pendingByteCount: Int

        /// One look at a connection.
        package init(tcp: TCPStatus?, pendingByteCount: Int) {
            self.tcp = tcp
            self.pendingByteCount = pendingByteCount
        }
    }

    /// What a look has changed.
    package enum Verdict: Hashable, Sendable {
        case suspected(DeliveryDoubt, after: Duration)
        /// What was suspected is under way again.
        case recovered
        case lost(DeliveryDoubt, after: Duration)
    }

    /// How often to check while something is under way.
    package static let interval = Duration.milliseconds(100)
    /// So many round trips without an answer are waited for on slow paths.
    private static let roundTripFactor = 4
    /// From so many steps between acknowledgements of the server's a habit is read.
    private static let habitCount: UInt64 = 2
    /// What a server may lag behind its habit.
    private static let habitSlack: UInt64 = 64 << 10

    private let patience: Patience
    private var lastTCPByteCount: UInt64 = 0
    private var lastBareSegmentCount: UInt32?
    private var pathSilence = Duration.zero
    private var readingSilence = Duration.zero
    /// How long the server has once paused and read on: slow ones do so again and again.
    private var longestPause = Duration.zero
    private var serverSilence = Duration.zero
    private var pings = PingMonitor()
    private var suspicion: DeliveryDoubt?
    private var isLost = false
    // The server's own acknowledgements, whatever is in them: how much its kernel takes between two of them.
    private var stepCount: UInt64 = 0
    // Since the last check: what the server's kernel has is known at checks alone.
    private var newAcknowledgementCount: UInt64 = 0
    private var isNewlyHeard = false
    private var largestStep: UInt64 = 0
    private var tcpByteCountAtAcknowledgement: UInt64?
    private var isDistrusted = false
    /// What the server's kernel had when the server was last heard, by any word of its; nil until it was.
    private var tcpByteCountWhenHeard: UInt64?

    /// A monitor of a connection on which nothing has been sent.
    package init(patience: Patience = Patience()) { self.patience = patience }

    /// For how long nothing has been acknowledged by the peer's kernel although it should be; nil while all is well.
    package var silence: Duration? {
        let longest = max(pathSilence, readingSilence)
        return longest > .zero ? longest : nil
    }

    /// The server has acknowledged something.
    package mutating func acknowledged() {
        newAcknowledgementCount += 1
        heard()
    }

    /// The server's numbers make no sense: from now on nothing is concluded from its not acknowledging.
    package mutating func distrustAcknowledgements() {
        isDistrusted = true
        serverSilence = .zero
    }

    /// Something has come from the server, whatever it is: it lives.
    package mutating func heard() {
        isNewlyHeard = true
        serverSilence = .zero
        pings.heard()
    }

    /// The server has answered a ping.
    package mutating func answeredPing() { pings.answered() }

    /// Whether to send a ping now; counts as sent.
    package mutating func takePing() -> Bool { !isLost && pings.takeQuestion() }

    /// Takes in what is known `elapsed` after the last check.
    package mutating func check(_ observation: Observation, elapsed: Duration) -> Verdict? {
        guard !isLost else { return nil }
        let step = min(elapsed, Self.interval * 3 / 2)
        if let tcp = observation.tcp { measure(tcp, step, elapsed: elapsed) }
        let isMoving = observation.tcp.map { $0.acknowledgedByteCount != lastTCPByteCount } ?? false
        let hasMore = observation.pendingByteCount > 0 || (observation.tcp?.notSentByteCount ?? 0) > 0
        let isPausing = hasMore && !isMoving && pathSilence == .zero
        if !isPausing { longestPause = max(longestPause, readingSilence) }
        readingSilence = isPausing ? readingSilence + step : .zero
        if let tcp = observation.tcp { lastTCPByteCount = tcp.acknowledgedByteCount }
        pings.check(observation, step)
        return judge(roundTrip: observation.tcp?.roundTrip ?? .zero)
    }

    /// Something is expected or suspected: checks have to go on even if nothing more is sent.
    package var isConcerned: Bool { suspicion != nil || serverSilence > .zero || pings.isInUse }

    private mutating func measure(_ tcp: TCPStatus, _ step: Duration, elapsed: Duration) {
        let isOwed = tcp.unacknowledgedSegmentCount > 0 || tcp.unansweredProbeCount >= 2
        // A peer that hears nothing of ours sends its own again: that is no answer, although each segment acknowledges.
        let hasBareAnswer = tcp.bareSegmentCount == nil || tcp.bareSegmentCount != lastBareSegmentCount
        let isAnswered =
            tcp.acknowledgedByteCount != lastTCPByteCount || tcp.sinceAcknowledgement < elapsed && hasBareAnswer
        lastBareSegmentCount = tcp.bareSegmentCount
        pathSilence = isOwed && !isAnswered ? pathSilence + step : .zero

        let byteCount = tcp.acknowledgedByteCount
        noteAcknowledgements(byteCount)
        let start = isNewlyHeard ? byteCount : tcpByteCountWhenHeard ?? byteCount
        (tcpByteCountWhenHeard, isNewlyHeard) = (start, false)
        let delivered = byteCount &- start
        let isOverdue =
            !isDistrusted && stepCount >= Self.habitCount
            && delivered > largestStep * 3 / 2 + Self.habitSlack
        serverSilence = isOverdue ? serverSilence + step : .zero
    }

    /// Measures what lies between two acknowledgements; where several have come at once, between two of them on average.
    private mutating func noteAcknowledgements(_ byteCount: UInt64) {
        guard newAcknowledgementCount > 0 else { return }
        // The first one may come at any time.
        if let last = tcpByteCountAtAcknowledgement {
            largestStep = max(largestStep, (byteCount &- last) / newAcknowledgementCount)
            stepCount += newAcknowledgementCount
        }
        tcpByteCountAtAcknowledgement = byteCount
        newAcknowledgementCount = 0
    }

    /// A pause is suspicious that is much longer than those before it.
    private var pauseLimit: Duration { max(patience.suspicion, min(longestPause * 2, patience.stall / 2)) }

    private mutating func judge(roundTrip: Duration) -> Verdict? {
        let slow = roundTrip * Self.roundTripFactor
        let signs: [(DeliveryDoubt, Duration, limit: Duration, loss: Duration)] = [
            (.noAnswer, pathSilence, max(patience.suspicion, slow), max(patience.loss, slow * 2)),
            (.notReading, readingSilence, pauseLimit, patience.stall),
            (.notAcknowledging, serverSilence, patience.suspicion, patience.stall),
        ]
        for (doubt, silence, _, loss) in signs where silence >= loss {
            isLost = true
            return .lost(doubt, after: silence)
        }
        if let silence = pings.fatalSilence(roundTrip: roundTrip, patience: patience.stall) {
            isLost = true
            return .lost(.notAnswering, after: silence)
        }
        let silent = pings.suspiciousSilence(roundTrip: roundTrip)
        let doubts =
            signs.compactMap { $0.1 >= $0.limit ? ($0.0, $0.1) : nil } + (silent.map { [(.notAnswering, $0)] } ?? [])
        if let (doubt, silence) = doubts.first {
            guard suspicion != doubt else { return nil }
            suspicion = doubt
            return .suspected(doubt, after: silence)
        }
        // What is suspected stays so until there is an answer, not only until the doubt is a little smaller.
        guard suspicion != nil, signs.allSatisfy({ $0.1 == .zero }), !pings.isConcerned else { return nil }
        suspicion = nil
        return .recovered
    }
}

/// Why a connection may carry nothing any more.
package enum DeliveryDoubt: String, Hashable, Sendable, CustomStringConvertible {
    /// Not even the server's kernel answers: the path is broken, or the machine is gone.
    case noAnswer
    /// The server's machine answers, and takes nothing.
    case notReading
    /// The server's machine takes everything, and the server does not acknowledge as it did: it hangs, or something
    /// between takes the bytes for it.
    case notAcknowledging
    /// The server's machine takes everything, and the server does not answer pings as it did: it hangs.
    case notAnswering

    package var description: String {
        switch self {
        case .noAnswer: "nothing that is sent is answered"
        case .notReading: "the server takes nothing any more"
        case .notAcknowledging: "the server acknowledges nothing any more"
        case .notAnswering: "the server answers nothing any more"
        }
    }
}

/// Which packets stand where in the bytes of one connection, to tell from the server's acknowledgements what it has.
struct DeliveryLog {
    /// About the pictures of ten minutes: a server that never acknowledges must not make it grow.
    private static let limit = 20_000
    private var entries: [(end: UInt64, dts: Int64)] = []
    private var head = 0

    /// Notes that a picture ends with byte `end` behind the handshake.
    mutating func append(end: UInt64, dts: Int64) {
        entries.append((end, dts))
        if entries.count - head > Self.limit { head += Self.limit / 2 }
        compact()
    }

    /// The DTS of the last picture that lies before byte `byteCount` as a whole; nil if none was added to those told
    /// before.
    mutating func delivered(_ byteCount: UInt64) -> Int64? {
        var found: Int64?
        while head < entries.count, entries[head].end <= byteCount {
            found = entries[head].dts
            head += 1
        }
        compact()
        return found
    }

    private mutating func compact() {
        guard head > 1024 else { return }
        entries.removeFirst(head)
        head = 0
    }
}
