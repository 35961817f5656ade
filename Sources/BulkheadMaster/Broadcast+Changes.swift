import BulkheadChain
import BulkheadChildren
import BulkheadEncoding
import BulkheadEvents
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadOutputs
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire

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
        guard inPlace == new else { return begin(change, done) }
        let isBitrate = new.videoBitsPerSecond != settings.videoBitsPerSecond
        settings = new
        outputs.change(.init(settings), isSetByHand: isBitrate)
        if isBitrate { encoding.want(bitsPerSecond: settings.videoBitsPerSecond) }
        done(nil)
    }

    /// Starts a part anew, which is how a new version of its program goes on air.
    func restart(_ part: RestartablePart, done: @escaping @Sendable (BroadcastError?) -> Void) {
        if let error = refusalOfChange() { return done(error) }
        switch part {
        case .encoder: begin(SettingsChange(), done)
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
        guard !encoding.isChanging else {
            return BroadcastError(.control, "another change is under way", advice: "try again in a moment")
        }
        return nil
    }

    private func reconfigureBitrate() {
        // What is set by hand is tried as it is, whatever the links could carry before.
        outputs.change(.init(settings), isSetByHand: true)
        post(.encoder, .encoder(.bitrateSet(bitsPerSecond: Int(settings.videoBitsPerSecond))))
    }

    private func begin(_ change: SettingsChange, _ done: @escaping @Sendable (BroadcastError?) -> Void) {
        encoding.change(to: WantedEncoding(change.applied(to: settings))) { [weak self] error in
            if error == nil { self?.assumeIsolated { $0.apply(change) } }
            done(error)
        }
    }

    /// The change is in effect; whatever else has been changed meanwhile stays as it is.
    private func apply(_ change: SettingsChange) {
        settings = change.applied(to: settings)
        outputs.change(.init(settings), isSetByHand: false)
    }

    /// Pictures have this size from now on; what is left of the old one is shown until the source gives the new one.
    /// - Returns: why nothing has changed.
    func resize(to canvas: Canvas) -> BroadcastError? {
        let (oldCanvas, oldSlate) = (settings.canvas, slate)
        settings.canvas = canvas
        do throws(BroadcastError) { try makeSlate() } catch {
            (settings.canvas, slate) = (oldCanvas, oldSlate)
            return error
        }
        for source in sources { source.stub?.child.hangUp() }
        chain?.change(canvas)
        return nil
    }
}
