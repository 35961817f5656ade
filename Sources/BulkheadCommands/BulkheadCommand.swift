package import ArgumentParser
import BulkheadMaster
package import BulkheadModel
import BulkheadSystem
import BulkheadWire
import Glibc

/// The command `bulkhead`.
package struct BulkheadCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "bulkhead",
        abstract: "Broadcasts live, and stays on air when a part of it crashes.",
        discussion: """
            Exit codes: 0 ended well, also by Ctrl-C; 64 wrong flags or settings; 65 the encoder refuses; 66 an input \
            can't be used; 67 a plugin can't be used; 68 one of several destinations failed; 69 a destination can't be \
            used; 70 an internal error; 72 the installation is incomplete; 73 a file can't be written; 75 no master, or it refuses; \
            130 ended at once by a second Ctrl-C.
            """,
        version: "bulkhead \(BulkheadVersion.build)",
        subcommands: [
            BroadcastCommand.self, MasterCommand.self, StatusCommand.self, AttachCommand.self, SetCommand.self,
            ReloadCommand.self, TimetableCommand.self, RestartCommand.self,
            KeyframeCommand.self, InputCommand.self, SceneCommand.self, AudioCommand.self, RoomCommand.self,
            PluginCommand.self, LinkCommand.self, RecordingCommand.self, ResumeCommand.self, DeathsCommand.self,
            StopCommand.self, SwitchCommand.self,
            ServeCommand.self, LibraryCommand.self, ControlCommand.self, PlayCommand.self, ProbeCommand.self,
            DrillCommand.self, SettingsCommand.self, DoctorCommand.self,
            ReadConfigurationCommand.self,
        ])

    package init() {}

    /// Runs the command with `arguments`, without the program's name, and tells what went wrong on standard error.
    /// - Returns: the exit code.
    package static func run(_ arguments: [String] = Array(ProgramArguments.all.dropFirst())) async -> Int32 {
        ProcessSetup.silenceDispatch()
        ProcessSetup.ignoreWriteSignals()
        ProcessSetup.occupyStandardDescriptors()
        do {
            var command = try parseAsRoot(joiningAlternatives(joiningNegativeNumbers(arguments)))
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return 0
        } catch let error as BroadcastError {
            Self.tell(failure(error))
            return error.kind == .usage && isDrill(arguments) ? DrillCommand.usageExitCode : error.kind.exitCode
        } catch let ended as EndedAtOnce {
            return ended.exitCode
        } catch {
            // Help, versions, and flags that can't be parsed.
            let code = exitCode(for: error).rawValue
            if code == BroadcastError.Kind.usage.exitCode, let unknown = CommandWords.unknown(in: arguments) {
                tell(EventLine.clean("bulkhead: \(unknown)"))
                return isDrill(arguments) ? DrillCommand.usageExitCode : code
            }
            if code == 0 { print(fullMessage(for: error)) } else { tell(misparse(message(for: error))) }
            return code == BroadcastError.Kind.usage.exitCode && isDrill(arguments) ? DrillCommand.usageExitCode : code
        }
    }

    /// `--flag -5` as `--flag=-5`: no flag looks like a number, and what is wrong with it is better said of the value.
    static func joiningNegativeNumbers(_ arguments: [String]) -> [String] {
        var joined: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" { return joined + [argument] + rest }
            if argument.hasPrefix("--"), !argument.contains("="), let value = rest.first, value.isNegativeNumber {
                rest.removeFirst()
                joined.append("\(argument)=\(value)")
            } else {
                joined.append(argument)
            }
        }
        return joined
    }

    /// `--to A --or B` as `--to A --to |B`: which destination an alternative belongs to is told by their order alone.
    package static func joiningAlternatives(_ arguments: [String]) -> [String] {
        var joined: [String] = []
        var rest = arguments[...]
        var hasDestination = false
        while let argument = rest.popFirst() {
            if argument == "--" { return joined + [argument] + rest }
            if argument == "--to" || argument.hasPrefix("--to=") { hasDestination = true }
            if hasDestination, argument == "--or", let url = rest.first, !url.hasPrefix("-") {
                rest.removeFirst()
                joined += ["--to", DestinationWords.alternativeMark + url]
            } else if hasDestination, argument.hasPrefix("--or=") {
                joined += ["--to", DestinationWords.alternativeMark + argument.dropFirst("--or=".count)]
            } else {
                joined.append(argument)
            }
        }
        return joined
    }

    /// Continuous integration systems know 2 as "used wrongly", and 1 as "failed".
    private static func isDrill(_ arguments: [String]) -> Bool {
        arguments.first == DrillCommand.configuration.commandName
    }

    /// The one line that a failed command ends with.
    package static func failure(_ error: BroadcastError) -> String {
        EventLine.clean("bulkhead: \(ErrorText.text(error))")
    }

    /// One line for a command line that can't be parsed; empty when the command has said itself what is wrong.
    private static func misparse(_ message: String) -> String {
        guard let first = message.split(separator: "\n").first else { return "" }
        // An address may hold a stream key.
        let phrase =
            first.contains("://")
            ? "unexpected URL argument" : first.prefix(1).lowercased() + first.dropFirst()
        return EventLine.clean("bulkhead: \(phrase); bulkhead help lists commands and flags")
    }

    private static func tell(_ line: String) {
        guard !line.isEmpty else { return }
        let line = (Journal.reads(STDERR_FILENO) ? Journal.Priority.error.prefix : "") + line + "\n"
        // Where nobody reads, nothing can be told.
        _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    }
}

extension String {
    fileprivate var isNegativeNumber: Bool {
        hasPrefix("-") && dropFirst().first.map { ("0"..."9").contains($0) || $0 == "." } ?? false
    }
}

/// The broadcast was ended by a second Ctrl-C: what the children still held is lost.
struct EndedAtOnce: Error {
    /// 128 and the number of SIGINT, as shells have it.
    static let exitCode: Int32 = 130
    let exitCode = Self.exitCode
}
