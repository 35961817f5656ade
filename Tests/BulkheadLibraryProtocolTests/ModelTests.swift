import BulkheadTestSupport
import Foundation
import Testing

/// The protocol as a model, of which spin walks through all states.
@Suite(.timeLimit(.minutes(3))) struct ModelTests {
    private static let model = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Models/library.pml").path

    /// - Returns: whether an error was found.
    private func findsError(_ form: String) async throws -> Bool {
        let folder = try TemporaryFolder()
        let spin = try RunningProcess("spin", ["-D\(form)", "-run", Self.model], in: folder.url)
        await spin.wait(timeout: .seconds(120))
        let text = spin.outputText + spin.errorText
        let count = try #require(text.firstMatch(of: #/errors: (\d+)/#)?.1, "\(text)")
        // A model that does nothing has no errors either.
        #expect(text.contains("states, stored"))
        return count != "0"
    }

    @Test func protocolLosesNothing() async throws { #expect(try await !findsError("OURS")) }

    @Test(arguments: ["BOOLEAN_SIGNAL", "BOOLEAN_DATA", "FLAG_FIRST"])
    func simplerFormIsFoundWrong(form: String) async throws { #expect(try await findsError(form)) }
}
