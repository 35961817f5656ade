/// Tells a server that hangs from one that has nothing to say: a silent one is asked for a pong.
///
/// The specification has servers ask and clients answer (Adobe RTMP 1.0, section 7.1.7), but SRS, nginx-rtmp, MediaMTX and
/// Bulkhead's own server answer a client as well. A server that leaves a ping unanswered while it says other things, or
/// that has never answered one, is not asked again. It owns no socket and no clock: see ``DeliveryMonitor``.
struct PingMonitor: Sendable {
    /// How long a server is silent before it is asked.
    private static let quiet = Duration.seconds(1)
    /// So many answers are a habit.
    private static let habitCount = 3
    /// How long an answer may take, at least, before the server is suspected, and before it may count as lost.
    private static let suspicion = Duration.seconds(1)
    private static let loss = Duration.seconds(2)
    /// So many round trips may go by without an answer, and so many times the slowest answer before.
    private static let roundTripFactor = 4
    private static let answerFactor = 2
    /// How long an answer is waited for before no more is asked.
    private static let patience = Duration.seconds(20)

    private struct Question {
        /// Where the ping ends among the bytes that the server's kernel acknowledges; nil until the kernel has it.
        var end: UInt64?
        /// Since the server's kernel had it.
        var age: Duration?
    }

    private var question: Question?
    private var sinceHeard = Duration.zero
    private var answerCount = 0
    private var slowestAnswer = Duration.zero
    private var isMute = false

    /// Something has come from the server.
    mutating func heard() { sinceHeard = .zero }

    /// A pong has come.
    mutating func answered() {
        guard let question else { return }
        slowestAnswer = max(slowestAnswer, question.age ?? .zero)
        answerCount += 1
        self.question = nil
    }

    /// Takes in what is known `step` after the last check.
    mutating func check(_ observation: DeliveryMonitor.Observation, _ step: Duration) {
        sinceHeard += step
        guard var question, let tcp = observation.tcp else { return }
        if question.end == nil, observation.pendingByteCount == 0 { question.end = tcp.writtenByteCount }
        if let age = question.age {
            question.age = age + step
        } else if observation.pendingByteCount == 0, tcp.isAllAcknowledged {
            question.age = .zero
        } else if let end = question.end, tcp.acknowledgedByteCount >= end {
            question.age = .zero
        }
        self.question = question
        if let age = question.age, age >= Self.patience { (self.question, isMute) = (nil, true) }
    }

    /// Whether to send a ping now; counts as sent.
    mutating func takeQuestion() -> Bool {
        guard question == nil, !isMute, sinceHeard >= Self.quiet else { return false }
        question = Question()
        return true
    }

    /// For how long the server has been silent although it has been asked and is used to answering.
    private var silence: (sinceHeard: Duration, sinceAsked: Duration)? {
        guard answerCount >= Self.habitCount, let age = question?.age, age > .zero, sinceHeard > .zero else {
            return nil
        }
        return (sinceHeard, min(age, sinceHeard))
    }

    /// An answer is due.
    var isConcerned: Bool { silence != nil }

    /// The server may answer, so that its silence is measured.
    var isInUse: Bool { question != nil || answerCount > 0 && !isMute }

    /// How long the server has been silent, if that is suspicious.
    func suspiciousSilence(roundTrip: Duration) -> Duration? {
        guard let silence, silence.sinceAsked >= limit(Self.suspicion, roundTrip) else { return nil }
        return silence.sinceHeard
    }

    /// How long the server has been silent, if that is so long that it counts as lost.
    func fatalSilence(roundTrip: Duration, patience: Duration) -> Duration? {
        guard let silence, silence.sinceHeard >= patience, silence.sinceAsked >= limit(Self.loss, roundTrip) else {
            return nil
        }
        return silence.sinceHeard
    }

    private func limit(_ limit: Duration, _ roundTrip: Duration) -> Duration {
        max(limit, roundTrip * Self.roundTripFactor, slowestAnswer * Self.answerFactor)
    }
}
