import BulkheadModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct QuantitiesTests {
    @Test(arguments: [
        ("2500k", 2_500_000), ("2500K", 2_500_000), ("6M", 6_000_000), ("2.5M", 2_500_000), ("2500000", 2_500_000),
        ("0", 0), ("0.5k", 500),
    ])
    func bitRatesAreReadWithTheirSuffix(text: String, bits: UInt32) {
        #expect(BitRate(text)?.bitsPerSecond == bits)
    }

    @Test(arguments: ["", "k", "-1k", "1e9", "2500 k", "6MB", "99999M", "nan", "inf", "1.2.3", "٣k"])
    func whatIsNoBitRateIsRefused(text: String) { #expect(BitRate(text) == nil) }

    @Test(arguments: [(6_000_000, "6M"), (2_500_000, "2500k"), (2_500_001, "2500001"), (0, "0")] as [(UInt32, String)])
    func bitRatesAreWrittenShort(bits: UInt32, text: String) {
        #expect(BitRate(bitsPerSecond: bits).description == text)
    }

    @Test(arguments: [
        ("10", 10), ("1.5", 1.5), ("90s", 90), ("1m30s", 90), ("2h", 7200), ("1h1m1s", 3661), ("250ms", 0.25),
        ("1s500ms", 1.5), ("01:30", 90), ("90:00", 5400), ("00:01:30", 90), ("1:00:00.5", 3600.5),
    ])
    func spansOfTimeAreRead(text: String, seconds: Double) { #expect(TimeSpan(text)?.seconds == seconds) }

    @Test(arguments: [
        "", "-1", "s", "1x", "30s1m", "1m1m", "1m30", "00:60", "00:61:00", "1:2:3:4", ":30", "10:", "1e3", "inf",
        "999999999999999999h", "99999999",
    ])
    func whatIsNoSpanOfTimeIsRefused(text: String) { #expect(TimeSpan(text) == nil) }
}
