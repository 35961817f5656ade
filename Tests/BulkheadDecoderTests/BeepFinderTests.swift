import BulkheadDecoder
import Testing

@Suite(.timeLimit(.minutes(2))) struct BeepFinderTests {
    private func tone(_ count: Int) -> [Float] { (0..<count).map { $0 % 2 == 0 ? 0.25 : -0.25 } }

    @Test func aToneAfterQuietBegins() {
        var finder = BeepFinder()
        #expect(finder.take([Float](repeating: 0, count: 48_000), at: 0, sampleRate: 48_000).isEmpty)
        #expect(finder.take(tone(4800), at: 1_000_000_000, sampleRate: 48_000) == [1_000_000_000])
        #expect(finder.take(tone(4800), at: 1_100_000_000, sampleRate: 48_000).isEmpty)
        let later = [Float](repeating: 0, count: 43_200) + tone(10)
        #expect(finder.take(later, at: 1_100_000_000, sampleRate: 48_000) == [2_000_000_000])
    }

    @Test func whatPlaysAtFirstDoesNotBegin() {
        var finder = BeepFinder()
        #expect(finder.take(tone(4800), at: 5_000_000_000, sampleRate: 48_000).isEmpty)
    }

    @Test func codingNoiseIsNoTone() {
        var finder = BeepFinder()
        #expect(finder.take([Float](repeating: 0.05, count: 96_000), at: 0, sampleRate: 48_000).isEmpty)
    }
}
