import BulkheadMedia
import BulkheadModel
import BulkheadTestSupport
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct ShortfallTests {
    private static func link(_ name: String, _ state: LinkState, error: String = "") -> LinkStatus {
        LinkStatus(name: name, destination: "rtmp://\(name)", state: state, lastError: error)
    }

    @Test func broadcastToAllHasNone() {
        #expect(BroadcastSummary.shortfall(of: []) == nil)
        #expect(BroadcastSummary.shortfall(of: [Self.link("a", .ended), Self.link("b", .paused)]) == nil)
        // A link that is on its way back at the end has not failed for good.
        #expect(BroadcastSummary.shortfall(of: [Self.link("a", .saved, error: "reset")]) == nil)
    }

    /// `destination` where no destination was left, `destinations` where others had it: their exit codes differ.
    @Test func oneOfOneFails() {
        let error = BroadcastSummary.shortfall(of: [Self.link("a", .failed, error: "the key is wrong")])
        #expect(error?.kind == .destination && error?.problem == "the key is wrong" && error?.advice.isEmpty == false)
    }

    @Test func oneOfTwoFails() {
        let error = BroadcastSummary.shortfall(of: [
            Self.link("a", .ended), Self.link("b", .failed, error: "the disk is full"),
        ])
        #expect(error?.kind == .someDestinations && error?.problem == "b of 2 failed: the disk is full")
    }

    @Test func twoOfThreeFail() {
        let error = BroadcastSummary.shortfall(of: [
            Self.link("a", .failed, error: "x"), Self.link("b", .ended), Self.link("c", .failed, error: "y"),
        ])
        #expect(error?.kind == .someDestinations && error?.problem == "2 of 3 destinations failed, first a: x")
    }

    /// Whoever stops a broadcast that waits, and a job's time limit, learns that nothing was sent.
    @Test func nothingSentIsAFailure() {
        func shortfall(_ sent: [Int], _ states: [LinkState], byRemoved: Bool = false) -> ErrorCode? {
            var status = BroadcastStatus(
                state: .ended, children: [], links: [], secondsOnAir: 0, frames: 0, framesCommitted: 0,
                framesUncommitted: 0, framesRepeated: 0, framesSkipped: 0, framesUnfiltered: 0, framesSlated: 0,
                standby: "warm", framesPerSecond: 0, bitsPerSecond: 0, showing: .slate, encoderAddress: "", plugins: [])
            status.links = zip(sent, states).map { sent, state in
                var link = Self.link("a", state, error: "x")
                link.framesSent = sent
                return link
            }
            status.hasSent = sent.contains { $0 > 0 } || byRemoved
            return BroadcastSummary(status: status).shortfall?.code
        }
        #expect(shortfall([0, 0], [.connecting, .ended]) == .nothingSent)
        #expect(shortfall([0, 1], [.connecting, .ended]) == nil)
        #expect(shortfall([0, 0], [.failed, .failed]) == .destination)
        #expect(shortfall([], []) == nil)
        #expect(shortfall([0], [.connecting], byRemoved: true) == nil)
    }

    @Test func allFail() {
        let error = BroadcastSummary.shortfall(of: [
            Self.link("a", .failed, error: "x"), Self.link("b", .failed, error: "y"),
        ])
        #expect(error?.kind == .destination && error?.problem == "all 2 destinations failed, first a: x")
    }
}

