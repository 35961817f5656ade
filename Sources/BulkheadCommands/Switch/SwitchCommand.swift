package import ArgumentParser
import BulkheadMaster
import BulkheadModel
import BulkheadSwitch
import BulkheadSwitcher
import BulkheadSystem
import Glibc

/// `bulkhead switch`: the switch between push and pull.
package struct SwitchCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "switch",
        abstract: "Switch a stream between two ways to its server: pushed, or pulled by the server.",
        discussion: """
            Start a switch with `run`, which goes on until Ctrl-C. The other commands are for a switch that runs: push and \
            pull choose a way and stay there, hold stays where it is, auto lets it switch by its conditions again.
            """,
        subcommands: [Run.self, Status.self, Push.self, Pull.self, Backup.self, Auto.self, Hold.self],
        defaultSubcommand: Status.self
    )

    package init() {}

    /// Which switch a command is for.
    struct Socket: ParsableArguments {
        @Option(help: ArgumentHelp("The name of the switch.", valueName: "name"))
        var name = SwitchFile.standardName

        @Option(help: ArgumentHelp("The switch's socket (default: that of its name).", valueName: "unix:path"))
        var socket: String?

        func ask(_ request: SwitchRequest) throws(BroadcastError) -> SwitchReply {
            let path: String
            if let socket {
                path = try ControlAddress.path(from: socket, flag: "--socket")
            } else {
                guard SwitchFile.isName(name) else {
                    throw BroadcastError(.usage, "--name wants letters, digits, dashes and dots")
                }
                path = SwitchFile.socketPath(name)
            }
            return try SwitchClient.ask(request, at: path)
        }
    }

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Watch both ways, and switch where a condition is met.")

        @Option(
            help: ArgumentHelp("What is watched, and when it is abnormal, as YAML.", valueName: "file"),
            completion: .file(extensions: ["yml", "yaml"]))
        var config: String

        @Option(
            help: ArgumentHelp(
                "The control socket of the broadcast, whatever the file says.", valueName: "unix:path"))
        var broadcast: String?

        @Flag(help: "Write events as JSON, one object a line, to standard output.")
        var json = false

        func run() async throws {
            // It holds stream keys.
            Confinement.hideMemory()
            let reporter = Reporter.standard(isJSON: json)
            defer { reporter.flush() }
            // Before anything is made that a signal could leave behind.
            let interruptions = Interruptions()
            do throws(BroadcastError) {
                let settings = try SwitchFile.settings(at: config, broadcast: broadcast)
                let switcher = Switcher(settings) { reporter.event($0) }
                let (result, _) = await LongRun(reporter: reporter, interruptions: interruptions).run(
                    status: { nil }, onSignal: { _, _ in switcher.end() },
                    body: {
                        await LongRun.outcome { () async throws(BroadcastError) in try await switcher.run() }
                    })
                try result.get()
            } catch {
                reporter.finish()
                reporter.failure(error)
                throw error
            }
            reporter.finish()
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show which way works, and how.")

        @OptionGroup var socket: Socket

        @Flag(help: "Print one JSON object.")
        var json = false

        func run() async throws {
            guard let status = try socket.ask(SwitchRequest(.status)).status else {
                throw BroadcastError(code: .unreadableReply, "the switch answered without a status")
            }
            print(json ? JSONLine.text(status) ?? "" : SwitchText.lines(status).joined(separator: "\n"))
        }
    }

    struct Push: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Go over to the push, and stay there.")
        @OptionGroup var socket: Socket

        func run() async throws { _ = try socket.ask(SwitchRequest(.mode, mode: .push)) }
    }

    struct Pull: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Go over to the pull, and stay there.")
        @OptionGroup var socket: Socket

        func run() async throws { _ = try socket.ask(SwitchRequest(.mode, mode: .pull)) }
    }

    struct Backup: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Go over to the other broadcast that pushes, and stay there.")
        @OptionGroup var socket: Socket

        func run() async throws { _ = try socket.ask(SwitchRequest(.mode, mode: .way(.backup))) }
    }

    struct Auto: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Switch by conditions and policy again.")
        @OptionGroup var socket: Socket

        func run() async throws { _ = try socket.ask(SwitchRequest(.mode, mode: .auto)) }
    }

    struct Hold: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Stay where it is, whatever happens.")
        @OptionGroup var socket: Socket

        func run() async throws { _ = try socket.ask(SwitchRequest(.mode, mode: .hold)) }
    }
}
