import BulkheadSelection
package import BulkheadSystem

/// What to do after an encoder has died: each death that crowds on the last takes it one rung up.
///
/// A death after the encoder had made frames safe is none that crowds: the next one makes progress, however often it is
/// killed. Deaths without progress within ten seconds climb: the first two are answered at once, the next with delays,
/// the fifth with safe settings, and when safe settings die three times too, the stream does without an encoder while
/// one is tried again and again.
package struct EncoderLadder: Sendable {
    package enum Step: Hashable, Sendable {
        /// The next encoder, with the settings at hand.
        case restart(after: Duration)
        /// The next encoder with settings that ask little of it.
        case safeSettings(after: Duration)
        /// The slate goes on air; an encoder is tried again later.
        case slate(retryAfter: Duration)
    }

    /// One death, as the ladder sees it.
    package struct Death: Sendable {
        /// It ended by a fault of its own or by its deadline, not by a signal that only others send.
        package var isItsOwn: Bool
        /// It had made a frame safe.
        package var hadWorked: Bool
        /// The first frame it owed; nil when it had been given none.
        package var frame: Int64?
        /// It answers every frame before it takes the next, so that the frame it owes is the one it died of.
        package var isExact: Bool

        package init(isItsOwn: Bool, hadWorked: Bool, frame: Int64?, isExact: Bool) {
            self.isItsOwn = isItsOwn
            self.hadWorked = hadWorked
            self.frame = frame
            self.isExact = isExact
        }
    }

    /// Deaths in the window before the settings are blamed.
    package static let deathsBeforeSafety = 5
    /// Deaths with safe settings in a row before it goes without.
    package static let deathsBeforeSlate = 3
    /// Deaths of its own with one frame before the frame is blamed.
    package static let deathsForOneFrame = 3

    private var deaths = RestartPolicy(.exact(milliseconds: [0, 0, 100, 250, 500]))
    private var safeDeaths = 0
    private var slateRetries = Retries(.doubling(from: .seconds(1), upTo: .seconds(10)))
    private var returns = Retries(.doubling(from: .seconds(30), upTo: .seconds(600)))
    private var suspect: (frame: Int64, deaths: Int)?
    package private(set) var isSafe = false

    package init() {}

    /// Deaths without progress in the window that ended with the last one.
    package var recentDeaths: Int { deaths.recentDeaths }

    /// By how much deadlines are longer than usual: a machine that is too slow for them must not be asked to start over
    /// and over.
    package var patience: Int { 1 << min(3, recentDeaths / 2) }

    /// Notes a death at `now`, and says what to do.
    package mutating func step(after death: Death, at now: MonotonicTime) -> Step {
        note(death)
        let delay = deaths.delay(afterDeathAt: now, hadWorked: death.hadWorked)
        if death.hadWorked {
            safeDeaths = 0
            slateRetries.reset()
            return .restart(after: delay)
        }
        if isSafe {
            safeDeaths += 1
            guard safeDeaths >= Self.deathsBeforeSlate else { return .safeSettings(after: .milliseconds(250)) }
            return .slate(retryAfter: slateRetries.next())
        }
        if recentDeaths >= Self.deathsBeforeSafety || isSuspectVague(death) {
            isSafe = true
            safeDeaths = 0
            return .safeSettings(after: .milliseconds(100))
        }
        return .restart(after: delay)
    }

    /// The frame that kills encoder after encoder, once; it is to be left out.
    package mutating func takePoisonousFrame() -> Int64? {
        guard let suspect, suspect.deaths >= Self.deathsForOneFrame, isSuspectExact else { return nil }
        self.suspect = nil
        return suspect.frame
    }

    /// The safe settings have been left again for those the user wants.
    package mutating func leaveSafety() {
        isSafe = false
        safeDeaths = 0
    }

    /// How long safe settings last before those that the user wants are tried again: each time twice as long.
    package mutating func nextReturn() -> Duration { returns.next() }

    private var isSuspectExact = false

    private mutating func note(_ death: Death) {
        guard death.isItsOwn, let frame = death.frame else { return }
        isSuspectExact = death.isExact
        suspect = (frame, suspect?.frame == frame ? (suspect?.deaths ?? 0) + 1 : 1)
    }

    /// Two deaths at the same frame of encoders that hold many: safe settings will tell which one it is.
    private func isSuspectVague(_ death: Death) -> Bool {
        guard !death.isExact, death.isItsOwn, let suspect, death.frame == suspect.frame else { return false }
        return suspect.deaths >= Self.deathsForOneFrame - 1
    }
}