@Suite(.timeLimit(.minutes(1))) struct StatusCodingTests {
    private static func status(_ random: inout SeededGenerator) -> BroadcastStatus {
        func number() -> Int { Int.random(in: 0...1_000_000, using: &random) }
        func some<Value>(_ value: @autoclosure () -> Value) -> Value? { Bool.random(using: &random) ? value() : nil }
        func server() -> LinkServerStatus {
            LinkServerStatus(
                name: "a.example/live", priority: number() % 1001, weight: 1 + number() % 1000,
                state: ServerState.allCases[number() % ServerState.allCases.count],
                roundTripMilliseconds: some(Double(number()) / 8), lastError: some("reset: \"x\"") ?? "")
        }
        let states: [LinkState] = [
            .idle, .connecting, .publishing, .saved, .cleared, .selected, .restored, .stalled, .paused, .writing,
            .failed, .ended,
        ]
        var link = LinkStatus(
            name: "main", destination: "rtmp://a.example/live", state: states[number() % states.count],
            bitsPerSecond: number(), queuedMilliseconds: number(), queuedBytes: number(), framesSent: number(),
            framesShed: number(), reconnects: number(), lastError: "ä")
        link.server = some("a.example/live")
        link.rule = some("priority")
        link.reason = some("it comes first")
        link.acknowledgedSeconds = some(Double(number()) / 16)
        link.roundTripMilliseconds = some(Double(number()) / 8)
        link.servers = some((0..<number() % 4).map { _ in server() })
        let child = ChildStatus(
            part: .encoder(ChildID(number()), Duty.allCases[number() % Duty.allCases.count]),
            pid: some(Int32(number())), state: [.starting, .ready, .waiting, .restarting, .ended][number() % 5],
            restarts: number(), lastEnd: some("SIGSEGV") ?? "", build: some("0.1.0"))
        let pluginStates: [PluginStatus.State] = [.working, .waiting, .disabled, .quarantined, .off, .refused]
        let plugin = PluginStatus(
            name: "glow", plugin: "frei0r:glow", parameters: ["a": "1"], state: pluginStates[number() % 6],
            problem: some("no symbol") ?? "", microsecondsPerFrame: Double(number()) / 4, calls: number(),
            failures: number(), misses: number(), deaths: number(), secondsLeft: some(Double(number()) / 4),
            pid: some(Int32(number())))
        return BroadcastStatus(
            state: .onAir, children: [child], links: [link], secondsOnAir: Double(number()) / 32, frames: number(),
            framesCommitted: number(), framesUncommitted: number(), framesRepeated: number(), framesSkipped: number(),
            framesUnfiltered: number(), framesSlated: number(), standby: "warm",
            framesPerSecond: Double(number()) / 64, timelineFramesPerSecond: some(Double(number()) / 64),
            bitsPerSecond: number(), encoderBitsPerSecond: some(number()), showing: .picture, encoderAddress: "",
            plugins: [plugin])
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func statusesSurviveALine(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let status = Self.status(&random)
            let line = JSONLine.encode(BroadcastSummary(status: status))
            #expect(try JSONLine.decode(BroadcastSummary.self, from: line).status == status)
        }
    }

    /// What is not known is missing, not null: docs/control.md says "missing".
    @Test func whatIsNotKnownIsMissing() throws {
        let link = LinkStatus(name: "a", destination: "file:/a.flv", state: .writing)
        let text = try #require(JSONLine.text(link))
        #expect(!text.contains("null") && !text.contains("server") && !text.contains("acknowledged"))
        let child = ChildStatus(part: .encoder, pid: nil, state: .waiting, restarts: 0, lastEnd: "")
        #expect(try #require(JSONLine.text(child)).contains("pid") == false)
    }

    /// docs/links.md: the words of the states, and what they mean.
    @Test(arguments: [
        ("idle", false, false), ("connecting", false, false), ("publishing", false, false), ("stalled", false, false),
        ("saved", false, true), ("cleared", false, true), ("selected", false, true), ("restored", false, false),
        ("paused", false, false), ("writing", false, false), ("failed", true, false), ("ended", true, false),
    ]) func statesOfLinks(word: String, isOver: Bool, isReconnecting: Bool) throws {
        let state = try #require(LinkState(rawValue: word))
        #expect(state.isOver == isOver && state.isReconnecting == isReconnecting)
    }

    @Test func serverOnAirIsTwoWords() {
        #expect(ServerState.allCases.map(\.rawValue) == ["on air", "well", "untried", "failing", "resting", "refused"])
    }
}

