import BulkheadLibrary
import BulkheadTestSupport
import Testing

/// Ranges and versions, by RFC 9110, sections 13 and 14.
@Suite(.timeLimit(.minutes(1))) struct RangeTests {
    private func answer(
        _ range: String?, ifRange: String? = nil, ifNoneMatch: String? = nil, of count: Int64 = 10_000
    ) -> RangeRequest {
        RangeRequest(range: range, ifRange: ifRange, ifNoneMatch: ifNoneMatch, entityTag: "\"v1\"", byteCount: count)
    }

    /// The examples of section 14.1.2, of a file of 10,000 bytes.
    @Test(
        arguments: [
            ("bytes=0-499", 0..<500), ("bytes=500-999", 500..<1000), ("bytes=-500", 9500..<10_000),
            ("bytes=9500-", 9500..<10_000), ("bytes=0-0", 0..<1), ("bytes=-1", 9999..<10_000), ("BYTES = 1-2", 1..<3),
            ("bytes=9999-20000", 9999..<10_000), ("bytes=-99999", 0..<10_000),
            ("bytes=0-99999999999999999999", 0..<10_000),
        ] as [(String, Range<Int64>)])
    func rangeIsPartOfTheFile(header: String, range: Range<Int64>) { #expect(answer(header) == .part(range)) }

    @Test(arguments: ["bytes=10000-", "bytes=10000-10001", "bytes=-0", "bytes=99999999999999999999-"])
    func rangeBehindTheEndIsRefused(header: String) { #expect(answer(header) == .unsatisfiable) }

    /// What is no range, and more than one, is passed over.
    @Test(arguments: [
        "bytes=", "bytes=-", "bytes=5-2", "bytes=a-b", "lines=1-2", "bytes=0-1,3-4", "bytes", "bytes=+1-2",
        "bytes=1-2-3", "",
    ]) func whatIsNoRangeIsTheWhole(header: String) { #expect(answer(header) == .whole) }

    @Test func rangesOfAnotherVersionAreTheWhole() {
        #expect(answer("bytes=0-0", ifRange: "\"v1\"") == .part(0..<1))
        #expect(answer("bytes=0-0", ifRange: "\"v0\"") == .whole)
        #expect(answer("bytes=0-0", ifRange: "W/\"v1\"") == .whole)
        #expect(answer("bytes=0-0", ifRange: "Sat, 29 Oct 1994 19:43:31 GMT") == .whole)
    }

    @Test func knownVersionIsNotSentAgain() {
        #expect(answer(nil, ifNoneMatch: "\"v0\", \"v1\"") == .notModified)
        #expect(answer("bytes=0-0", ifNoneMatch: "W/\"v1\"") == .notModified)
        #expect(answer(nil, ifNoneMatch: "*") == .notModified)
        #expect(answer(nil, ifNoneMatch: "\"v0\"") == .whole)
    }

    @Test func emptyFileHasNoRange() {
        #expect(answer(nil, of: 0) == .whole)
        #expect(answer("bytes=0-0", of: 0) == .unsatisfiable && answer("bytes=-5", of: 0) == .unsatisfiable)
    }
}
