import BulkheadChain
import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadOutputs
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

/// A takeover on purpose that is under way: the next encoder is being opened, or waits for its first frame.
struct PlannedChange {
    let settings: BroadcastSettings
    /// Nil where it has ended while pictures of the new size were on their way, and no other could be started.
    var encoder: EncoderStub?
    /// The encoder is open; pictures of the new size have been asked for.
    var awaitsPicture = false
    let done: @Sendable (BroadcastError?) -> Void
}

/// Changes on air. All but the bitrate is a takeover to an encoder that is opened beside the one on air: where it can't
/// be opened, nothing has changed.
extension Broadcast {
    /// Changes settings.
    /// - Parameter done: called once, with an error when everything stays as it was.
    func change(_ change: SettingsChange, done: @escaping @Sendable (BroadcastError?) -> Void) {
        if let error = refusalOfChange() { return done(error) }
        let new = change.applied(to: settings)
        guard new != settings else { return done(nil) }
        do throws(BroadcastError) {
            try new.checkRanges()
            try new.checkLevel()
        } catch { return done(error) }
        var inPlace = settings
        inPlace.videoBitsPerSecond = new.videoBitsPerSecond
        inPlace.minimumVideoBitsPerSecond = new.minimumVideoBitsPerSecond
        inPlace.congestion = new.congestion
        guard inPlace == new else { return begin(new, done) }
        let isBitrate = new.videoBitsPerSecond != settings.videoBitsPerSecond
        settings = new
        if isBitrate { reconfigureBitrate() }
        done(nil)
    }

    /// Starts a part anew, which is how a new version of its program goes on air.
    func restart(_ part: RestartablePart, done: @escaping @Sendable (BroadcastError?) -> Void) {
        if let error = refusalOfChange() { return done(error) }
        switch part {
        case .encoder: begin(settings, done)
        case .plugins:
            do throws(BroadcastError) { try chain?.restart() } catch { return done(error) }
            done(nil)
        case .source:
            for source in sources where source.stub != nil {
                post(child(source.slot.name), .child(.restarting))
                source.stub?.child.hangUp()
            }
            done(nil)
        }
    }

    /// Changes the chain of plugins.
    /// - Parameter done: called once: with nil when the change is in effect, with an error when nothing has changed.
    func change(_ change: PluginChange, done: @escaping @Sendable (BroadcastError?) -> Void) {
        guard let chain, state == .onAir else {
            return done(BroadcastError(.control, "the broadcast is not on air", advice: "try again when it is"))
        }
        guard settings.children != .encoder else {
            return done(BroadcastError(.control, "this broadcast has no plugin host", advice: "use another run mode"))
        }
        chain.change(change, done: done)
    }

    private func refusalOfChange() -> BroadcastError? {
        guard state == .onAir else {
            return BroadcastError(.control, "the broadcast is not on air", advice: "try again when it is")
        }
        guard settings.children != .plugins else {
            return BroadcastError(
                .control, "the encoder was not started by this master",
                advice: "end it and connect one with other settings, or use another run mode")
        }
        guard change == nil else {
            return BroadcastError(.control, "another change is under way", advice: "try again in a moment")
        }
        return nil
    }

    private func reconfigureBitrate() {
        // What is set by hand is tried as it is, whatever the links could carry before.
        outputs.change(.init(settings), isSetByHand: true)
        post(.encoder, .encoder(.bitrateSet(bitsPerSecond: Int(settings.videoBitsPerSecond))))
    }

    private func begin(_ new: BroadcastSettings, _ done: @escaping @Sendable (BroadcastError?) -> Void) {
        do throws(BroadcastError) {
            let encoder = try launchEncoder(wantedSettings(new), as: "next encoder")
            change = PlannedChange(settings: new, encoder: encoder, done: done)
        } catch { done(error) }
    }

    func changeFailed(_ problem: String) {
        guard let failed = change else { return }
        change = nil
        retire(failed.encoder)
        post(.encoder, .encoder(.notChanged(reason: Reason(BroadcastError.Kind.encoder.rawValue, problem))))
        failed.done(BroadcastError(.encoder, problem, advice: "everything stays as it was"))
        topUpSpares(after: .zero)
    }

