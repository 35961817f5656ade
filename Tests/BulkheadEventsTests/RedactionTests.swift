import BulkheadEvents
import BulkheadModel
import BulkheadSystem
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct RedactionTests {
    private static let key = "SECRETKEY21"

    @Test func knownKeysAreTakenOutOfEveryText() throws {
        let log = EventLog()
        log.hide(Self.key)
        log.hide(Self.key + "-and-more")
        log.post(
            .source(InputID(1), name: "source"),
            .child(.said(text: "a \(Self.key) b \(Self.key)-and-more", severity: .warning)))
        log.post(
            .encoder(ChildID(2)),
            .child(
                .died(
                    pid: 1, cause: "it said \(Self.key)", frame: nil, uncommitted: nil, plugin: nil, call: nil,
                    standardError: "x\(Self.key)x")))
        let text = String(decoding: try JSONEncoder().encode(log.recent.map(\.happening.values)), as: UTF8.self)
        #expect(!text.contains(Self.key) && text.contains("a [key] b [key]"))
        #expect(log.recent.map(\.code) == ["source.said", "encoder.died"])
        guard case .child(.said) = log.recent[0].happening else {
            Issue.record("\(log.recent[0].happening)")
            return
        }
    }

    /// A server may say the key as it stands in an address, or as it is meant.
    @Test(arguments: ["Se%2Fcret key", "Se/cret key"])
    func keysAreTakenOutInEachOfTheirForms(key: String) {
        let log = EventLog()
        log.hide(key)
        let texts = [
            "no \(key) here", "no Se/cret key here",
            "no \(key.replacing("/", with: "%2F").replacing(" ", with: "%20")) here",
        ]
        for text in texts { #expect(log.clean(text) == "no [key] here", "\(text)") }
    }

    /// Errors end a command with texts of servers.
    @Test func errorsAreCleanAsWell() {
        let log = EventLog()
        log.hide("SECRETKEY")
        let error = log.clean(
            BroadcastError(code: .unreachable, ["a": "SECRETKEY"], "it said \"no SECRETKEY\"", advice: "try SECRETKEY"))
        #expect(
            error == BroadcastError(code: .unreachable, ["a": "[key]"], "it said \"no [key]\"", advice: "try [key]"))
    }

    /// Words of a few letters are everywhere: taking them out would spoil other texts, and hide nothing.
    @Test func shortWordsAreNoSecrets() {
        let log = EventLog()
        log.hide("live")
        #expect(log.clean("the live server") == "the live server")
    }

    @Test func aTextIsCut() {
        let log = EventLog()
        log.post(
            .source(InputID(1), name: "source"),
            .child(.said(text: String(repeating: "é", count: 1 << 20), severity: .warning)))
        guard case .child(.said(let text, _)) = log.recent[0].happening else {
            Issue.record("\(log.recent[0].happening)")
            return
        }
        #expect(text.utf8.count <= Redaction.longestText + 8)
    }

    /// However much is said: what is kept and told stays small.
    @Test func manyLongTextsAreCutShort() throws {
        let log = EventLog()
        let long = String(repeating: "x", count: 1 << 16)
        var heard = 0
        for _ in 0..<2000 {
            log.post(.source(InputID(1), name: "source"), .child(.said(text: long, severity: .warning)))
            if case .child(.said(let text, _)) = log.recent.last?.happening { heard += text.utf8.count }
        }
        #expect(heard < Redaction.budget.amount * 2 + 2000 * (Redaction.shortText + 8))
    }

    /// A key that lies across the place where a text is cut shows in no part.
    @Test func aKeyAtTheCutShowsInNoPart() {
        var redaction = Redaction()
        redaction.hide(Self.key)
        for offset in 0..<20 {
            let text = String(repeating: "y", count: 100 - offset) + Self.key + "zzz"
            #expect(!redaction.clean(text, limit: 100).contains("SECRET"))
        }
    }
}
