import BulkheadChain
import BulkheadCopying
import BulkheadEncoding
import BulkheadEvents
import BulkheadInputs
import BulkheadLinks
import BulkheadMedia
import BulkheadModel
import BulkheadOutputs
import BulkheadProgram
import BulkheadSystem

extension BroadcastStatus {
    /// What is to be said as long as inputs are only opened.
    init(opening inputs: InputsSnapshot, _ outputs: OutputsSnapshot, isOver: Bool) {
        self.init(
            state: isOver ? .ended : .starting, children: inputs.inputs.map(\.child) + outputs.children,
            links: outputs.statuses,
            secondsOnAir: 0, frames: 0, framesCommitted: 0, framesUncommitted: 0, framesRepeated: 0, framesSkipped: 0,
            framesUnfiltered: 0, framesSlated: 0, standby: StandbyChoice.off.rawValue, framesPerSecond: 0,
            bitsPerSecond: 0, showing: .slate, encoderAddress: "", plugins: [])
        self.inputs = inputs.inputs.map { InputStatus($0, seen: [], missing: [], heard: []) }
        hasSent = outputs.hasSent
        recordings = outputs.recordings
        replay = outputs.replay
    }

    /// What is to be said of a stream that is passed on without being encoded.
    init(
        _ state: Broadcast.State, _ inputs: InputsSnapshot, _ copying: CopyingSnapshot, _ outputs: OutputsSnapshot,
        _ committed: inout RateMeter
    ) {
        let phase: BroadcastPhase =
            switch state {
            case .starting: .starting
            case .onAir: .onAir
            case .ending: .ending
            case .ended: .ended
            }
        let frames = copying.framesCopied + copying.framesSlated
        self.init(
            state: phase, children: inputs.inputs.map(\.child) + outputs.children, links: outputs.statuses,
            secondsOnAir: copying.reached.seconds, frames: frames, framesCommitted: frames, framesUncommitted: 0,
            framesRepeated: 0, framesLeftOut: copying.framesLeftOut, framesSkipped: 0, framesUnfiltered: 0,
            framesSlated: copying.framesSlated, standby: StandbyChoice.off.rawValue,
            framesPerSecond: committed.samplesPerSecond(at: .now),
            timelineFramesPerSecond: copying.framesPerSecond, bitsPerSecond: committed.bitsPerSecond(at: .now),
            showing: copying.isSlateOnAir ? .slate : .picture, encoderAddress: "", plugins: [])
        isCopied = true
        hasSent = outputs.hasSent
        recordings = outputs.recordings
        replay = outputs.replay
        let shown: Set<InputID> = copying.isSlateOnAir ? [] : Set([copying.input].compactMap { $0 })
        self.inputs = inputs.inputs.map { InputStatus($0, seen: shown, missing: [], heard: shown) }
    }

    /// What the rooms say of themselves, as a user sees it.
    init(
        _ state: Broadcast.State, _ inputs: InputsSnapshot, _ program: ProgramSnapshot, _ chain: ChainSnapshot,
        _ encoding: EncodingSnapshot, _ outputs: OutputsSnapshot, _ committed: inout RateMeter, frameRate: FrameRate,
        encoderAddress: String
    ) {
        let phase: BroadcastPhase =
            switch state {
            case .starting: encoding.awaitsForeignEncoder ? .waitingForEncoder : .starting
            case .onAir: encoding.awaitsForeignEncoder ? .waitingForEncoder : .onAir
            case .ending: .ending
            case .ended: .ended
            }
        self.init(
            state: phase,
            children: encoding.children + chain.children + program.mixer.inUse + inputs.inputs.map(\.child)
                + outputs.children,
            links: outputs.statuses, secondsOnAir: frameRate.time(of: program.nextFrame).seconds,
            frames: Int(clamping: program.nextFrame), framesCommitted: encoding.framesCommitted,
            framesUncommitted: encoding.framesUncommitted, framesRepeated: program.framesRepeated,
            framesLeftOut: program.framesLeftOut,
            framesSkipped: program.framesSkipped + encoding.framesSkipped, framesUnfiltered: chain.framesUnfiltered,
            framesSlated: encoding.framesSlated,
            standby: encoding.isInLockstep ? "in lockstep" : encoding.standby.rawValue,
            framesPerSecond: committed.samplesPerSecond(at: .now), timelineFramesPerSecond: frameRate.framesPerSecond,
            bitsPerSecond: committed.bitsPerSecond(at: .now),
            encoderBitsPerSecond: encoding.bitsPerSecond,
            showing: encoding.isSlateOnAir ? .slateWithoutEncoder : program.showing.content,
            encoderAddress: encoding.awaitsForeignEncoder ? "unix:\(encoderAddress)" : "", plugins: chain.plugins)
        hasSent = outputs.hasSent
        recordings = outputs.recordings
        replay = outputs.replay
        scenes = program.scenes
        scene = program.scene
        preparedScene = program.prepared
        sound = program.sound
        self.inputs = inputs.inputs.map { input in
            var status = InputStatus(input, seen: program.seen, missing: program.missing, heard: program.heard)
            status.backup = program.backups[input.id]
            return status
        }
    }
}

extension InputStatus {
    fileprivate init(
        _ input: InputsSnapshot.Input, seen: Set<InputID>, missing: Set<InputID>,
        heard: Set<InputID>
    ) {
        self.init(
            id: input.id, name: input.name, state: input.child.state, summary: input.summary,
            isShown: seen.contains(input.id), isMissing: missing.contains(input.id), isHeard: heard.contains(input.id),
            hasPicture: input.hasPicture, failure: input.failure, playlist: input.playlist)
        backupOf = input.backupOf
        bitsPerSecond = input.bitsPerSecond
        packetsDropped = input.packetsDropped
        roundTripMilliseconds = input.roundTripMilliseconds
        srt = input.srt
    }
}

extension ShownPicture {
    /// As status says it.
    fileprivate var content: ShownContent {
        switch self {
        case .picture: .picture
        case .lastPicture: .lastPicture
        case .slate: .slate
        }
    }
}

extension MixerSnapshot {
    /// The mixers that there are, or were: none is started as long as there is one picture alone.
    fileprivate var inUse: [ChildStatus] { children.filter { $0.pid != nil || $0.restarts > 0 } }
}
