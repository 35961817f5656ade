import BulkheadModel
import BulkheadProbe
import BulkheadTestSupport
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct ExpectationTests {
    private func measured() throws -> StreamReport {
        try JSONDecoder().decode(StreamReport.self, from: Data(StreamReportSample.json.utf8))
    }

    @Test func listsAreRead() throws {
        #expect(
            try Expectation.list("lost=0,gap<200ms,av-offset<=60ms,frames>=290,connections=1") == [
                Expectation(.lost, .equal, 0), Expectation(.gap, .less, 200), Expectation(.offset, .atMost, 60),
                Expectation(.frames, .atLeast, 290), Expectation(.connections, .equal, 1),
            ])
        #expect(try Expectation.list("gap<1.5s").map { "\($0)" } == ["gap<1500ms"])
        #expect(try Expectation.list("repeated>2").map { "\($0)" } == ["repeated>2"])
    }

    @Test(arguments: ["", "lost", "lost=", "lost=x", "lost=-1", "gap<x", "gap<", "loss=0", "=0", "lost=0,", "lost==0"])
    func whatIsNoExpectationIsRefusedWithAdvice(text: String) {
        let error = #expect(throws: BroadcastError.self) { try Expectation.list(text) }
        #expect(error?.kind == .usage)
        #expect(error?.advice.isEmpty == false)
    }

    @Test(arguments: [
        ("lost=0", false), ("lost<=3", true), ("repeated=0", true), ("gap<131ms", true), ("gap<130ms", false),
        ("av-offset<45ms", false), ("av-offset<=45ms", true), ("jumps=0", false), ("backwards=0", true),
        ("frames>296", true), ("connections=1", true), ("disorder=0", true), ("unnumbered=0", true),
    ])
    func expectationsAreJudged(text: String, holds: Bool) throws {
        let expectation = try #require(try Expectation.list(text).first)
        #expect(try Verdict(expectation, in: measured(), connections: 1).holds == holds)
    }

    @Test func whatWasNotMeasuredDoesNotHold() throws {
        var report = try measured()
        report.numbers = nil
        report.sync = nil
        for text in ["lost=0", "lost>=0", "av-offset<1s", "connections=1"] {
            let expectation = try #require(try Expectation.list(text).first)
            let verdict = Verdict(expectation, in: report)
            #expect(!verdict.holds)
            #expect(verdict.text == "\(expectation): not measured")
        }
    }

    /// A border over the numbers, left out for a second: what is missing between was not missed.
    @Test func coveredNumbersAreNotMeasured() throws {
        var report = try measured()
        report.numbers?.unnumbered = 298
        for text in ["lost=0", "repeated=0", "disorder=0"] {
            let verdict = Verdict(try #require(try Expectation.list(text).first), in: report)
            #expect(!verdict.holds && verdict.value == nil)
            #expect(
                verdict.text
                    == "\(text): not measured (298 of 595 pictures have no number that can be read: something covers it)"
            )
        }
        report.numbers?.unnumbered = 297
        #expect(Verdict(try #require(try Expectation.list("lost=3").first), in: report).holds)
    }

    /// Pictures without a number between the others: they decide, or don't.
    @Test func lostIsNotMeasuredWherePicturesWithoutANumberDecide() throws {
        var report = try measured()
        report.numbers?.lost = 0
        report.numbers?.unmeasured = 5
        func verdict(_ list: String) throws -> Verdict {
            Verdict(try #require(try Expectation.list(list).first), in: report)
        }
        #expect(
            try verdict("lost=0").text
                == "lost=0: not measured (0 and up to 5 more, behind pictures without a number)")
        #expect(try verdict("lost<=5").text == "lost<=5: ok, 0")
        report.numbers?.lost = 3
        #expect(try verdict("lost=0").text.hasPrefix("lost=0: FAILED, 3"))
        #expect(try verdict("repeated=0").holds)
    }

    @Test func failuresNameThePlace() throws {
        func text(_ list: String) throws -> String {
            try Verdict(#require(try Expectation.list(list).first), in: measured()).text
        }
        #expect(try text("lost=0") == "lost=0: FAILED, 3 (frames 155-157)")
        #expect(try text("gap<100ms") == "gap<100ms: FAILED, 130.4ms (before frame 158, at 5.25 s)")
        #expect(try text("repeated=0") == "repeated=0: ok, 0")
    }
}
