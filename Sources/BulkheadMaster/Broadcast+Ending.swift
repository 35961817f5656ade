import BulkheadChain
import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
import BulkheadLinks
import BulkheadMedia
import BulkheadModel
import BulkheadOutputs
import BulkheadSystem
import BulkheadWire

/// The wanted end: nothing that was on the timeline is left out.
extension Broadcast {
    /// Ends the broadcast cleanly; asked a second time, at once.
    func stop() {
        switch state {
        case .starting: end()
        case .onAir: endTimeline()
        case .ending:
            // What still waits is given up.
            outputs.abort()
            end()
        case .ended: outputs.abort()
        }
    }

    /// No more ticks: what the filter and the encoder hold is asked for.
    func endTimeline() {
        guard state == .onAir else { return }
        state = .ending
        endingSince = .now
        post(.timeline, .timeline(.ending))
        chain?.enter(.ending)
        for source in sources { source.stub?.child.hangUp() }
        finishIfDrained()
    }

    /// Asks the encoder for what it holds once the last frame has been given to it.
    func finishIfDrained() {
        guard !flushIsSent, chain?.isDrained ?? true else { return }
        flushIsSent = true
        abandonChange()
        // Without an encoder the next one is asked, once it has been given all again.
        currentRun?.close()
        if encoderSlot.state == .waiting { return end() }
        if slateOnAir != nil { currentRun?.isFlushed = true }
        drainRuns()
    }
}

extension Broadcast {
    /// Encoders that stand by for the one on air.
    private var standbys: [EncoderStub] { (currentRun?.shadow).map { [$0] } ?? spares }

    func status() -> BroadcastStatus {
        var children = [encoderSlot.status(currentRun?.encoder?.child)]
        if settings.standby != .off, settings.children != .plugins {
            children += standbys.isEmpty ? [spareSlot.status(nil)] : standbys.map { spareSlot.status($0.child) }
        }
        let chain = chain?.snapshot
        children += chain?.children ?? []
        children += sources.map { $0.slot.status($0.stub?.child) }
        let words =
            switch state {
            case .starting: encoderSlot.state == .waiting ? "waiting for an encoder" : "starting"
            case .onAir: encoderSlot.state == .waiting ? "waiting for an encoder" : "on air"
            case .ending: "ending"
            case .ended: "ended"
            }
        return BroadcastStatus(
            state: words, children: children, links: outputs.snapshot.statuses,
            secondsOnAir: frameRate.time(of: nextFrame).seconds, frames: Int(clamping: nextFrame),
            framesCommitted: framesCommitted, framesUncommitted: uncommittedCount,
            framesRepeated: framesRepeated, framesSkipped: framesSkipped, framesUnfiltered: chain?.framesUnfiltered ?? 0,
            framesSlated: framesSlated, standby: currentRun?.shadow == nil ? settings.standby.rawValue : "in lockstep",
            framesPerSecond: committedRate.samplesPerSecond(at: .now),
            bitsPerSecond: committedRate.bitsPerSecond(at: .now), encoderBitsPerSecond: Int(effectiveBitsPerSecond),
            showing: slateOnAir == nil ? showing : "slate without an encoder",
            encoderAddress: encoderSlot.state == .waiting ? "unix:\(encoderAddress ?? "")" : "", 
            plugins: chain?.plugins ?? [])
    }
}
