package import ArgumentParser
import BulkheadSystem
import Glibc

/// The program `bulkhead-library`, which `bulkhead library` becomes.
package struct LibraryProgram: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "bulkhead library",
        abstract: "Keep recordings, find them, and serve them to players.",
        discussion: """
            One command is a whole library: bulkhead library serve --folder recordings. On many machines, each has a \
            node, and one of them a centre with the tracker; what they say to each other is in docs/library.md.
            """,
        subcommands: [
            LibraryServeCommand.self, LibraryNodeCommand.self, LibraryCentreCommand.self, LibraryTrackerCommand.self,
            LibraryUploadCommand.self, LibraryTokenCommand.self, LibraryStatusCommand.self, LibraryDoctorCommand.self,
            LibraryDrainCommand.self, LibraryRestoredCommand.self,
        ])

    package init() {}

    /// Runs to the end of the command; the result is the exit code.
    package static func run(_ arguments: [String] = Array(ProgramArguments.all.dropFirst())) async -> CInt {
        ProcessSetup.silenceDispatch()
        ProcessSetup.ignoreWriteSignals()
        ProcessSetup.occupyStandardDescriptors()
        do {
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return EXIT_SUCCESS
        } catch let error as StartError {
            tell("bulkhead library: \(error)")
            return error.exitCode
        } catch {
            let code = exitCode(for: error).rawValue
            if code == 0 {
                print(fullMessage(for: error))
            } else {
                let line = message(for: error).split(separator: "\n").first ?? ""
                let names = configuration.subcommands.compactMap { $0.configuration.commandName }
                let command = arguments.first.flatMap { names.contains($0) ? " \($0)" : nil } ?? ""
                let help = "see bulkhead library\(command) --help"
                tell("bulkhead library: \(line.prefix(1).lowercased())\(line.dropFirst()); \(help)")
            }
            return code
        }
    }

    private static func tell(_ line: String) {
        var line = line.map { $0.isNewline ? " " : $0 }.map(String.init).joined() + "\n"
        line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
