import BulkheadSource
import Testing

/// Where the sound of one file becomes that of the next: no step is larger than those of the sounds and of the fade.
@Suite(.timeLimit(.minutes(1))) struct SoundBorderTests {
    private static let length = SoundBorder.length

    /// Stereo of one value.
    private static func level(_ value: Float, _ count: Int) -> [Float] { [Float](repeating: value, count: 2 * count) }

    private static func steps(_ samples: [Float]) -> Float {
        zip(samples, samples.dropFirst(2)).map { abs($0 - $1) }.max() ?? 0
    }

    @Test func soundsThatOverlapAddUp() {
        var border = SoundBorder()
        border.isOpen = true
        // A second of which 900 samples lie behind the border.
        var samples = Self.level(0.5, 48_000)
        border.close(&samples, from: 0, surplus: 900, at: 47_100)
        #expect(samples.count == 2 * 47_100)
        let before = samples.count
        samples += Self.level(0.5, 2000)
        border.fadeIn(&samples, from: before, at: 47_100)
        border.add(to: &samples, from: before, at: 47_100)
        // What is the same on both sides stays as it is.
        #expect(samples.allSatisfy { abs($0 - 0.5) < 1e-4 })
    }

    @Test func oppositeLevelsMeetWithoutAStep() {
        for surplus in [0, 1, 100, Self.length, 4000] {
            var border = SoundBorder()
            border.isOpen = true
            var samples = Self.level(1, 10_000)
            let place = 10_000 - surplus
            border.close(&samples, from: 0, surplus: surplus, at: Int64(place))
            // In blocks of any size.
            for count in [1, 7, 300, 500, 1024] {
                let before = samples.count
                samples += Self.level(-1, count)
                border.fadeIn(&samples, from: before, at: Int64(before / 2))
                border.add(to: &samples, from: before, at: Int64(before / 2))
            }
            #expect(samples.count == 2 * (place + 1832))
            #expect(Self.steps(samples) <= 2.01 / Float(Self.length), "\(surplus): \(Self.steps(samples))")
            #expect(samples.last == -1 && samples.first == 1)
        }
    }

    @Test func endThatSilenceFollowsFadesOut() {
        var samples = Self.level(1, 2000)
        SoundBorder.fadeOut(&samples, from: 0)
        samples += Self.level(0, 100)
        #expect(Self.steps(samples) <= 1.01 / Float(Self.length))
        #expect(samples[2 * (2000 - Self.length) - 1] == 1)
    }

    /// What has been sent can't be changed.
    @Test func onlyWhatWaitsIsFaded() {
        var samples = Self.level(1, 1000)
        SoundBorder.fadeOut(&samples, from: 2 * 900)
        #expect(samples[..<1800].allSatisfy { $0 == 1 } && samples[1998] < 0.01)
    }
}
