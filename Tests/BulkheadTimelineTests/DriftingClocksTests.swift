import BulkheadFrames
import BulkheadMedia
import BulkheadTestSupport
import BulkheadTimeline
import BulkheadWire
import Testing

/// A camera whose clocks run off, as a timeline at 30 frames a second has it. Time is passed in: real time since the camera
/// began, which the timeline's clock shows.
///
/// Each sample of the sound is the real time at which it was captured, as a fraction of its second: so a block says where it
/// stands, how fast it goes, and where it jumps.
private struct Camera {
    /// Times of pictures by the camera's own clock, in seconds.
    var times: (Int) -> Double
    /// By so much the clocks are too fast.
    var picturePace = 0.0
    /// Of a sound whose timestamps count samples; nil where they say when they were captured, by the picture's clock.
    var countedPace: Double?
    /// How much later than captured something comes, in seconds.
    var jitter: (Int) -> Double = { _ in 0 }

    /// A picture and the sound beside it come so long after they were captured.
    private static let way = 0.04

    struct Seen {
        /// How much later than the picture was captured the sound was that is heard with it, in milliseconds.
        var offsets: [Double] = []
        var repeated = 0
        var leftOut = 0
        /// The greatest distance of a block's speed from the captured one, as a fraction.
        var pitch = 0.0
        /// From sample to sample, apart from where a second begins, in samples.
        var largestStep = 0.0
    }

    /// Lets so many seconds pass, and looks at what comes behind `settling`.
    func play(seconds: Double, settling: Double) throws -> Seen {
        let rate = try #require(FrameRate(30))
        var feed = SourceFeed(
            SourceDescription(hasVideo: true, hasAudio: true, isLive: true, duration: -1, summary: ""),
            cadence: Cadence(rate))
        var seen = Seen()
        var (picture, piece, frame, block) = (0, 0, Int64(0), Int64(0))
        var captured: [UInt32: (number: Int, time: Double)] = [:]
        var hasBegun = false
        var last: Int?
        var waiting: [(time: Double, captured: Double)] = []
        let soundPace = 1 + (countedPace ?? picturePace)
        func tick(_ now: Double) {
            let selection = feed.advance(to: frame) { captured[$0.slot] = nil }
            let isCounted = now > settling
            if selection == .held, isCounted { seen.repeated += 1 }
            if selection == .advanced, let slot = feed.pictures.current?.slot, let shown = captured[slot.slot] {
                if let last, isCounted { seen.leftOut += shown.number - last - 1 }
                last = shown.number
                if isCounted { waiting.append((rate.time(of: frame).seconds, shown.time)) }
            }
            frame += 1
            let end = rate.time(of: frame) - MediaTime(milliseconds: 200)
            while AudioFormat.time(ofBlock: block + 1) < end {
                let samples =
                    feed.takeSound(AudioFormat.samples(ofBlock: block))
                    ?? [Float](repeating: 0, count: AudioFormat.floatsPerBlock)
                if isCounted { judge(samples, block, soundPace, &waiting, &seen) }
                block += 1
            }
        }
        while true {
            let pictureTime = times(picture) / (1 + picturePace)
            let pieceTime = Double((piece + 1) * 1024) / 48_000 / soundPace
            let isSound = pieceTime < pictureTime
            let now = min(pictureTime, pieceTime) + Self.way + jitter(picture)
            guard now < seconds else { return seen }
            let time = MediaTime(nanoseconds: Int64(now * 1e9))
            while hasBegun, feed.cadence.map({ $0.due(frame) < time }) == true {
                tick(feed.cadence.map { $0.due(frame).seconds } ?? now)
            }
            if isSound {
                feed.take(sound: Self.samples(piece, soundPace), from: Int64(piece * 1024), at: time)
                piece += 1
                continue
            }
            let slot = SlotReference(pool: 1, slot: UInt32(picture))
            captured[slot.slot] = (picture, pictureTime)
            let pts = MediaTime(nanoseconds: Int64(times(picture) * 1e9))
            feed.noteCaughtUp()
            if !hasBegun { frame = Int64(now * 30) }
            _ = feed.take(Picture(slot: slot, pts: pts, position: pts), at: time, next: frame) {
                captured[$0.slot] = nil
            }
            picture += 1
            if !hasBegun {
                hasBegun = true
                block = Int64(now * 48_000 / 1024)
            }
            while feed.hasLivePicture { tick(now) }
        }
    }

