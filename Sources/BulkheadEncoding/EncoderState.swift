import BulkheadMedia
import BulkheadSystem
import BulkheadWire

/// How long an encoder may owe an answer.
enum EncoderDeadlines {
    /// From its launch until x264 and AAC are open.
    static let opening = Duration.seconds(5)
    /// Without an access unit while it holds more frames than it may; longer where frames are far apart.
    static let encoding = Duration.milliseconds(500)
    /// The same where no viewer waits: a slow preset may take its time.
    static let encodingFast = Duration.seconds(20)
    /// A standby is asked for a sign of life after so long without one.
    static let probe = Duration.milliseconds(500)
}

/// What is known of one encoder process: what it was opened with, what it says of itself, and what it owes.
struct EncoderState: Sendable {
    /// What an encoder says of itself once x264 and AAC are open.
    struct Ready: Hashable, Sendable {
        let avcConfiguration: [UInt8]
        let audioSpecificConfig: [UInt8]
        /// How many frames it may hold before it must answer.
        let maximumDelay: Int
        let reorderDepth: UInt32

        /// Nil for what is outside every range.
        init?(avcConfiguration: [UInt8], audioSpecificConfig: [UInt8], maximumDelay: UInt32, reorderDepth: UInt32) {
            guard maximumDelay <= 1000, reorderDepth <= 16, avcConfiguration.count >= 7, !audioSpecificConfig.isEmpty
            else { return nil }
            self.avcConfiguration = avcConfiguration
            self.audioSpecificConfig = audioSpecificConfig
            self.maximumDelay = Int(maximumDelay)
            self.reorderDepth = reorderDepth
        }
    }

    let pid: Int32
    /// It was started by hand.
    let isForeign: Bool
    /// As it was opened, and reconfigured since.
    var settings: EncodingSettings
    /// The run that it works for; nil for one that works for none.
    var run: RunID?
    /// Which stream configuration its access units belong to; set when it is ready.
    var configuration = 0
    private(set) var ready: Ready?
    /// It has been given something to encode.
    private(set) var wasUsed = false
    /// Since when it has owed an answer without giving one; nil when it owes none.
    private(set) var owesSince: MonotonicTime?
    /// When it last said anything.
    private var lastSign: MonotonicTime
    /// Frames given and not answered.
    private var outstanding = 0
    private var hasAnswered = false
    private var isFlushing = false
    private var isProbed = false

    init(pid: Int32, isForeign: Bool = false, _ settings: EncodingSettings, at now: MonotonicTime) {
        self.pid = pid
        self.isForeign = isForeign
        self.settings = settings
        owesSince = now
        lastSign = now
    }

    // MARK: what it is given

    mutating func gaveFrame(at now: MonotonicTime) {
        outstanding += 1
        wasUsed = true
        if owes { owesSince = owesSince ?? now }
    }

    mutating func gaveSound() { wasUsed = true }

    mutating func askedToFlush(at now: MonotonicTime) {
        isFlushing = true
        owesSince = owesSince ?? now
    }

    mutating func probed(at now: MonotonicTime) {
        isProbed = true
        owesSince = now
    }

    // MARK: what it says

    mutating func opened(_ ready: Ready, at now: MonotonicTime) {
        lastSign = now
        self.ready = ready
        owesSince = nil
    }

    /// Notes anything but `ready` and `refused`.
    mutating func answered(_ reply: EncoderReply, at now: MonotonicTime) {
        lastSign = now
        switch reply {
        case .accessUnit:
            outstanding = max(0, outstanding - 1)
            hasAnswered = true
            owesSince = owes ? now : nil
        case .flushed:
            isFlushing = false
            owesSince = nil
        case .alive:
            isProbed = false
            owesSince = owes ? now : nil
        case .audioPacket, .ready, .refused: break
        }
    }

    // MARK: what it owes

    private var owes: Bool { ready == nil || isFlushing || isProbed || outstanding > (ready?.maximumDelay ?? 0) }

    /// Whether one that has nothing to do should be asked for a sign of life: a standby that hangs is of no use.
    func wantsProbe(at now: MonotonicTime) -> Bool {
        ready != nil && owesSince == nil && now.since(lastSign) > EncoderDeadlines.probe.nanoseconds
    }

    /// The time that has run out at `now`; nil while it is not late.
    ///
    /// It may owe an access unit for half a second or fifteen frames, whichever is longer, and for the time of the frames
    /// that it looks at before its first answer.
    ///
    /// - Parameters:
    ///   - interval: from frame to frame.
    ///   - patience: by how much the deadlines are longer than usual.
    func isLate(at now: MonotonicTime, interval: MediaTime, isFast: Bool, patience: Int) -> Duration? {
        // One that a person looks into with a debugger may stand still.
        guard let owesSince, !isForeign || ready == nil else { return nil }
        let limit: Duration
        if ready == nil {
            limit = EncoderDeadlines.opening
        } else if isFast {
            limit = EncoderDeadlines.encodingFast
        } else {
            let frames = Int64(15 + (hasAnswered ? 0 : ready?.maximumDelay ?? 0))
            limit = max(EncoderDeadlines.encoding, .nanoseconds(interval.nanoseconds * frames)) * patience
        }
        return now.since(owesSince) > limit.nanoseconds ? limit : nil
    }
}
