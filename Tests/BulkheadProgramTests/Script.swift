import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadProgram
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire
import Testing

/// A program's machine at 25 frames a second, with a clock that only the test moves.
struct Script {
    var machine: ProgramMachine
    private let start = MonotonicTime(nanoseconds: 9_000_000_000_000)
    private(set) var milliseconds: Int64 = 0
    private var lastSlot: UInt32 = 0
    /// Slots of pictures that were let go of when they or others came.
    private(set) var passedOver: [UInt32] = []
    var load = FrameLoad(frames: 0, held: 0, limit: 50, hasRoom: true, isWorking: true)

    init(
        isFast: Bool = false, slateAfter: Duration = .seconds(3), patience: Int64 = 100, seconds: Double? = nil,
        awaitsViewers: Bool = false, firstFrame: FrameNumber = 0, framesBefore: Int64 = 0
    ) throws {
        let frameRate = try #require(FrameRate(25))
        var settings = ProgramSettings(
            frameRate: frameRate, canvas: try #require(Canvas(width: 640, height: 360)), isFast: isFast,
            slateAfter: slateAfter,
            patience: MediaTime(milliseconds: patience), durationSeconds: seconds,
            durationAwaitsViewers: awaitsViewers)
        (settings.firstFrame, settings.framesBefore) = (firstFrame, framesBefore)
        machine = ProgramMachine(settings, at: start)
    }

    var now: MonotonicTime { start.advanced(by: .milliseconds(milliseconds)) }

    mutating func wait(_ milliseconds: Int64) { self.milliseconds += milliseconds }

    @discardableResult
    mutating func handle(_ event: ProgramMachine.Event) -> [ProgramMachine.Action] { machine.handle(event, at: now) }

    mutating func add(_ input: InputID, _ description: SourceDescription) {
        handle(.inputExpected(input, name: "source \(input)", isKept: false))
        handle(.inputOpened(input, description))
    }

    /// A picture of that source time comes.
    /// - Returns: its slot; nil where it is not taken.
    @discardableResult
    mutating func picture(_ milliseconds: Int64, of input: InputID = 1) -> SlotReference? {
        lastSlot += 1
        let slot = SlotReference(pool: UInt32(input.number), slot: lastSlot)
        let time = MediaTime(milliseconds: milliseconds)
        let picture = Picture(slot: slot, pts: time, position: time)
        let isTaken = machine.push(picture, of: input, at: now) { passedOver.append($0.slot) }
        return isTaken ? slot : nil
    }

    /// What each sample of input 1 is.
    static let level: Float = 1 / 16

    /// Sound comes, each sample of which is the number of its input times ``level``.
    @discardableResult
    mutating func sound(from: Int64, to: Int64, of input: InputID = 1) -> Int64 {
        let start = MediaTime(milliseconds: from).sampleIndex
        let count = Int(MediaTime(milliseconds: to).sampleIndex - start)
        return machine.push(
            sound: [Float](repeating: Float(input.number) * Self.level, count: count * AudioFormat.channelCount),
            from: start, of: input, at: now)
    }

    @discardableResult
    mutating func tick() -> [ProgramMachine.Action] { handle(.tick(load)) }

    var isDue: Bool {
        // Feeds that this lays on the timeline are laid there by the tick as well.
        var machine = machine
        return machine.isDue(load, at: now)
    }
}

extension [ProgramMachine.Action] {
    /// What stands in the frame that the actions give: a slot's number, `slate`, or nothing.
    var shown: String? {
        for action in self {
            switch action {
            case .give(_, let slot): return "\(slot.slot)"
            case .giveSlate: return "slate"
            default: break
            }
        }
        return nil
    }

    /// The blocks of sound.
    var sound: [AudioLedger.Block] { compactMap { if case .giveSound(let block) = $0 { block } else { nil } } }
    var posts: [TimelineHappening] { compactMap { if case .post(let happening) = $0 { happening } else { nil } } }
    var uses: [ProgramMachine.Action] { filter { if case .use = $0 { true } else { false } } }
    var released: [UInt32] { compactMap { if case .release(let slot) = $0 { slot.slot } else { nil } } }
}

extension SourceDescription {
    static func file(video: Bool = true, audio: Bool = true) -> SourceDescription {
        SourceDescription(
            hasVideo: video, hasAudio: audio, isLive: false, duration: 60_000_000_000, summary: "a file")
    }
    static func camera(audio: Bool = false) -> SourceDescription {
        SourceDescription(hasVideo: true, hasAudio: audio, isLive: true, duration: -1, summary: "a camera")
    }
}
