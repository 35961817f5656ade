import BulkheadChildren
import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline

/// Encoders beside the one on air: standbys, which are open and given nothing, and the twin in lockstep.
extension EncodingMachine {
    /// A standby is started when the encoder on air has work behind it, and not in the moment of a takeover: loading a
    /// hundred libraries would take the time that the takeover needs.
    static let standbyDelay = Duration.milliseconds(250)
    /// Answers that a twin may be behind by; beyond them it is none. Those of the one on air are kept for it meanwhile.
    package static let longestLag = 100

    /// How many encoders wait beside the ones that work.
    var wantedStandbys: Int {
        guard phase == .starting || phase == .onAir, !wanted.isForeign, change == nil else { return 0 }
        switch terms.standby {
        case .off: return 0
        case .warm: return 1
        // Two fresh ones become the next pair, together.
        case .hot: return currentRun.twin == nil ? 2 : 0
        }
    }

    /// Those that can go on with the work of an encoder with these settings, the oldest first.
    func fittingStandbys(_ settings: EncodingSettings) -> [ChildID] {
        encodersPost.holders(of: .standby).filter { encoders[$0]?.settings.fits(settings) ?? false }
    }

    /// Starts standbys until there are enough, one after the other, and lets go of those that are of no use.
    mutating func topUpStandbys(after delay: Duration) {
        let fitting = fittingStandbys(terms.settings)
        for child in encodersPost.holders(of: .standby) where !fitting.contains(child) { retire(child) }
        for child in fitting.dropFirst(wantedStandbys) { retire(child) }
        let standbys = fitting.prefix(wantedStandbys)
        guard standbys.count < wantedStandbys, standbys.allSatisfy({ isReady($0) }), encodersPost.expect(.standby)
        else { return }
        act(.launch(.standby, after: delay))
    }

    mutating func standbyIsReady(_ child: ChildID) {
        // The pools are mapped before they are needed.
        act(.mapPools(child))
        act(.recovered(.encoder(child, .standby)))
        act(.post(.encoder(child, .standby), .child(.ready(pid: pid(child), plugins: nil))))
        topUpStandbys(after: .zero)
    }

    /// A standby has ended, or the twin.
    mutating func standbyEnded(_ child: ChildID, _ end: End) {
        let part = part(of: child)
        if let index = runs.firstIndex(where: { $0.twin == child }) { dropTwin(of: index) }
        act(.died(child, part, frame: nil, uncommitted: nil, framesLate: 0))
        guard case .launch(_, let delay) = encodersPost.ended(child, end.cause, at: now) else { return }
        topUpStandbys(after: max(Self.standbyDelay, delay))
    }

    // MARK: lockstep

    /// Opens a run with two fresh encoders in lockstep, at an IDR that would have come anyway.
    mutating func openPairIfDue(at frame: FrameNumber) {
        guard terms.standby == .hot, slate.onAir == nil, runs.count == 1, runs[current].twin == nil,
            isReady(runs[current].encoder), runs[current].isScheduledIDR(frame) || runs[current].firstFrame == nil
        else { return }
        let pair = encodersPost.holders(of: .standby)
        guard pair.count == 2, pair == fittingStandbys(terms.settings), pair.allSatisfy({ isReady($0) }) else {
            return
        }
        openRun(terms.settings, encoder: pair[0], twin: pair[1])
        post(.encoder(pair[1], .twin), .inLockstep(frame: frame, pid: pid(pair[1])))
        act(.recovered(.encoder(pair[1], .twin)))
    }

    /// Closes the run at hand and opens the next, with encoders that have been started already.
    mutating func openRun(_ settings: EncodingSettings, encoder: ChildID?, twin: ChildID? = nil) {
        close(current)
        if currentRun.encoder == nil, currentRun.ledger.uncommitted.isEmpty { runs[current].isFlushed = true }
        var run = EncodingRun(runIDs.next(), settings)
        run.encoder = encoder
        run.twin = twin
        runs.append(run)
        if let encoder { encodersPost.assign(.onAir, to: encoder) }
        if let twin { encodersPost.assign(.twin, to: twin) }
        for child in run.workers { encoders[child]?.run = run.id }
        if !isReady(encoder) {
            // It takes up as soon as it is ready; where there is none, another one does.
            encodersPost.set(.starting, of: .onAir)
            standstill.lacksEncoder(at: now)
            if encoder == nil { replaceEncoder(of: current, after: .zero) }
        }
        takeUp(current)
        drainRuns()
    }

    private mutating func dropTwin(of index: Int) {
        runs[index].twin = nil
        runs[index].lockstep = .init()
    }

    mutating func twinDiffers(_ index: Int) {
        guard let twin = runs[index].twin else { return }
        post(.encoder(twin, .twin), .differs(frame: runs[index].firstUncommitted))
        part(with: twin, of: index, "its answers differ from its twin's")
        if terms.twinsDiffered() { post(.encoder(twin, .twin), .lockstepGivenUp) }
        topUpStandbys(after: Self.standbyDelay)
    }

    mutating func twinLags(_ index: Int) {
        guard let twin = runs[index].twin else { return }
        part(with: twin, of: index, "it is \(runs[index].lockstep.lag) answers behind its twin")
        topUpStandbys(after: Self.standbyDelay)
    }

    private mutating func part(with twin: ChildID, of index: Int, _ reason: String) {
        dropTwin(of: index)
        encodersPost.assign(.retired, to: twin)
        encoders[twin]?.run = nil
        act(.dismiss(twin, reason))
    }
}
