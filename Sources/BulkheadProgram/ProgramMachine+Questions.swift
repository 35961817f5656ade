package import BulkheadEvents
package import BulkheadMedia
package import BulkheadModel
package import BulkheadTimeline
import BulkheadWire

/// What can be asked of the machine, and changes nothing.
extension ProgramMachine {
    /// The inputs whose pictures are seen.
    package var seen: Set<InputID> { content.staging.seen }
    package var isRunning: Bool { phase == .running }
    package var shown: ShownPicture { content.showing.shown }
    /// Inputs of the scene in whose place a card stands.
    package var missing: Set<InputID> { content.missing }
    package var nextBlock: Int64 { desk.nextBlock }
    /// The inputs that are heard.
    package var heard: [InputID] { desk.heard }
    /// Where inputs go on behind the frame that was given last: those that can wait, and have been shown or heard.
    package var places: [InputID: FeedPlace] {
        lines.inputs.reduce(into: [:]) { $0[$1] = lines[$1]?.feed?.place(at: clock.nextTime, interval: clock.interval) }
    }

    // MARK: inputs

    /// Which input a person means by `word`: its number, also as `source 2`, or its name; nil where there is none.
    package func input(called word: String) -> InputID? {
        let word = word.lowercased()
        return lines.inputs.first { input in
            lines[input]?.name.lowercased() == word || ["\(input)", "source \(input)", "input \(input)"].contains(word)
        }
    }

    /// What inputs that have a picture are called.
    package var shownNames: [String] {
        lines.inputs.filter { lines[$0]?.feed?.description.hasVideo == true && !standIns.isBackup($0) }
            .compactMap { lines[$0]?.name }
    }

    /// It is open, and has no picture by its nature.
    package func isSoundOnly(_ input: InputID) -> Bool { lines[input]?.feed?.description.hasVideo == false }

    /// What all inputs are called.
    package var names: [String] { lines.inputs.compactMap { lines[$0]?.name } }

    package func name(of input: InputID) -> String? { lines[input]?.name }

    /// Whether the picture of an input can be shown.
    package func canTake(_ input: InputID) -> Bool {
        let input = standIns.shown(for: input)
        guard let feed = lines[input]?.feed, feed.description.hasVideo else { return false }
        return !feed.hasEnded || feed.pictures.current != nil || feed.pictures.count > 0
    }

    /// What the program knows of an input, for a switch.
    func state(of input: InputID) -> InputState {
        var state = InputState()
        guard let line = lines[input], let feed = line.feed else { return state }
        state.isOpen = line.isOpen
        state.isLive = feed.description.isLive
        state.hasPicture = feed.description.hasVideo
        state.hasSound = feed.description.hasAudio
        state.hasSomething =
            state.hasPicture
            ? feed.pictures.current != nil || feed.pictures.count > 0 : feed.samples.end > feed.samples.start
        state.stands = feed.stands
        state.hasEnded = feed.hasEnded
        if let picture = feed.description.picture, !picture.hasVariableRate, picture.rateDenominator > 0 {
            state.framesPerSecond = Double(picture.rateNumerator) / Double(picture.rateDenominator)
        }
        state.canvas = feed.description.picture.flatMap { Canvas(width: Int($0.width), height: Int($0.height)) }
        return state
    }

    // MARK: pictures and sound

    /// The next frame is made of several pictures, or of one that is not shown as it comes.
    package var isMixed: Bool { content.staging.unmixed == nil && !content.staging.isEmpty }

    /// The first frame whose sound is not made yet.
    package var nextHeardFrame: FrameNumber {
        max(clock.nextFrame, settings.frameRate.frame(at: AudioFormat.time(ofBlock: nextBlock)))
    }

    /// The program's sound, and that of all inputs that have some.
    package var soundStatus: ProgramSoundStatus {
        desk.status(
            of: lines.inputs.compactMap { input in
                guard let line = lines[input], line.feed?.description.hasAudio == true else { return nil }
                return (input, line.name)
            })
    }
}
