import BulkheadCommands
import BulkheadEvents
import BulkheadModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct EventSentenceTests {
    @Test(
        arguments: [
            (.encoder(1, .standby), .child(.ready(pid: 12, plugins: nil)), "ready"),
            (.pluginHost(2), .child(.ready(pid: 12, plugins: [])), "ready, without plugins"),
            (.pluginHost(2), .child(.ready(pid: 12, plugins: ["logo", "text"])), "ready with logo, text"),
            (.encoder(1), .child(.tookOver(pid: 12, was: .twin, frame: nil)), "the twin in lockstep took over"),
            (
                .pluginHost(2), .child(.tookOver(pid: 12, was: .next, frame: 9)),
                "the next process took over from frame 9 on"
            ),
            (
                .encoder(1), .child(.recovered(milliseconds: 84, framesLate: 3, cause: "SIGSEGV")),
                "working again after 84 ms (SIGSEGV)"
            ),
            (
                .timeline, .timeline(.skipping(cause: .slowEncoder)),
                "skipping frames: the encoder can't keep up; try a faster --preset, a smaller --size or a lower --fps"
            ),
            (
                .timeline, .timeline(.gaveUp(frames: 1, seconds: 10)),
                "gave up: the last 1 frame couldn't be encoded within 10 s"
            ),
            (
                .timeline, .timeline(.showing(picture: .slate, isStandIn: true)),
                "showing the slate instead of the input"
            ),
            (
                .link(1, name: "link 1"), .link(.congested(bitsPerSecond: 900_000, wanted: 2_500_000)),
                "can't keep up; video bitrate lowered to 900 kbit/s"
            ),
            (
                .encoder, .encoder(.bitrateRaised(bitsPerSecond: 2_500_000, wanted: 2_500_000)),
                "video bitrate back at 2500 kbit/s"
            ),
            (
                .link(1, name: "main"),
                .link(.restored(server: "a.example", gapMilliseconds: 1900, backfillMilliseconds: 400)),
                "on air again after 1.9 s, with 400 ms to catch up"
            ),
            (
                .link(1, name: "main"), .link(.stalled(sign: .notReading)),
                "the server has stopped reading; the connection may be lost"
            ),
            (
                .plugin(1, name: "logo"), .plugin(.switchedOff(cause: "SIGSEGV", deaths: 4)),
                "ended its host again (SIGSEGV); off until `bulkhead plugin pardon logo`"
            ),
            (
                .source(1, name: "source 1"),
                .source(
                    .skipped(positionSeconds: 12.5, seconds: 2, isRepeated: false, goal: .position, goalSeconds: 14.5)),
                "crashed twice at 12.5 s; skipping to 14.5 s"
            ),
            (.viewer, .viewer(.outOfSync(milliseconds: -80)), "the audio is 80 ms early"),
            (.viewer, .viewer(.framesLost(frame: 100, frames: 3)), "frames 100 to 102 are missing"),
        ] as [(Part, Happening, String)])
    func happeningsHaveSentences(part: Part, happening: Happening, sentence: String) {
        #expect(EventSentence.text(happening, of: part) == sentence)
    }

    /// What stands for a byte of a name that is no UTF-8 says nothing to a person.
    @Test func bytesOfNamesAreShownByTheirNumbers() {
        #expect(EventLine.clean("caf\u{10FEE9}.mp4\n") == "caf\\xE9.mp4 ")
        #expect(EventLine.clean("café \u{1F3A5}") == "café \u{1F3A5}")
    }

    @Test func deathNamesPluginAndCall() {
        let death = Happening.child(
            .died(
                pid: 12, cause: "SIGSEGV", frame: 250, uncommitted: nil, plugin: "logo", call: .video,
                standardError: nil))
        #expect(
            EventSentence.text(death, of: .pluginHost(1)) == "ended: SIGSEGV in plugin logo, while processing a picture"
        )
    }

    /// Numbers come from other processes; a sentence must not trap on them.
    @Test func numbersAtTheEdgeOfTheirRangeAreTold() {
        let happenings: [Happening] = [
            .viewer(.framesLost(frame: .max, frames: .max)), .viewer(.framesLost(frame: .min, frames: .min)),
            .viewer(.outOfSync(milliseconds: .min)), .timeline(.gaveUp(frames: .min, seconds: .infinity)),
            .link(.renewed(originSeconds: .nan)), .link(.serverAnswers(server: "a", milliseconds: -.infinity)),
            .link(.restored(server: "a", gapMilliseconds: .min, backfillMilliseconds: .max)),
        ]
        for happening in happenings { #expect(!EventSentence.text(happening, of: .viewer).isEmpty) }
    }
}
