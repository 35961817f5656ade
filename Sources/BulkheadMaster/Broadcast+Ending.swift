import BulkheadChain
import BulkheadChildren
import BulkheadEncoding
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
        encoding.beginEnding()
        for source in sources { source.stub?.child.hangUp() }
        finishIfDrained()
    }

    /// Asks the encoder for what it holds once the last frame has been given to it.
    func finishIfDrained() {
        guard !flushIsSent, chain?.isDrained ?? true else { return }
        flushIsSent = true
        encoding.finish()
    }
}

extension Broadcast {
    func status() -> BroadcastStatus {
        let encoding = encoding.snapshot
        var children = encoding.children
        let chain = chain?.snapshot
        children += chain?.children ?? []
        children += sources.map { $0.slot.status($0.stub?.child) }
        let words =
            switch state {
            case .starting: encoding.awaitsForeignEncoder ? "waiting for an encoder" : "starting"
            case .onAir: encoding.awaitsForeignEncoder ? "waiting for an encoder" : "on air"
            case .ending: "ending"
            case .ended: "ended"
            }
        return BroadcastStatus(
            state: words, children: children, links: outputs.snapshot.statuses,
            secondsOnAir: frameRate.time(of: nextFrame).seconds, frames: Int(clamping: nextFrame),
            framesCommitted: encoding.framesCommitted, framesUncommitted: encoding.framesUncommitted,
            framesRepeated: framesRepeated, framesSkipped: framesSkipped + encoding.framesSkipped, framesUnfiltered: chain?.framesUnfiltered ?? 0,
            framesSlated: encoding.framesSlated,
            standby: encoding.isInLockstep ? "in lockstep" : encoding.standby.rawValue,
            framesPerSecond: committed.rate.samplesPerSecond(at: .now),
            bitsPerSecond: committed.rate.bitsPerSecond(at: .now), encoderBitsPerSecond: encoding.bitsPerSecond,
            showing: encoding.isSlateOnAir ? "slate without an encoder" : showing,
            encoderAddress: encoding.awaitsForeignEncoder ? "unix:\(encoderAddress ?? "")" : "",
            plugins: chain?.plugins ?? [])
    }
}
