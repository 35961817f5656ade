import BulkheadAudience
import BulkheadDanmaku
import BulkheadMedia
import BulkheadModel
import BulkheadTestSupport
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) final class RoomFilesTests {
    private let folder = NSTemporaryDirectory() + "rooms-\(UUID().uuidString)"

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func comment(_ number: Int) -> RoomComment {
        RoomComment(id: "\(number)", source: "irc", author: "ann", text: "line \(number)")
    }

    private func record(_ numbers: Range<Int>) throws -> (RoomRecord, [RoomLogEntry]) {
        var record = RoomRecord(try #require(Canvas(width: 1280, height: 720)))
        record.title = "Evening show"
        var entries: [RoomLogEntry] = []
        for number in numbers {
            _ = record.take(comment(number), at: .zero, now: 0)
            entries.append(RoomLogEntry(record.logged, comment(number), time: 0))
        }
        return (record, entries)
    }

    @Test func whatIsSavedIsFoundAgain() throws {
        let (record, entries) = try record(1..<4)
        do {
            let files = RoomFiles(folder: folder, name: "main")
            let found = try files.open()
            #expect(found.record == nil && found.entries.isEmpty)
            try files.save(record, entries)
        }
        let found = try RoomFiles(folder: folder, name: "main").open()
        #expect(found.record == record && found.entries == entries && found.damaged == nil)
    }

    /// The master was killed between the log and the record, in the middle of a line.
    @Test func whatTheLogHasBeyondTheRecordIsKnown() throws {
        let (early, _) = try record(1..<3)
        let (_, entries) = try record(1..<5)
        do {
            let files = RoomFiles(folder: folder, name: "main")
            _ = try files.open()
            try files.save(early, entries)
        }
        let log = URL(fileURLWithPath: folder + "/main.jsonl")
        let whole = try Data(contentsOf: log)
        try (whole + Data(#"{"number":5,"comm"#.utf8)).write(to: log)
        let files = RoomFiles(folder: folder, name: "main")
        var record = try #require(try files.open().record)
        #expect(record.logged == 4)
        let again = (1..<5).map { record.take(comment($0), at: .zero, now: 0) }
        #expect(again == [.known, .known, .known, .known])
        let next = record.take(comment(5), at: .zero, now: 0)
        #expect(next != .known && record.logged == 5)
        try files.save(record, [RoomLogEntry(5, comment(5), time: 0)])
        let lines = try String(contentsOf: log, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 5 && lines.allSatisfy { $0.hasSuffix("}") })
    }

    @Test(arguments: ["", "{}", "no JSON at all", #"{"version":2}"#])
    func aRecordThatCannotBeReadIsPutAside(text: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/main.json"))
        let found = try RoomFiles(folder: folder, name: "main").open()
        #expect(found.record == nil)
        let aside = try #require(found.damaged)
        #expect(try String(contentsOfFile: aside, encoding: .utf8) == text)
    }

    /// The log goes on, and what it has does not come into it again.
    @Test(arguments: [false, true]) func aRecordThatIsGoneBeginsBehindItsLog(isDamaged: Bool) throws {
        let (record, entries) = try record(1..<5)
        let thanks = RoomComment(id: "5", source: "irc", author: "ann", text: "thanks", rank: .paid)
        let paid = PaidComment(thanks, amountMicros: 5_000_000, currency: "EUR", from: 0, until: 60_000)
        do {
            let files = RoomFiles(folder: folder, name: "main")
            _ = try files.open()
            try files.save(record, entries + [RoomLogEntry(5, thanks, time: 0, paid: paid)])
        }
        for round in 1...3 {
            if isDamaged {
                try Data("\(round)".utf8).write(to: URL(fileURLWithPath: folder + "/main.json"))
            } else {
                try? FileManager.default.removeItem(atPath: folder + "/main.json")
            }
            let found = try RoomFiles(folder: folder, name: "main").open()
            #expect(found.record == nil && found.known.map(\.number) == [1, 2, 3, 4, 5])
            var next = RoomRecord(try #require(Canvas(width: 1280, height: 720)))
            for entry in found.known { next.know(entry) }
            #expect(next.logged == 5 && next.paid == [paid])
            let again = next.take(comment(4), at: .zero, now: 0)
            #expect(again == .known)
            // What was damaged before is still there.
            guard isDamaged else { continue }
            let aside = try #require(found.damaged)
            #expect(aside.hasSuffix(round == 1 ? ".damaged" : ".damaged.\(round)"))
            #expect(try String(contentsOfFile: folder + "/main.json.damaged", encoding: .utf8) == "1")
        }
    }

    @Test func aRoomIsHadOnce() throws {
        let first = RoomFiles(folder: folder, name: "main")
        _ = try first.open()
        #expect(throws: RoomFiles.Problem.inUse) { try RoomFiles(folder: self.folder, name: "main").open() }
        _ = try RoomFiles(folder: folder, name: "other").open()
        withExtendedLifetime(first) {}
    }

    @Test func theEndOfALongLogIsReadWhole() throws {
        let (record, entries) = try record(1..<5000)
        do {
            let files = RoomFiles(folder: folder, name: "main")
            _ = try files.open()
            try files.save(record, entries)
        }
        let found = try RoomFiles(folder: folder, name: "main").open()
        #expect(found.entries == Array(entries.suffix(RoomFiles.mostKept)))
    }

    @Test func aFolderThatCannotBeMadeIsNamed() throws {
        #expect {
            try RoomFiles(folder: "/proc/rooms", name: "main").open()
        } throws: { ("\(($0 as? RoomFiles.Problem)?.text ?? "")").contains("/proc/rooms can't be written to") }
    }
}
