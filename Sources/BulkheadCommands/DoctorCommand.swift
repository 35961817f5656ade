package import ArgumentParser
import BulkheadChildren
import BulkheadMaster
import BulkheadModel

/// `bulkhead doctor`: what is installed, what can be opened, and what is missing.
package struct DoctorCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check what is installed, what can be opened and what is missing.",
        discussion: "Exits with 0 if a broadcast can be made, with 72 if the installation is incomplete.")

    @Option(help: ArgumentHelp("The folder of the child programs.", valueName: "folder"), completion: .directory)
    var libexec: String?

    @Flag(help: "Print one JSON object a line.")
    var json = false

    package init() {}

    package func run() async throws {
        let programs = try Programs.named(libexec.map { FilePaths.absolute($0) })
        let findings = Checkup(programs: programs).findings()
        for finding in findings { print(json ? JSONLine.text(finding) ?? "" : finding.line) }
        guard let missing = findings.first(where: { $0.state == .missing }) else { return }
        throw BroadcastError(.installation, "\(missing.subject): \(missing.text)", advice: missing.advice)
    }
}
