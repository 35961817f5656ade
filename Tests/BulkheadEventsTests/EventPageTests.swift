import BulkheadEvents
import BulkheadModel
import Foundation
import Testing

/// docs/events.md and the code say the same.
@Suite(.timeLimit(.minutes(1))) struct EventPageTests {
    private static func page() throws -> String {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: package.appendingPathComponent("docs/events.md"), encoding: .utf8)
    }

    /// The cells of the table rows that begin with a word in code font, with `columns` columns.
    private static func rows(columns: Int) throws -> [[String]] {
        try page().split(separator: "\n").filter { $0.hasPrefix("| `") && $0.hasSuffix("|") }
            .map { $0.dropFirst().dropLast().split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
            .filter { $0.count == columns }
    }

    private static func row(_ description: CodeDescription) -> [String] {
        [
            "`\(description.code)`", description.meaning.levels.map(\.rawValue).joined(separator: ", "),
            description.meaning.keys.map { "`\($0.rawValue)`" }.joined(separator: ", "), description.meaning.text,
        ]
    }

    @Test(arguments: Happening.all)
    func everyCodeStandsOnThePage(description: CodeDescription) throws {
        #expect(try Self.rows(columns: 4).contains(Self.row(description)))
    }

    @Test func pageHasNoOtherCodes() throws {
        let declared = Set(Happening.all.map(Self.row))
        let written = try Self.rows(columns: 4)
        #expect(written.filter { !declared.contains($0) } == [])
        #expect(written.count == declared.count)
    }

    @Test func pageExplainsEveryKeyAndNoOther() throws {
        let page = try Self.page()
        let section = try #require(page.components(separatedBy: "\n## Values\n").last)
        let keys = section.split(separator: "\n").filter { $0.hasPrefix("| `") }
            .compactMap { $0.split(separator: "`").dropFirst().first.map(String.init) }
        #expect(Set(keys) == Set(Key.allCases.map(\.rawValue)) && keys.count == Key.allCases.count)
    }

    @Test(arguments: Part.Role.allCases.filter { $0 != .unknown })
    func pageNamesEveryRole(role: Part.Role) throws {
        let rows = try Self.rows(columns: 2)
        let row = try #require(rows.first { $0.first == "`part.role`" })
        #expect(row.last?.contains("`\(role.rawValue)`") == true)
    }

    @Test(arguments: Duty.allCases)
    func pageNamesEveryDuty(duty: Duty) throws {
        let rows = try Self.rows(columns: 2)
        let row = try #require(rows.first { $0.first == "`part.duty`" })
        #expect(row.last?.contains("`\(duty.rawValue)`") == true)
    }

    /// The example is an event as readers get it.
    @Test func exampleCanBeRead() throws {
        let page = try Self.page()
        let line = try #require(page.split(separator: "\n").first { $0.hasPrefix("{") })
        let example = try JSONDecoder().decode(Event.self, from: Data(line.utf8))
        #expect(example.code == "encoder.died" && example.part == .encoder(7) && example.mediaSeconds == 12.4)
        guard case .child(.died(pid: 4711, _, frame: 310, _, _, _, _)) = example.happening else {
            Issue.record("read as \(example.happening)")
            return
        }
    }
}