    /// The next encoder is gone before its first frame. When pictures of the new size have been asked for there is no
    /// way back: another one is opened.
    func nextEncoderEnded(_ end: ChildEnd) {
        guard let waiting = change, waiting.awaitsPicture else {
            return changeFailed("the new encoder ended: \(end.cause)")
        }
        post(
            child("next encoder"),
            .child(
                .died(
                    pid: nil, cause: "\(end.cause)", frame: nil, uncommitted: nil, plugin: nil, call: nil,
                    standardError: nil)))
        change?.encoder = try? launchEncoder(wantedSettings(waiting.settings), as: "next encoder")
    }

    /// The broadcast ends before the change: whoever waits for it is told.
    func abandonChange() {
        guard let abandoned = change else { return }
        change = nil
        retire(abandoned.encoder)
        abandoned.done(BroadcastError(.control, "the broadcast ended before the change was made"))
    }

    /// The next encoder is open: frames go to it from now on, or from the first picture of the new size.
    func changeIsReady() {
        guard let ready = change, !ready.awaitsPicture else { return }
        guard state == .onAir else { return abandonChange() }
        guard ready.settings.canvas != settings.canvas else { return completeChange() }
        let old = settings
        let oldSlate = slate
        settings = ready.settings
        do throws(BroadcastError) { try makeSlate() } catch {
            settings = old
            slate = oldSlate
            return changeFailed("pictures of the new size can't be had: \(error.problem)")
        }
        change?.awaitsPicture = true
        // What is left of the old size is shown until the source gives the new one.
        for source in sources { source.stub?.child.hangUp() }
        chain?.change(settings.canvas)
    }

    /// Opens the run that begins with `frame`, where there is one to open.
    func openRunIfDue(at frame: TimelineFrame) {
        if let waiting = change, waiting.awaitsPicture,
            pools.canvas(of: frame.slot.pool) == waiting.settings.canvas
        {
            completeChange()
        }
        openPairIfDue(at: frame.frame)
    }

    private func completeChange() {
        guard let done = change else { return }
        change = nil
        settings = done.settings
        // What has been changed meanwhile is not undone.
        settings.destinations = outputs.destinations
        settings.plugins = chain?.choices ?? []
        ladder.leaveSafety()
        openRun(wantedSettings(settings), encoder: done.encoder)
        post(
            .encoder,
            .encoder(
                .changed(
                    canvas: "\(settings.canvas)", preset: settings.preset, frame: nextFrame,
                    pid: done.encoder?.child.pid ?? 0)))
        done.done(nil)
        topUpSpares(after: .milliseconds(250))
        if slateLoop?.configuration.canvas != settings.canvas { scheduleSlate() }
    }

    // MARK: safe settings

    /// What any encoder can do: nothing that is held back, nothing that is exotic.
    var safeSettings: EncodingSettings {
        var safe = wantedSettings(settings)
        safe.video.preset = "veryfast"
        safe.video.tune = "zerolatency"
        safe.video.profile = "baseline"
        safe.video.bframes = 0
        safe.video.threads = 0
        return safe
    }

    /// Tries the settings that the user wants again after a while, each time after twice as long.
    func scheduleReturnFromSafety() {
        let patience = safetyPatience
        safetyPatience = min(patience * 2, .seconds(600))
        reactor.schedule(at: .now.advanced(by: patience)) { [weak self] in
            self?.assumeIsolated { $0.returnFromSafety() }
        }
    }

    private func returnFromSafety() {
        guard state == .onAir, ladder.isSafe else { return }
        guard change == nil, slateOnAir == nil, currentRun?.hasWorked ?? false else {
            return scheduleReturnFromSafety()
        }
        post(.encoder, .encoder(.wantedSettings))
        begin(settings) { [weak self] error in
            guard error != nil, let self else { return }
            self.assumeIsolated { $0.scheduleReturnFromSafety() }
        }
    }
}
