import BulkheadMedia
import Glibc
import Testing

/// Sound that is made longer or shorter as it passes.
@Suite(.timeLimit(.minutes(2))) struct SoundStretcherTests {
    /// A tone on the left, and the number of the pair on the right.
    private static func pairs(_ range: Range<Int>, hertz: Double = 1000) -> [Float] {
        var samples: [Float] = []
        for place in range {
            samples.append(Float(0.5 * sin(2 * Double.pi * hertz * Double(place) / 48_000)))
            samples.append(Float(place) / 65_536)
        }
        return samples
    }

    @Test func whatIsNotStretchedPassesAtOnceAndUnchanged() {
        var stretcher = SoundStretcher()
        for piece in 0..<20 {
            let samples = Self.pairs(piece * 1000..<piece * 1000 + 1000)
            let passed = stretcher.pass(samples)
            #expect(passed == samples)
            #expect(stretcher.held == 0)
        }
        #expect(stretcher.end() == [])
    }

    /// Tones up to 10 kHz go through it as they would have been captured more slowly.
    @Test(arguments: [38, -38, 144, -144], [100.0, 1000, 10_000])
    func stretchIsThatOfTheBandLimitedSound(count: Int64, hertz: Double) {
        var stretcher = SoundStretcher()
        var passed = stretcher.pass(Self.pairs(0..<1024, hertz: hertz))
        stretcher.stretch(by: count)
        for piece in 1..<47 { passed += stretcher.pass(Self.pairs(piece * 1024..<piece * 1024 + 1024, hertz: hertz)) }
        let held = stretcher.held
        passed += stretcher.end()
        #expect((8...11).contains(held))
        // The last of them lie beside the silence behind the end.
        var worst = 0.0
        for index in 0..<passed.count / 2 - 20 {
            let place = index < 1024 ? Double(index) : 1024 + Double(index - 1024) * (1 - Double(count) / 48_000)
            worst = max(worst, abs(Double(passed[2 * index]) - 0.5 * sin(2 * Double.pi * hertz * place / 48_000)))
        }
        #expect(worst < 0.0005, "\(worst)")
        let expected = 48_128 + Double(count) * (48_128 - 1024) / 48_000
        #expect(abs(Double(passed.count / 2) - expected) < 2)
    }

    /// Requests that follow each other, and what goes on when they have ended.
    @Test func changesAreNotHeard() {
        var stretcher = SoundStretcher()
        var passed: [Float] = []
        for piece in 0..<300 {
            if piece % 50 == 10, piece < 200 { stretcher.stretch(by: [30, -40, 144, 7][piece / 50]) }
            passed += stretcher.pass(Self.pairs(piece * 1024..<piece * 1024 + 1024))
        }
        var largestBend: Float = 0
        for index in 1..<passed.count / 2 - 1 {
            largestBend = max(largestBend, abs(passed[2 * index - 2] - 2 * passed[2 * index] + passed[2 * index + 2]))
        }
        // A tone of 1 kHz at a half bends by 0.00856.
        #expect(largestBend < 0.0087)
        let difference = Double(passed.count / 2) + Double(stretcher.held) - 300 * 1024
        #expect(abs(difference - 141) < 2)
    }

    @Test func absurdRequestsAreBounded() {
        var stretcher = SoundStretcher()
        for count in [Int64.min, .max] {
            stretcher.stretch(by: count)
            let passed = stretcher.pass(Self.pairs(0..<4800))
            #expect((4300...5400).contains(passed.count / 2))
        }
        #expect(stretcher.pass([]).isEmpty)
    }
}
