import ArgumentParser
import BulkheadCommands
import BulkheadMaster
import BulkheadModel
import Foundation
import Testing

/// What is written for people names what there is.
@Suite(.timeLimit(.minutes(1))) struct DocumentationTests {
    private static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private func text(_ path: String) throws -> String {
        try String(contentsOf: Self.package.appendingPathComponent(path), encoding: .utf8)
    }

    @Test(arguments: ConfigurationFileTests.flags)
    func manualPageHasEveryFlag(flag: String) throws {
        guard !["help", "version"].contains(flag) else { return }
        let written = "\\-\\-" + flag.replacingOccurrences(of: "-", with: "\\-")
        #expect(
            try text("docs/man/bulkhead.1").contains("\n.BI \(written) ")
                || text("docs/man/bulkhead.1").contains("\n.B \(written)\n"))
    }

    /// The long flags of the commands that watch, without the negated ones.
    static let watchingFlags = [ProbeCommand.helpMessage(columns: 200), DrillCommand.helpMessage(columns: 200)]
        .flatMap { $0.split(separator: "\n") }
        .compactMap { line -> String? in
            guard line.hasPrefix("  -"), let start = line.firstRange(of: "--")?.upperBound else { return nil }
            let flag = String(line[start...].prefix { $0.isLetter || $0 == "-" })
            return flag == "decode" ? "no-decode" : flag
        }

    @Test(arguments: watchingFlags)
    func manualPageHasTheFlagsOfProbeAndDrill(flag: String) throws { try manualPageHasEveryFlag(flag: flag) }

    /// What is generated of the settings, as `make settings` writes it.
    @Test func settingsAreDocumentedAsTheyAreDeclared() throws {
        let hint: Comment = "run `make settings`"
        #expect(try text("docs/settings.md").hasSuffix("\n\n" + SettingsReference.page(.markdown)), hint)
        #expect(try text("docs/settings.schema.json") == SettingsReference.page(.jsonSchema), hint)
        #expect(try text("docs/man/bulkhead.1").contains(".SH SETTINGS\n" + SettingsReference.page(.man)), hint)
    }

    /// A schema that allowed everything would be of no use, and one that forbade what is read a nuisance.
    @Test func schemaNamesEveryKeyOfAConfigurationFile() throws {
        struct Schema: Decodable {
            struct Property: Decodable {}
            let properties: [String: Property]
            let additionalProperties: Bool
        }
        let schema = try JSONDecoder().decode(Schema.self, from: Data(SettingsReference.page(.jsonSchema).utf8))
        let lists = ["links", "plugins", "inputs", "scenes", "timetable", "timezone"]
        #expect(Set(schema.properties.keys) == Set(BroadcastKey.allCases.map(\.rawValue) + lists))
        #expect(!schema.additionalProperties)
    }

    @Test(arguments: BroadcastError.Kind.allCases)
    func everyExitCodeIsDocumented(kind: BroadcastError.Kind) throws {
        #expect(try text("docs/man/bulkhead.1").contains("\n.B \(kind.exitCode)\n"))
        #expect(try text("README.md").contains("\n| \(kind.exitCode) | "))
        #expect(BulkheadCommand.helpMessage().split(whereSeparator: \.isWhitespace).contains("\(kind.exitCode)"))
    }

    @Test func exitCodesTellFailuresApart() {
        #expect(Set(BroadcastError.Kind.allCases.map(\.exitCode)).count == BroadcastError.Kind.allCases.count)
    }

    @Test(arguments: ["test-pattern", "file-loop", "two-destinations", "attach", "plugin"])
    func configurationsOfExamplesAreRead(name: String) throws {
        let path = Self.package.appendingPathComponent("Examples/\(name)/config.yaml").path
        #expect(try !ConfigurationFile.words(at: path).keys.isEmpty)
    }

    @Test func configurationInTheReadmeIsRead() throws {
        let readme = try text("README.md")
        let start = try #require(readme.range(of: "```yaml\n")).upperBound
        let end = try #require(readme.range(of: "```", range: start..<readme.endIndex)).lowerBound
        #expect(try ConfigurationFile.words(in: String(readme[start..<end]), named: "README.md").keys.count > 5)
    }
}
