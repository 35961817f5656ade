import BulkheadEncoding
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(1))) struct EncoderStateTests {
    private let settings: EncodingSettings
    private static let start = MonotonicTime(nanoseconds: 1_000_000_000)

    init() throws {
        var settings = try #require(try Studio.onAir().settings.values.first)
        // Without it an encoder may hold frames.
        settings.video.tune = ""
        self.settings = settings
    }

    private static func after(_ milliseconds: Int64) -> MonotonicTime {
        start.advanced(by: .milliseconds(milliseconds))
    }

    private func state(delay: UInt32? = 0, isForeign: Bool = false) throws -> EncoderState {
        var state = EncoderState(pid: 1, isForeign: isForeign, settings, at: Self.start)
        if let delay {
            state.opened(try #require(ready(delay: delay)), at: Self.start)
        }
        return state
    }

    private func ready(delay: UInt32 = 0, depth: UInt32 = 0, record: Int = 7, audio: [UInt8] = [1])
        -> EncoderState.Ready?
    {
        EncoderState.Ready(
            avcConfiguration: [UInt8](repeating: 1, count: record), audioSpecificConfig: audio, maximumDelay: delay,
            reorderDepth: depth, of: settings.video)
    }

    private static func unit(_ frame: FrameNumber) -> EncoderReply {
        .accessUnit(AccessUnit(frame: frame, isIDR: false, isDisposable: false, bytes: [1]))
    }

    /// The deadline that has passed at so many milliseconds, with a frame each 40 ms.
    private func late(_ state: EncoderState, _ milliseconds: Int64, isFast: Bool = false, patience: Int = 1)
        -> Duration?
    {
        state.isLate(
            at: Self.after(milliseconds), interval: MediaTime(milliseconds: 40), isFast: isFast, patience: patience)
    }

    @Test func whatAnEncoderSaysOfItselfHasRanges() {
        let longest = UInt32(settings.video.longestDelay())
        #expect(ready(delay: longest, depth: 16) != nil)
        #expect(ready(delay: longest + 1) == nil && ready(depth: 17) == nil)
        #expect(ready(record: 6) == nil && ready(audio: []) == nil)
    }

    @Test func openingHasADeadline() throws {
        let state = try state(delay: nil)
        #expect(late(state, 5000) == nil)
        #expect(late(state, 5001) == EncoderDeadlines.opening)
    }

    @Test func encoderThatWasGivenNothingOwesNothing() throws {
        var state = try state()
        #expect(state.owesSince == nil && !state.wasUsed && late(state, 60_000) == nil)
        state.gaveSound()
        #expect(state.wasUsed && state.owesSince == nil)
    }

    @Test func framesBeyondItsDelayAreOwed() throws {
        var state = try state(delay: 2)
        state.gaveFrame(at: Self.after(10))
        state.gaveFrame(at: Self.after(20))
        #expect(state.owesSince == nil)
        state.gaveFrame(at: Self.after(30))
        state.gaveFrame(at: Self.after(40))
        #expect(state.owesSince == Self.after(30), "since the first that is owed")
        try state.answered(Self.unit(0), at: Self.after(100))
        #expect(state.owesSince == Self.after(100), "one more is owed: its time begins anew")
        try state.answered(Self.unit(1), at: Self.after(110))
        #expect(state.owesSince == nil)
    }

    /// Half a second or fifteen frames; before the first answer also the frames that it looks ahead at.
    @Test func answersHaveADeadline() throws {
        var state = try state(delay: 5)
        for frame in 0..<6 { state.gaveFrame(at: Self.after(Int64(frame))) }
        #expect(late(state, 5 + 800) == nil)
        #expect(late(state, 5 + 801) == .milliseconds(800), "20 frames before the first answer")
        try state.answered(Self.unit(0), at: Self.after(100))
        state.gaveFrame(at: Self.after(100))
        #expect(late(state, 100 + 600) == nil)
        #expect(late(state, 100 + 601) == .milliseconds(600))
        #expect(late(state, 100 + 1201, patience: 3) == nil)
        #expect(late(state, 100 + 19_000, isFast: true) == nil)
        #expect(late(state, 100 + 20_001, isFast: true) == EncoderDeadlines.encodingFast)
    }

    @Test func flushIsOwedUntilAllHasCome() throws {
        var state = try state(delay: 10)
        state.gaveFrame(at: Self.after(0))
        state.askedToFlush(at: Self.after(50))
        #expect(state.owesSince == Self.after(50))
        try state.answered(Self.unit(0), at: Self.after(60))
        #expect(state.owesSince == Self.after(50), "the flush itself")
        try state.answered(.flushed, at: Self.after(70))
        #expect(state.owesSince == nil)
    }

    @Test func silentStandbyIsAskedForASignOfLife() throws {
        var state = try state()
        #expect(!state.wantsProbe(at: Self.after(500)) && state.wantsProbe(at: Self.after(501)))
        state.probed(at: Self.after(510))
        #expect(!state.wantsProbe(at: Self.after(2000)), "it owes an answer already")
        #expect(late(state, 510 + 601) != nil)
        try state.answered(.alive, at: Self.after(520))
        #expect(state.owesSince == nil && !state.wantsProbe(at: Self.after(1000)))
    }

    @Test func encoderThatIsDebuggedMayStandStill() throws {
        var foreign = try state(isForeign: true)
        foreign.gaveFrame(at: Self.after(0))
        #expect(foreign.owesSince != nil && late(foreign, 60_000) == nil)
        let silent = try state(delay: nil, isForeign: true)
        #expect(late(silent, 5001) == EncoderDeadlines.opening, "one that never opens is let go")
    }
}
