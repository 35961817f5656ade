package import BulkheadMedia
package import BulkheadSystem
import BulkheadTimeline
package import BulkheadWire

/// How long an encoder may owe an answer.
package enum EncoderDeadlines {
    /// From its launch until x264 and AAC are open.
    package static let opening = Duration.seconds(5)
    /// Without an access unit while it holds more frames than it may; longer where frames are far apart.
    package static let encoding = Duration.milliseconds(500)
    /// The same where no viewer waits: a slow preset may take its time.
    package static let encodingFast = Duration.seconds(20)
    /// A standby is asked for a sign of life after so long without one.
    package static let probe = Duration.milliseconds(500)
    /// From the request for all that an encoder holds until it has handed it out; longer for many frames.
    package static let flushing = Duration.seconds(5)
}

/// What an encoder may not say, beyond what its ledger sees.
package enum EncoderLie: Error, Hashable, CustomStringConvertible {
    case frameNotGiven(FrameNumber)
    case blockOutOfOrder(Int64)
    case aliveUnasked
    case unitTooLong(FrameNumber, byteCount: Int)

    package var description: String {
        switch self {
        case .frameNotGiven(let frame): "\(LedgerError.frameNotGiven(frame))"
        case .blockOutOfOrder(let block): "\(LedgerError.blockOutOfOrder(block))"
        case .unitTooLong(let frame, let byteCount):
            "its access unit for frame \(frame) has \(byteCount) bytes, which no picture of its size needs"
        case .aliveUnasked: "it gave a sign of life that it was not asked for"
        }
    }
}