    static func samples(_ piece: Int, _ pace: Double) -> [Float] {
        var samples: [Float] = []
        samples.reserveCapacity(2048)
        for index in 0..<1024 {
            let time = Double(piece * 1024 + index) / 48_000 / pace
            let value = Float(time - time.rounded(.down))
            samples.append(value)
            samples.append(value)
        }
        return samples
    }

    private func judge(
        _ samples: [Float], _ block: Int64, _ pace: Double, _ waiting: inout [(time: Double, captured: Double)],
        _ seen: inout Seen
    ) {
        let start = AudioFormat.time(ofBlock: block).seconds
        while let next = waiting.first, next.time < start + 1024 / 48_000.0 {
            waiting.removeFirst()
            let place = Int((next.time - start) * 48_000)
            // Where a second begins the sound rings a little.
            guard (0..<1024).contains(place), abs(next.captured - next.captured.rounded()) > 0.03 else { continue }
            let difference = Double(samples[2 * place]) - next.captured
            seen.offsets.append((difference - difference.rounded()) * 1000)
        }
        guard let first = samples.first, samples[2046] > 0.03, samples[2046] < 0.97, first < 0.97 else { return }
        let speed = Double(samples[2046] - first) / 1023 * 48_000 * pace
        seen.pitch = max(seen.pitch, abs(speed - 1))
        var largest: Float = 0
        var index = 2
        while index < 2048 {
            largest = max(largest, samples[index] - samples[index - 2])
            index += 2
        }
        seen.largestStep = max(seen.largestStep, Double(largest) * 48_000)
    }
}

