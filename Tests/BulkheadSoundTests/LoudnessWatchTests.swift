import BulkheadSound
import Testing

@Suite(.timeLimit(.minutes(5))) struct LoudnessWatchTests {
    private static func tones(_ parts: (Double, decibels: Double)...) -> [Float] {
        parts.flatMap { Sounds.tone(1000, decibels: $0.decibels, seconds: $0.0) }
    }

    /// EBU Tech 3341, table 1, cases 1 to 5; the longer ones are played a fifth as long.
    static let sequences: [([Float], Double)] = [
        (tones((20, -23)), -23),
        (tones((20, -33)), -33),
        (tones((2, -36), (12, -23), (2, -36)), -23),
        (tones((2, -72), (2, -36), (12, -23), (2, -36), (2, -72)), -23),
        (tones((4, -26), (4.02, -20), (4, -26)), -23),
    ]

    @Test(arguments: 0..<5) func loudnessIsAsTheEBUSays(number: Int) throws {
        let (samples, loudness) = Self.sequences[number]
        var watch = LoudnessWatch()
        // As blocks of AAC come, which end in the middle of pieces.
        for start in stride(from: 0, to: samples.count, by: 2048) {
            watch.add(Array(samples[start..<min(start + 2048, samples.count)]))
        }
        #expect(abs(try #require(watch.integrated) - loudness) <= 0.1)
    }

    @Test func shortTermFollowsTheLastThreeSeconds() throws {
        var watch = LoudnessWatch()
        watch.add(Self.tones((2.5, -23)))
        #expect(watch.shortTerm == nil)
        watch.add(Self.tones((1, -23)))
        #expect(abs(try #require(watch.shortTerm) + 23) <= 0.1)
        watch.add(Self.tones((3, -14)))
        #expect(abs(try #require(watch.shortTerm) + 14) <= 0.1)
        watch.add(Sounds.silence(3.1))
        #expect(watch.shortTerm == nil && watch.integrated != nil)
    }

    /// What was ten minutes ago counts no more: a channel that is mended after months is well again.
    @Test func tenMinutesAgoIsForgotten() throws {
        var watch = LoudnessWatch()
        let (loud, right) = (Self.tones((20, -10)), Self.tones((20, -23)))
        for _ in 0..<3 { watch.add(loud) }
        for _ in 0..<30 { watch.add(right) }
        #expect(abs(try #require(watch.integrated) + 23) <= 0.1)
    }
}