@Suite(.timeLimit(.minutes(1))) struct DecimalTextTests {
    @Test(arguments: [
        (0, 1, "0.0"), (0.04, 1, "0.0"), (0.05, 1, "0.1"), (1.96, 1, "2.0"), (12.34, 1, "12.3"), (0, 2, "0.00"),
        (0.004, 2, "0.00"), (0.006, 2, "0.01"), (1.5, 2, "1.50"), (59.999, 2, "60.00"), (7.07, 2, "7.07"),
        (-1, 1, "0.0"), (Double.nan, 2, "0.00"), (.infinity, 1, "0.0"), (-.infinity, 2, "0.00"),
        (1e300, 1, "1000000000000000.0"),
    ])
    func numbersAreRounded(number: Double, places: Int, text: String) {
        #expect(DecimalText.text(number, places: places) == text)
    }

    /// The text is the number, to half of its last place.
    @Test func everyTextIsNear() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<2000 {
            let number = Double.random(in: 0...100_000, using: &random)
            for (places, half) in [(1, 0.05), (2, 0.005)] {
                let text = DecimalText.text(number, places: places)
                #expect(abs(try #require(Double(text)) - number) <= half + 1e-9)
                #expect(text.split(separator: ".").last?.count == places)
            }
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct QuantityPropertyTests {
    @Test func everyBitRateIsReadAsItIsWritten() {
        var random = SeededGenerator(seed: 12)
        for _ in 0..<5000 {
            let plain = UInt32.random(in: 0...UInt32.max, using: &random)
            let unit = [UInt32(1), 1000, 1_000_000][Int.random(in: 0..<3, using: &random)]
            let bits = plain / unit * unit
            let rate = BitRate(bitsPerSecond: bits)
            #expect(BitRate(rate.description) == rate)
            #expect(rate.description.utf8.count <= "\(bits)".utf8.count)
        }
    }

    /// Hours, minutes, seconds and milliseconds, with units and as on a clock.
    @Test func spansMeanTheSameInBothForms() throws {
        var random = SeededGenerator(seed: 13)
        for _ in 0..<2000 {
            let (hours, minutes, seconds) = (
                Int.random(in: 0..<100, using: &random), Int.random(in: 0..<60, using: &random),
                Int.random(in: 0..<60, using: &random)
            )
            let expected = Double(hours * 3600 + minutes * 60 + seconds)
            #expect(TimeSpan("\(hours)h\(minutes)m\(seconds)s")?.seconds == expected)
            #expect(TimeSpan("\(hours):\(minutes):\(seconds)")?.seconds == expected)
            #expect(TimeSpan("\(hours * 60 + minutes):\(seconds)")?.seconds == expected)
            #expect(TimeSpan("\(Int(expected))")?.seconds == expected)
        }
    }

    /// Numbers are digits: what is refused in one form is refused in all of them.
    @Test(arguments: ["+5", "+1:30", "1:+30", "00:+1:30", "-0", "+5s", "5+s", "1h+5m", "0x10", "٣", "1_000"])
    func signsAreNoPartOfANumber(text: String) {
        #expect(TimeSpan(text) == nil && BitRate(text) == nil)
        for name in ["buffer", "bframes", "encoder-threads", "duration", "slate-after", "keyframe-interval"] {
            #expect(Setting.named(name)?.accepts(text) == false, "\(name)")
        }
    }

    /// The longest decimals that a `Double` is written with are read again: 0.1 + 0.2 has 17 digits.
    @Test(arguments: [0.1 + 0.2, 0.1 + 0.7, 1.0 / 3, 0.12345678901234568, 31_622_399.999999996])
    func everyNumberOfSecondsIsReadAsItIsWritten(seconds: Double) throws {
        #expect(TimeSpan("\(seconds)")?.seconds == seconds)
        let setting = try #require(Setting.named("duration"))
        var settings = BroadcastSettings(
            inputs: [], destinations: [], canvas: try #require(Canvas("720p")), frameRate: try #require(FrameRate(30)),
            durationSeconds: seconds)
        let text = try #require(setting.text(settings))
        try setting.read(text, into: &settings)
        #expect(settings.durationSeconds == seconds)
    }

    /// Nothing that a person can type traps, and all that is read is finite and not negative.
    @Test func nonsenseIsRefusedOrInRange() {
        var random = SeededGenerator(seed: 14)
        let letters = Array("0123456789.:hmskMeE+-_ nainf٣½,x/")
        for _ in 0..<20_000 {
            let length = Int.random(in: 0...12, using: &random)
            let text = String((0..<length).map { _ in letters[Int.random(in: letters.indices, using: &random)] })
            if let span = TimeSpan(text) {
                #expect(span.seconds.isFinite && span.seconds >= 0 && span.seconds <= 366 * 86_400, "\(text)")
                #expect(!text.contains("+") && !text.contains("-"), "\(text)")
            }
            if BitRate(text) != nil { #expect(!text.contains("+") && !text.contains("-"), "\(text)") }
        }
    }
}