/// Inputs whose clocks are off by half a thousandth, for as long as it takes.
@Suite(.timeLimit(.minutes(10))) struct DriftingClocksTests {
    private static func check(_ seen: Camera.Seen, sourceLocation: SourceLocation = #_sourceLocation) {
        let (least, most) = (seen.offsets.min() ?? 99, seen.offsets.max() ?? 99)
        #expect(least > -20 && most < 20, "\(least)...\(most) ms", sourceLocation: sourceLocation)
        #expect(seen.pitch < 0.001, sourceLocation: sourceLocation)
        #expect(seen.largestStep < 1.05, sourceLocation: sourceLocation)
    }

    /// An hour as `make test` has it; four minutes in a debug build, which takes as long for them.
    private static let hour: Double = _isDebugAssertConfiguration() ? 240 : 3600

    /// An hour of a camera at the canvas's rate whose clock is off: what that forces is repeated or left out, never both.
    @Test(arguments: [-500.0, 500]) func hourOfACameraWhoseClockIsOff(ppm: Double) throws {
        let camera = Camera(times: { Double($0) / 30 }, picturePace: ppm / 1e6)
        let seen = try camera.play(seconds: Self.hour, settling: 60)
        Self.check(seen)
        // 54 frames an hour, less those of the first minute.
        let (forced, never) = ppm < 0 ? (seen.repeated, seen.leftOut) : (seen.leftOut, seen.repeated)
        let drift = (Self.hour - 60) * 30 * 0.0005
        #expect((Int(drift) - 1...Int(drift) + 1).contains(forced) && never == 0, "\(forced), \(never)")
    }

    /// Pictures at the canvas's rate by the timeline's own clock are shown each once.
    @Test func exactCameraCostsNothing() throws {
        var generator = SeededGenerator(seed: 3)
        let jitter = (0..<1000).map { _ in Double.random(in: 0...0.03, using: &generator) }
        let camera = Camera(times: { Double($0) / 30 }, jitter: { jitter[$0 % 1000] })
        let seen = try camera.play(seconds: 80, settling: 20)
        Self.check(seen)
        #expect(seen.repeated == 0 && seen.leftOut == 0)
        #expect(seen.pitch < 1e-4)
    }

    private static let rates: [(rate: Double, ppm: Double)] = [
        (24, -500), (25, 500), (30 / 1.001, -500), (50, 500), (60 / 1.001, -500),
    ]

    @Test(arguments: rates)
    func otherRatesKeepTheirSound(rate: Double, ppm: Double) throws {
        let camera = Camera(times: { Double($0) / rate }, picturePace: ppm / 1e6)
        Self.check(try camera.play(seconds: 110, settling: 60))
    }

    /// A screen or a telephone, whose pictures come when they like.
    @Test(arguments: [-500.0, 500]) func variableRatesKeepTheirSound(ppm: Double) throws {
        let distances = [0.020, 0.035, 0.050, 0.022, 0.041, 0.033, 0.060, 0.029]
        let cycle = distances.reduce(0, +)
        let camera = Camera(
            times: { number in
                Double(number / 8) * cycle + distances.prefix(number % 8).reduce(0, +)
            }, picturePace: ppm / 1e6)
        Self.check(try camera.play(seconds: 110, settling: 60))
    }

    /// The sound has a clock of its own, and timestamps that count by it: only its arrival tells.
    @Test(arguments: [-500.0, 500])
    func soundWithAClockOfItsOwnStaysBesideThePicture(ppm: Double) throws {
        let camera = Camera(
            times: { Double($0) / 30 }, countedPace: ppm / 1e6)
        Self.check(try camera.play(seconds: 160, settling: 100))
    }

    /// A microphone or a radio without a picture: what is heard stays as late as it was, and has no holes.
    @Test(arguments: [-500.0, 500]) func soundAloneIsFollowed(ppm: Double) throws {
        let pace = 1 + ppm / 1e6
        var feed = SourceFeed(
            SourceDescription(hasVideo: false, hasAudio: true, isLive: true, duration: -1, summary: ""))
        var block: Int64?
        var delays: [Double] = []
        for piece in 0..<9375 {
            let now = Double((piece + 1) * 1024) / 48_000 / pace + 0.04
            let time = MediaTime(nanoseconds: Int64(now * 1e9))
            feed.take(sound: Camera.samples(piece, pace), from: Int64(piece * 1024), at: time)
            if piece == 0 { feed.anchor(.zero, at: time + SourceFeed.liveMargin) }
            var next = block ?? Int64((now + 0.1) * 48_000 / 1024)
            while AudioFormat.time(ofBlock: next + 1).seconds < now - 0.1 {
                let samples =
                    feed.takeSound(AudioFormat.samples(ofBlock: next))
                    ?? [Float](repeating: 0, count: AudioFormat.floatsPerBlock)
                let start = AudioFormat.time(ofBlock: next).seconds
                next += 1
                guard let first = samples.first, samples[2046] > 0.03, samples[2046] < 0.97, first < 0.97 else {
                    // A hole stands at no time at all.
                    #expect(samples.contains { $0 != 0 })
                    continue
                }
                #expect(abs(Double(samples[2046] - first) / 1023 * 48_000 * pace - 1) < 0.001)
                let delay = start - Double(first)
                delays.append((delay - delay.rounded(.down)) * 1000)
            }
            block = next
        }
        let begin = try #require(delays.first)
        // Until a clock is known it drifts; from then on it doesn't.
        #expect(delays.allSatisfy { abs($0 - begin) < 20 }, "\(delays.min() ?? 0)...\(delays.max() ?? 0)")
        let later = delays.dropFirst(delays.count / 2)
        #expect(try #require(later.max()) - #require(later.min()) < 3)
    }

    /// Two cameras in one scene, the first of which gives the beat: each has what its own clock forces, and no more. Where
    /// the second one's picture first comes behind the beat, it is shown a frame later from then on, once.
    @Test(arguments: [(500.0, 0.0), (-500, 0), (0, 500), (0, -500), (500, -500), (-500, 500)])
    func eachOfSeveralInputsHasWhatItsOwnClockForces(main: Double, other: Double) throws {
        let rate = try #require(FrameRate(30))
        let settling: Int64 = 1800
        var cadences = [Cadence(rate), Cadence(rate)]
        // The frames that wait for their tick, and those of which the input has had a picture of its own.
        var frames: [[FrameNumber]] = [[], []]
        var repeated = [0, 0]
        var leftOutBefore = [0, 0]
        var next: FrameNumber = 0
        var hasBegun = false
        func tick() {
            if next == settling { leftOutBefore = cadences.map(\.leftOut) }
            for input in 0...1 {
                var isNew = false
                while let first = frames[input].first, first <= next {
                    frames[input].removeFirst()
                    isNew = true
                }
                if !isNew, next > settling { repeated[input] += 1 }
            }
            next += 1
        }
        let paces = [1 + main / 1e6, 1 + other / 1e6]
        var numbers = [0, 0]
        while next < 30 * 1200 {
            let times = (0...1).map { Double(numbers[$0]) / 30 / paces[$0] + 0.05 + 0.009 * Double($0) }
            let input = times[0] <= times[1] ? 0 : 1
            let time = MediaTime(nanoseconds: Int64(times[input] * 1e9))
            while hasBegun, cadences[0].due(next) < time { tick() }
            cadences[input].noteCaughtUp()
            if !hasBegun, input == 0 { next = rate.frame(at: time) }
            let pts = rate.time(of: Int64(numbers[input]))
            if case .frame(let frame) = cadences[input].place(pts, at: time, next: next) { frames[input].append(frame) }
            if input == 0 { hasBegun = true }
            numbers[input] += 1
            while !frames[0].isEmpty { tick() }
        }
        let leftOut = (0...1).map { cadences[$0].leftOut - leftOutBefore[$0] }
        let forced = 0.0005 * Double(next - settling)
        for (input, ppm) in [main, other].enumerated() {
            let (expected, never) =
                ppm < 0 ? (repeated[input], leftOut[input]) : (leftOut[input], repeated[input])
            let allowed = ppm == 0 ? 0...1 : Int(forced) - 1...Int(forced) + 1
            #expect(allowed.contains(expected), "input \(input): \(expected), \(never)")
            #expect(never <= input, "input \(input): \(expected), \(never)")
            if ppm == 0 { #expect(expected + never <= input) }
        }
    }

    // MARK: by arrival

    private static func distances(
        ppm: Double, seconds: Int, jitter: (Int) -> Double
    ) -> [Double] {
        var drift = ArrivalDrift()
        return (0..<seconds * 30).map { number in
            let pts = Double(number) / 30
            let now = MediaTime(nanoseconds: Int64((pts / (1 + ppm / 1e6) + jitter(number)) * 1e9))
            drift.note(MediaTime(nanoseconds: Int64(pts * 1e9)), at: now)
            return drift.distance(at: now).seconds * 1000
        }
    }

    @Test(arguments: [0.0, 10, 100], UInt64(1)...3) func jitterIsNoDrift(milliseconds: Double, seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let distances = Self.distances(ppm: 0, seconds: 3600) { _ in
            Double.random(in: 0...milliseconds / 1000, using: &generator)
        }
        #expect(distances.allSatisfy { $0 == 0 })
    }

    @Test(arguments: [-500.0, -100, 100, 500]) func driftIsFollowedThroughJitter(ppm: Double) {
        var generator = SeededGenerator(seed: 7)
        let distances = Self.distances(ppm: ppm, seconds: 600) { _ in Double.random(in: 0...0.03, using: &generator) }
        for (number, distance) in distances.enumerated().dropFirst(90 * 30) {
            let expected = -Double(number) / 30 * ppm / 1000
            guard abs(distance - expected) > 5 else { continue }
            Issue.record("\(distance) ms instead of \(expected) at \(number / 30) s")
            return
        }
    }

    /// A network takes another way, or an encoder gathers more: that is no clock.
    @Test func longerWayIsNoDrift() {
        let distances = Self.distances(ppm: 0, seconds: 300) { $0 < 4000 ? 0.01 : 0.06 }
        #expect(distances.allSatisfy { $0 == 0 })
    }

    @Test func extremeTimesDoNotTrap() {
        var drift = ArrivalDrift()
        let extremes: [Int64] = [.min, .min + 1, -1, 0, 1, 1 << 60, .max - 1, .max]
        for first in extremes {
            for second in extremes {
                drift.note(MediaTime(nanoseconds: first), at: MediaTime(nanoseconds: second))
                drift.note(other: MediaTime(nanoseconds: second), at: MediaTime(nanoseconds: first))
                _ = drift.distance(at: MediaTime(nanoseconds: second))
            }
        }
    }
}