/// What is known of one encoder process: what it was opened with, what it says of itself, and what it owes.
package struct EncoderState: Sendable {
    /// What an encoder says of itself once x264 and AAC are open.
    package struct Ready: Hashable, Sendable {
        /// The AVC decoder configuration record.
        package let avcConfiguration: [UInt8]
        /// The AudioSpecificConfig of AAC.
        package let audioSpecificConfig: [UInt8]
        /// How many frames it may hold before it must answer.
        package let maximumDelay: Int
        /// How many pictures may come before one that is shown earlier.
        package let reorderDepth: UInt32

        /// Nil for what is outside every range.
        package init?(
            avcConfiguration: [UInt8], audioSpecificConfig: [UInt8], maximumDelay: UInt32, reorderDepth: UInt32,
            of settings: VideoSettings
        ) {
            guard maximumDelay <= settings.longestDelay(), reorderDepth <= 16, avcConfiguration.count >= 7,
                !audioSpecificConfig.isEmpty
            else { return nil }
            self.avcConfiguration = avcConfiguration
            self.audioSpecificConfig = audioSpecificConfig
            self.maximumDelay = Int(maximumDelay)
            self.reorderDepth = reorderDepth
        }
    }

    /// The process.
    package let pid: Int32
    /// It was started by hand.
    package let isForeign: Bool
    /// As it was opened, and reconfigured since.
    package var settings: EncodingSettings
    /// The run that it works for; nil for one that works for none.
    package var run: RunID?
    /// Which stream configuration its access units belong to; set when it is ready.
    package var configuration = 0
    /// What it has said of itself; nil before it is open.
    package private(set) var ready: Ready?
    /// It is open.
    package var isReady: Bool { ready != nil }
    /// It has been given something to encode.
    package private(set) var wasUsed = false
    /// Since when it has owed being open, or an access unit, without giving it; nil when it owes neither. Access units
    /// alone move it: an encoder that talks is none that works.
    private var unitOwedSince: MonotonicTime?
    /// Since when it has been asked for all that it holds.
    private var flushSince: MonotonicTime?
    /// The frames that it held then.
    private var flushedFrames = 0
    /// Since when it has been asked for a sign of life.
    private var probedSince: MonotonicTime?
    /// When it last said anything.
    private var lastSign: MonotonicTime
    /// Frames given and not answered.
    private var outstanding = 0
    /// The same for blocks of sound.
    private var outstandingBlocks = 0
    private var hasAnswered = false

    /// One that was launched, or has connected, at `now`, and owes its opening.
    package init(pid: Int32, isForeign: Bool = false, _ settings: EncodingSettings, at now: MonotonicTime) {
        self.pid = pid
        self.isForeign = isForeign
        self.settings = settings
        unitOwedSince = now
        lastSign = now
    }

    // MARK: what it is given

    /// Notes a frame that it was given.
    package mutating func gaveFrame(at now: MonotonicTime) {
        outstanding += 1
        wasUsed = true
        if owesUnit { unitOwedSince = unitOwedSince ?? now }
    }

    /// Notes a block of sound that it was given.
    package mutating func gaveSound() {
        outstandingBlocks += 1
        wasUsed = true
    }

    /// Notes that it was asked for all that it holds.
    package mutating func askedToFlush(at now: MonotonicTime) {
        flushSince = flushSince ?? now
        flushedFrames = outstanding
        if owesUnit { unitOwedSince = unitOwedSince ?? now }
    }

    /// Notes that it was asked for a sign of life.
    package mutating func probed(at now: MonotonicTime) { probedSince = now }

    // MARK: what it says

    /// Notes that it is open.
    package mutating func opened(_ ready: Ready, at now: MonotonicTime) {
        lastSign = now
        self.ready = ready
        unitOwedSince = nil
    }

    /// Notes anything but `ready` and `refused`. Which frame an access unit is for is for the run's ledger to judge; that
    /// none comes for nothing holds for every encoder, on air or not.
    package mutating func answered(_ reply: EncoderReply, at now: MonotonicTime) throws(EncoderLie) {
        lastSign = now
        switch reply {
        case .accessUnit(let unit):
            guard outstanding > 0 else { throw .frameNotGiven(unit.frame) }
            guard unit.bytes.count <= Self.longestUnit(of: settings.video.canvas) else {
                throw .unitTooLong(unit.frame, byteCount: unit.bytes.count)
            }
            outstanding -= 1
            hasAnswered = true
            unitOwedSince = owesUnit ? now : nil
        case .audioPacket(let block, _):
            guard outstandingBlocks > 0 else { throw .blockOutOfOrder(block) }
            outstandingBlocks -= 1
        case .flushed:
            flushSince = nil
            unitOwedSince = nil
        case .alive:
            guard probedSince != nil else { throw .aliveUnasked }
            probedSince = nil
        case .ready, .refused: break
        }
    }

    /// In bytes: macroblocks as they are (I_PCM, H.264 7.3.5), and as much again of headers and SEI as ever comes.
    package static func longestUnit(of canvas: Canvas) -> Int {
        (canvas.width + 16) * (canvas.height + 16) * 3 / 2 + (1 << 16)
    }

    // MARK: what it owes

    /// Since when it has owed anything without giving it; nil when it owes nothing.
    package var owesSince: MonotonicTime? { [unitOwedSince, flushSince, probedSince].compactMap { $0 }.min() }

    private var owesUnit: Bool {
        guard let ready else { return true }
        return flushSince == nil ? outstanding > ready.maximumDelay : outstanding > 0
    }

    /// Whether one that has nothing to do should be asked for a sign of life: a standby that hangs is of no use.
    package func wantsProbe(at now: MonotonicTime) -> Bool {
        ready != nil && owesSince == nil && now.since(lastSign) > EncoderDeadlines.probe.nanoseconds
    }

    /// The time that has run out at `now`; nil while it is not late.
    ///
    /// It may owe an access unit for half a second or fifteen frames, whichever is longer, and for the time of the frames
    /// that it looks at before its first answer. All that it holds may take it longer, but not for ever.
    ///
    /// - Parameters:
    ///   - interval: from frame to frame.
    ///   - patience: by how much the deadlines are longer than usual.
    package func isLate(at now: MonotonicTime, interval: MediaTime, isFast: Bool, patience: Int) -> Duration? {
        // One that a person looks into with a debugger may stand still.
        guard !isForeign || ready == nil else { return nil }
        guard let ready else { return runsOut(unitOwedSince, EncoderDeadlines.opening, at: now) }
        let usual = max(EncoderDeadlines.encoding, .nanoseconds(interval.nanoseconds * 15))
        guard !isFast else {
            return runsOut(unitOwedSince, EncoderDeadlines.encodingFast, at: now)
                ?? runsOut(probedSince, usual * patience, at: now)
                ?? (outstanding == 0 ? runsOut(flushSince, EncoderDeadlines.encodingFast, at: now) : nil)
        }
        let first = hasAnswered ? 0 : Int64(ready.maximumDelay)
        let unit = max(usual, .nanoseconds(interval.nanoseconds * (15 + first)))
        // As long again as the frames take on air.
        let flush = max(EncoderDeadlines.flushing, .nanoseconds(interval.nanoseconds * 2 * Int64(flushedFrames)))
        return runsOut(unitOwedSince, unit * patience, at: now) ?? runsOut(probedSince, unit * patience, at: now)
            ?? runsOut(flushSince, flush * patience, at: now)
    }

    private func runsOut(_ start: MonotonicTime?, _ limit: Duration, at now: MonotonicTime) -> Duration? {
        guard let start, now.since(start) > limit.nanoseconds else { return nil }
        return limit
    }
}
