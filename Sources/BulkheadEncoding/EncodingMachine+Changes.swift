import BulkheadChildren
import BulkheadEvents
package import BulkheadMedia
package import BulkheadModel
import BulkheadSystem
import BulkheadTimeline

/// A takeover on purpose that is under way: the next encoder is being opened, or waits for its first frame.
package struct PlannedChange: Sendable {
    package let wanted: WantedEncoding
    /// No person has asked for it: the wanted settings are tried again after safe ones.
    package let isReturn: Bool
    /// Nil before it is launched, and where it has ended while pictures of the new size were on their way and no other
    /// could be started.
    package var encoder: ChildID?
    /// The encoder is open; pictures of the new size have been asked for.
    package var awaitsPicture = false
}

/// Changes on air. All but the bitrate is a takeover to an encoder that is opened beside the one on air: where it can't
/// be opened, nothing has changed.
extension EncodingMachine {
    /// The size of the pictures that will come.
    package var canvasToCome: Canvas { change.flatMap { $0.awaitsPicture ? $0.wanted.canvas : nil } ?? wanted.canvas }

    mutating func begin(_ new: WantedEncoding, isReturn: Bool) {
        guard change == nil else { return }
        change = PlannedChange(wanted: new, isReturn: isReturn)
        act(.launch(.next, after: .zero))
    }

    mutating func nextCantBeLaunched(_ error: BroadcastError) {
        // There is no way back once pictures of the new size are on their way: any other encoder will do then.
        guard let failed = change, !failed.awaitsPicture else { return }
        end(failed, with: error)
    }

    mutating func changeFailed(_ problem: String) {
        guard let failed = change else { return }
        retire(failed.encoder)
        post(.encoder, .notChanged(reason: Reason("encoder", problem)))
        end(failed, with: BroadcastError(.encoder, problem, advice: "everything stays as it was"))
        topUpStandbys(after: .zero)
    }

    /// The broadcast ends before the change: the request is answered.
    mutating func abandonChange() {
        guard let abandoned = change else { return }
        retire(abandoned.encoder)
        end(abandoned, with: BroadcastError(code: .broadcastOver, "the broadcast ended before the change was made"))
    }

    private mutating func end(_ ended: PlannedChange, with error: BroadcastError?) {
        change = nil
        guard ended.isReturn else { return act(.answer(error)) }
        if error != nil { scheduleReturnFromSafety() }
    }

    /// The next encoder is gone before its first frame. When pictures of the new size have been asked for there is no
    /// way back: another one is opened.
    mutating func nextEnded(_ child: ChildID, _ pid: Int32, _ end: End) {
        guard let waiting = change, waiting.encoder == child else { return }
        change?.encoder = nil
        guard waiting.awaitsPicture else { return changeFailed("the new encoder ended: \(end.cause)") }
        act(.post(.encoder(child, .next), .child(.notReplaced(pid: pid, cause: end.cause))))
        act(.launch(.next, after: .zero))
    }

    /// The next encoder is open: frames go to it from now on, or from the first picture of the new size.
    mutating func changeIsReady() {
        guard let ready = change, !ready.awaitsPicture else { return }
        guard phase == .onAir else { return abandonChange() }
        guard ready.wanted.canvas != wanted.canvas else { return completeChange(at: nextFrame) }
        // What is left of the old size is shown until the new one comes.
        change?.awaitsPicture = true
        act(.resize(ready.wanted.canvas))
    }

    mutating func resizeFailed(_ problem: String) {
        change?.awaitsPicture = false
        changeFailed("pictures of the new size can't be had: \(problem)")
    }

    /// The frame that comes next, if none is left out.
    private var nextFrame: FrameNumber { lastFrame.map { $0 + 1 } ?? 0 }

    mutating func completeChange(at frame: FrameNumber) {
        guard let done = change else { return }
        terms.adopt(done.wanted)
        openRun(terms.settings, encoder: done.encoder)
        post(
            .encoder,
            .changed(canvas: "\(wanted.canvas)", preset: wanted.preset, frame: frame, pid: pid(done.encoder)))
        end(done, with: nil)
        topUpStandbys(after: Self.standbyDelay)
        if !slate.maker.fits(wanted.canvas) { scheduleSlate(after: SlateMaker.delay) }
    }

    // MARK: safe settings

    /// Tries the wanted settings again after a while, each time after twice as long.
    mutating func scheduleReturnFromSafety() {
        act(.wake(.returnFromSafety, after: terms.ladder.nextReturn()))
    }

    mutating func returnFromSafety() {
        guard phase == .onAir, terms.ladder.isSafe else { return }
        guard change == nil, slate.onAir == nil, currentRun.hasWorked else { return scheduleReturnFromSafety() }
        post(.encoder, .wantedSettings)
        begin(wanted, isReturn: true)
    }
}
