import BulkheadSystem
import Testing

/// Names that are made of a date, and told from others.
@Suite(.timeLimit(.minutes(1))) struct DatedNameTests {
    @Test(arguments: [
        ("show-%Y%m%d-%H%M%S.mp4", "show-20261128-233000.mp4"),
        ("show-%Y%m%d-%H%M%S.mp4", "show-20261128-233000-12.mp4"),
        ("a.mp4", "a.mp4"), ("a.mp4", "a-2.mp4"), ("%F 100%%.mp4", "2026-11-28 100%.mp4"), ("%j.mp4", "001.mp4"),
        ("Sendung ü %d.mp4", "Sendung ü 05.mp4"),
    ])
    func itsOwnNamesMatch(_ pattern: String, _ name: String) { #expect(DatedName(pattern).matches(name)) }

    @Test(arguments: [
        ("show-%Y%m%d-%H%M%S.mp4", "show-20261328-233000.mp4"), ("show-%Y%m%d-%H%M%S.mp4", "show-2026118-233000.mp4"),
        ("show-%Y%m%d-%H%M%S.mp4", "show-20261128-233000.mp4.index"), ("show-%Y%m%d.mp4", "show-20261128-.mp4"),
        ("show-%Y%m%d.mp4", "show-20261128-x.mp4"), ("show-%Y%m%d.mp4", "other.mp4"), ("a.mp4", "b.mp4"),
        ("a.mp4", "a-2.flv"), ("a.mp4", "a-123456.mp4"), ("a.mp4", ""), ("a %d.mp4", "a01.mp4"),
    ])
    func othersDoNot(_ pattern: String, _ name: String) { #expect(!DatedName(pattern).matches(name)) }

    @Test func whatItFillsInMatches() {
        let name = DatedName("show-%Y%m%d-%H%M%S.mp4")
        for time in stride(from: 0, to: 2_000_000_000, by: 77_777_777) {
            #expect(name.matches(name.filled(at: time)))
            #expect(name.matches(DatedName.numbered(name.filled(at: time), 2)))
        }
    }

    @Test func fieldsThatCanNotBeReadAreKnown() {
        #expect(DatedName("show-%Y-%m-%d.mp4").isReadable)
        #expect(DatedName("show.mp4").isReadable)
        #expect(!DatedName("show-%q.mp4").isReadable || DatedName("show-%q.mp4").matches("show-%q.mp4"))
    }
}
