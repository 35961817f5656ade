import BulkheadMedia
import BulkheadTestSupport
import BulkheadTimeline
import Testing

/// The cadence over recorded and made patterns of arrival, with a clock that only the test moves.
@Suite(.timeLimit(.minutes(5))) struct CadenceTests {
    /// A picture of source time `pts` that comes at `time` of the clock.
    struct Arrival {
        let pts: MediaTime
        let time: MediaTime
        /// It had to be waited for: nothing more was there of the input.
        var isAwaited = true
    }

    /// What viewers got.
    struct Seen {
        /// The number of the picture in each frame.
        var shown: [Int] = []
        var leftOut = 0
        /// From a picture's arrival until its frame was given: nothing, as long as none waits.
        var first = 0
        /// How far ahead of and behind its time on the clock a frame was given.
        var earliest = MediaTime.zero
        var latest = MediaTime.zero
        var offsets: Set<MediaTime> = []

        var repeated: Int { zip(shown, shown.dropFirst()).count { $0 == $1 } }
        /// The numbers of the frames at which a picture is missing before the one shown.
        var gaps: Int { zip(shown, shown.dropFirst()).map { max(0, $1 - $0 - 1) }.reduce(0, +) }
    }

    static func at(_ milliseconds: Double) -> MediaTime { MediaTime(nanoseconds: Int64(milliseconds * 1e6)) }

    /// Gives the pictures to a cadence, and carries out ticks as the program does.
    static func play(_ arrivals: [Arrival], _ rate: FrameRate, patience: MediaTime = Cadence.defaultPatience) -> Seen {
        var cadence = Cadence(rate, patience: patience)
        var seen = Seen()
        var next: Int64 = 0
        var current = -1
        var hasBegun = false
        func note(_ frame: Int64, _ now: MediaTime) {
            seen.shown.append(current)
            seen.earliest = min(seen.earliest, now - rate.time(of: frame))
            seen.latest = max(seen.latest, now - rate.time(of: frame))
        }
        for (number, arrival) in arrivals.enumerated() {
            while hasBegun, cadence.due(next) < arrival.time {
                note(next, cadence.due(next))
                next += 1
            }
            if arrival.isAwaited { cadence.noteCaughtUp() }
            switch cadence.place(arrival.pts, at: arrival.time, next: next) {
            case .pending, .leftOut: break
            case .frame(let frame):
                if !hasBegun { next = frame }
                while next < frame {
                    note(next, arrival.time)
                    next += 1
                }
                if !hasBegun { seen.first = number }
                hasBegun = true
                current = number
                note(next, arrival.time)
                next += 1
            }
            if let offset = cadence.offset { seen.offsets.insert(offset) }
        }
        seen.leftOut = cadence.leftOut
        return seen
    }

    /// Pictures of `input` that come when they should, later by `delay`, none before the one before it. The clock of the
    /// input runs faster by `drift`.
    static func arrivals(
        _ count: Int, _ input: FrameRate, phase: Double = 0, drift: Double = 0, rounded: Bool = false,
        delay: (Int) -> Double = { _ in 0 }
    ) -> [Arrival] {
        var last = MediaTime(nanoseconds: .min)
        return (0..<count).map { number in
            let pts = input.time(of: Int64(number))
            let due = Double(pts.nanoseconds) / 1e6 / (1 + drift) + 1000 + phase
            let time = max(at(due + delay(number)), last)
            defer { last = time }
            return Arrival(
                pts: rounded ? MediaTime(milliseconds: pts.milliseconds) : pts, time: time,
                isAwaited: number == 0 || time - last > MediaTime(milliseconds: 5))
        }
    }

    private static func rate(_ text: String) throws -> FrameRate { try #require(FrameRate(text)) }

    // MARK: one clock

    /// Wherever arrivals lie between the ticks.
    @Test(arguments: 0..<34, ["30", "25", "29.97", "59.94"])
    func equalRatesShowEveryPictureOnce(phase: Int, text: String) throws {
        let rate = try Self.rate(text)
        for rounded in [false, true] {
            let seen = Self.play(Self.arrivals(2000, rate, phase: Double(phase), rounded: rounded), rate)
            #expect(seen.repeated == 0 && seen.leftOut == 0 && seen.gaps == 0)
            #expect(seen.shown.last == 1999)
            #expect(seen.first == 0)
        }
    }

    /// An hour whose pictures come up to 100 ms late, each as chance will have it.
    @Test(arguments: UInt64(1)...4)
    func jitterWithinThePatienceCostsNothing(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let rate = try Self.rate("30")
        let seen = Self.play(
            Self.arrivals(108_000, rate, phase: Double(seed) * 8, rounded: seed % 2 == 0) { _ in
                Double.random(in: 0...100, using: &generator)
            }, rate)
        #expect(seen.repeated == 0 && seen.leftOut == 0 && seen.gaps == 0)
        #expect(seen.latest <= Cadence.defaultPatience)
        #expect(seen.offsets.count == 1)
    }

    /// The first picture that is shown may be the latest or the earliest of all.
    @Test(arguments: [0.0, 100])
    func firstPictureMayLieAtEitherEndOfTheJitter(start: Double) throws {
        let rate = try Self.rate("30")
        let seen = Self.play(
            Self.arrivals(3000, rate) { $0 < 10 ? start : [0.0, 100, 50][$0 % 3] }, rate)
        #expect(seen.repeated == 0 && seen.leftOut == 0 && seen.gaps == 0)
    }

    /// A multiplexer or a wireless network that gives four pictures at once.
    @Test(arguments: 1...4)
    func burstsCostNothing(size: Int) throws {
        let rate = try Self.rate("30")
        let seen = Self.play(Self.arrivals(3000, rate) { Double(size - 1 - $0 % size) * 33.3 }, rate)
        #expect(seen.repeated == 0 && seen.leftOut == 0 && seen.gaps == 0)
    }

    // MARK: other rates

    static let conversions: [(input: String, canvas: String, pictures: Int, frames: Int)] = [
        ("25", "30", 5, 6), ("24", "30", 4, 5), ("15", "30", 1, 2), ("10", "30", 1, 3), ("23.976", "29.97", 4, 5),
        ("25", "50", 1, 2), ("1", "25", 1, 25),
    ]

    /// Nothing is left out, and repeats come evenly.
    @Test(arguments: conversions)
    func slowerInputsAreRepeatedEvenly(input: String, canvas: String, pictures: Int, frames: Int) throws {
        let (input, canvas) = (try Self.rate(input), try Self.rate(canvas))
        for rounded in [false, true] {
            let seen = Self.play(Self.arrivals(60 * pictures, input, rounded: rounded), canvas)
            #expect(seen.leftOut == 0 && seen.gaps == 0)
            let broken = (frames..<seen.shown.count).filter { seen.shown[$0] != seen.shown[$0 - frames] + pictures }
            #expect(broken == [], "\(seen.shown.prefix(40))")
        }
    }

    /// An hour of 29.97 into 30: one frame in 1001 has no picture of its own.
    @Test(arguments: [false, true], [0.0, 11, 22])
    func ntscInto30RepeatsOneIn1001(rounded: Bool, phase: Double) throws {
        let arrivals = Self.arrivals(107_892, try Self.rate("29.97"), phase: phase, rounded: rounded)
        let seen = Self.play(arrivals, try Self.rate("30"))
        #expect((107...108).contains(seen.repeated))
        #expect(seen.leftOut == 0 && seen.gaps == 0)
    }

    @Test(arguments: [false, true])
    func thirtyIntoNTSCLeavesOutOneIn1001(rounded: Bool) throws {
        let seen = Self.play(
            Self.arrivals(108_000, try Self.rate("30"), rounded: rounded), try Self.rate("29.97"))
        #expect((107...108).contains(seen.leftOut))
        #expect(seen.repeated == 0 && seen.gaps == seen.leftOut)
    }

    /// Where the source could not know the rate: every second one, without a stutter.
    @Test(arguments: [("60", "30"), ("50", "25")], [false, true])
    func doubleRatesShowEverySecondPicture(rates: (String, String), rounded: Bool) throws {
        let seen = Self.play(
            Self.arrivals(6000, try Self.rate(rates.0), rounded: rounded), try Self.rate(rates.1))
        #expect(seen.repeated == 0)
        let steps = Set(zip(seen.shown.dropFirst(2), seen.shown.dropFirst(3)).map { $1 - $0 })
        #expect(steps == [2])
    }

    // MARK: two clocks

    /// An hour; the rate is 30 and a frame lasts 33 1/3 ms: at 200 ppm one picture in 166.7 s.
    @Test(arguments: [-200.0, -50, 50, 200], [0.0, 20, 100])
    func driftCostsOnePictureAtATime(ppm: Double, jitter: Double) throws {
        var generator = SeededGenerator(seed: UInt64(jitter) + 1)
        let rate = try Self.rate("30")
        let seen = Self.play(
            Self.arrivals(108_000, rate, drift: ppm / 1e6) { _ in Double.random(in: 0...jitter, using: &generator) },
            rate)
        let forced = 3600 * ppm.magnitude / 1e6 * 30
        let counted = ppm < 0 ? seen.repeated : seen.leftOut
        #expect((ppm < 0 ? seen.leftOut : seen.repeated) == 0)
        // What 100 ms of jitter hide is a frame.
        let borne = jitter == 100 ? 2 : 1
        #expect((Int(forced) - borne...Int(forced.rounded(.up))).contains(counted), "\(counted) of \(forced)")
        #expect(seen.gaps == seen.leftOut)
    }

    // MARK: stalls

    /// A stall beyond the patience repeats what it must; what comes at once behind it is shown all the same.
    @Test func shortStallRepeatsAndLeavesNothingOut() throws {
        let rate = try Self.rate("30")
        let seen = Self.play(
            Self.arrivals(600, rate) { (300..<306).contains($0) ? 190 - Double($0 - 300) * 33.3 : 0 }, rate)
        #expect(seen.repeated > 0 && seen.repeated <= 3)
        #expect(seen.leftOut == 0 && seen.gaps == 0)
    }

    /// What is late by less than half a second costs what the patience does not cover, and nothing for the second time.
    @Test func secondStallOfTheSameLengthCostsNothing() throws {
        let rate = try Self.rate("30")
        let seen = Self.play(
            Self.arrivals(900, rate) { number in
                let place = number % 300 - 100
                return (0..<12).contains(place) ? 400 - Double(place) * 33.3 : 0
            }, rate)
        #expect((8...10).contains(seen.repeated))
        #expect(seen.leftOut == 0 && seen.gaps == 0)
    }

    /// The way has become longer for good: the frames that were owed meanwhile are repeated, and nothing else.
    @Test func longerWayIsNoStall() throws {
        let rate = try Self.rate("30")
        let seen = Self.play(Self.arrivals(2000, rate) { $0 < 300 ? 0 : 250 }, rate)
        #expect((4...6).contains(seen.repeated))
        #expect(seen.leftOut == 0 && seen.gaps == 0)
    }

    /// After two seconds of nothing, what has come late is passed over in one go: what is shown next is live.
    @Test func longStallGoesOnAtTheLiveEdge() throws {
        let rate = try Self.rate("30")
        let arrivals = Self.arrivals(600, rate) { (300..<360).contains($0) ? 2000 - Double($0 - 300) * 33 : 0 }
        let seen = Self.play(arrivals, rate)
        let jumps = zip(seen.shown, seen.shown.dropFirst()).filter { $1 > $0 + 1 }
        #expect(jumps.count == 1)
        #expect(seen.leftOut == seen.gaps)
        #expect(seen.shown.last == 599)
        #expect(seen.latest <= Cadence.defaultPatience)
    }

    /// A picture may be missing in the input itself.
    @Test func missingPictureIsOneRepeat() throws {
        let rate = try Self.rate("30")
        let seen = Self.play(Self.arrivals(600, rate).enumerated().filter { $0.offset != 300 }.map(\.element), rate)
        #expect(seen.repeated == 1 && seen.leftOut == 0)
        #expect(seen.offsets.count == 1)
    }

    /// A screen that is only captured where it changes.
    @Test func picturesAtOddTimesKeepTheirs() throws {
        let rate = try Self.rate("30")
        let times: [Double] = [0, 33, 67, 100, 1000, 1033, 5000, 5033, 5067, 5500]
        let seen = Self.play(times.map { Arrival(pts: Self.at($0), time: Self.at($0 + 500)) }, rate)
        #expect(seen.leftOut == 0 && seen.gaps == 0)
        #expect(seen.shown.count { $0 == 3 } == 27)
        #expect(seen.shown.count { $0 == 5 } == 119)
    }

    // MARK: the start

    /// A server that has kept two seconds, or a probe that has read them: the first picture on air is live.
    @Test(arguments: [1.0, 5, 12])
    func backlogOfTheStartIsPassedOverBeforeTheFirstPicture(decoding: Double) throws {
        let rate = try Self.rate("30")
        let start = 2000.0
        var free = start
        let arrivals = (0..<900).map { number in
            let captured = Double(number) * 1000 / 30
            defer { free = max(free, captured) + decoding }
            return Arrival(
                pts: rate.time(of: Int64(number)), time: Self.at(max(free, captured)), isAwaited: captured > free)
        }
        let seen = Self.play(arrivals, rate)
        #expect(seen.repeated == 0 && seen.leftOut == 0 && seen.gaps == 0)
        let first = arrivals[seen.first]
        #expect((first.time - first.pts).nanoseconds.magnitude <= 1)
    }

    /// The first pictures take longer, as converters are made and memory is touched.
    @Test func slowFirstPictureIsNotTakenForALiveOne() throws {
        let rate = try Self.rate("30")
        let arrivals = (0..<300).map { number in
            let decoded = number == 0 ? 1000 : 1025 + 3 * Double(number)
            let captured = 500 + 33.34 * Double(number)
            return Arrival(
                pts: rate.time(of: Int64(number)), time: Self.at(max(decoded, captured)), isAwaited: captured > decoded)
        }
        let seen = Self.play(arrivals, rate)
        #expect(seen.repeated == 0 && seen.leftOut == 0 && seen.gaps == 0)
        #expect(seen.first > 15)
    }

    /// Pictures that come one by one are live, whatever the input says.
    @Test func threePicturesInTheirOwnTimeAreLive() throws {
        let rate = try Self.rate("30")
        let arrivals = Self.arrivals(60, rate).map { Arrival(pts: $0.pts, time: $0.time, isAwaited: false) }
        let seen = Self.play(arrivals, rate)
        #expect(seen.first == 2)
        #expect(seen.repeated == 0 && seen.leftOut == 0 && seen.gaps == 0)
    }

    @Test func singlePictureIsShownAfterAWhile() throws {
        var cadence = Cadence(try Self.rate("30"))
        #expect(cadence.place(.zero, at: Self.at(1000), next: 30) == .pending)
        #expect(cadence.settle(at: Self.at(1499), next: 33) == nil)
        #expect(cadence.settle(at: Self.at(1500), next: 33) == 46)
        #expect(cadence.settle(at: Self.at(1501), next: 46) == nil)
    }

    @Test func nothingHasAPlaceBeforeTheTimelineBegins() throws {
        var cadence = Cadence(try Self.rate("30"))
        for number in 0..<10 {
            cadence.noteCaughtUp()
            #expect(
                cadence.place(Self.at(Double(number) * 33), at: Self.at(Double(number) * 33), next: nil) == .pending)
        }
        #expect(cadence.isReady(at: Self.at(300)))
        cadence.moveClock(by: Self.at(-317))
        #expect(cadence.settle(at: Self.at(-17), next: 0) == 0)
        #expect(cadence.due(1) == MediaTime(nanoseconds: 133_333_333))
    }

    /// Another process reads the input: its time begins anew, and so does what is known of it.
    @Test func restartForgetsWhereThePicturesWere() throws {
        var cadence = Cadence(try Self.rate("30"))
        cadence.noteCaughtUp()
        for number in 0..<4 {
            _ = cadence.place(Self.at(Double(number) * 33), at: Self.at(Double(number) * 33), next: 0)
        }
        #expect(cadence.offset != nil)
        cadence.restart()
        #expect(cadence.offset == nil)
        #expect(cadence.due(30) == Self.at(1000))
        #expect(cadence.place(.zero, at: Self.at(1000), next: 30) == .pending)
    }

    /// Times that only a liar sends make no frame that is far away.
    @Test func extremeTimesDoNotTrap() throws {
        let extremes: [Int64] = [.min, .min + 1, -1, 0, 1, 1 << 60, .max - 1, .max]
        for first in extremes {
            for second in extremes {
                for third in extremes {
                    var cadence = Cadence(try Self.rate("30"))
                    for pts in [first, second, third, first] {
                        for now in [0, 200.0] {
                            let place = cadence.place(MediaTime(nanoseconds: pts), at: Self.at(now), next: 0)
                            if case .frame(let frame) = place { #expect((0...20).contains(frame)) }
                            _ = cadence.due(5)
                            _ = cadence.settle(at: Self.at(now + 100), next: 0)
                        }
                    }
                }
            }
        }
    }
}
