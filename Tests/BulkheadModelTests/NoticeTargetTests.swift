import BulkheadModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct NoticeTargetTests {
    @Test(arguments: [
        ("link.lost", "link.*", true), ("link.lost", "link.lost", true), ("link.lost", "*", true),
        ("encoder.died", "*.died", true), ("encoder.died", "e*.d*d", true), ("link.lost", "link", false),
        ("link.lost", "*.died", false), ("aba", "ab*ba", false), ("", "*", true),
    ])
    func aStarStandsForAnyText(code: String, pattern: String, isMatch: Bool) {
        #expect(NoticeTarget(url: "http://h/", codes: [pattern]).wants(code, .notice) == isMatch)
    }

    @Test func aTargetWithoutWishesHearsOfTrouble() {
        let target = NoticeTarget(url: "http://h/")
        #expect(!target.wants("encoder.ready", .notice))
        #expect(target.wants("encoder.died", .warning))
        #expect(target.wants("link.failed", .error))
    }

    @Test func aLevelHoldsForNamedEvents() {
        let target = NoticeTarget(url: "http://h/", level: .error, codes: ["link.*"])
        #expect(!target.wants("link.lost", .warning))
        #expect(target.wants("link.failed", .error))
        #expect(!target.wants("encoder.died", .error))
    }

    @Test(arguments: [
        ("https://ops.example/T0/B1/x", "ops.example", ["/T0/B1/x"]), ("HTTP://h:8080", "h:8080", []),
        ("http://me:word@h/p?k=v", "h", ["me:word", "/p?k=v"]), ("ftp://h/x", nil, []), ("https://", nil, []),
    ])
    func whatStandsAroundTheHostIsHidden(url: String, host: String?, secrets: [String]) {
        #expect(NoticeTarget.host(of: url) == host)
        #expect(NoticeTarget(url: url).secrets == secrets)
    }

    @Test func aBodyHasTheTimeInUTC() throws {
        let body = NoticeBody(type: "link.lost", seconds: 1_795_895_604.991, origin: "o", text: "t", data: ["key": 1])
        #expect(
            JSONLine.text(body)
                == #"{"data":{"key":1},"origin":"o","text":"t","timestamp":"2026-11-28T19:53:24.991Z","type":"link.lost"}"#
        )
    }
}
