package import ArgumentParser
import BulkheadControl
import BulkheadModel

/// `bulkhead input`: the inputs of a running broadcast.
package struct InputCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "input",
        abstract: "See and change the inputs of a running broadcast.",
        discussion: "An input is named by its number or name: 2, \"source 2\", guest.",
        subcommands: [List.self, Add.self, Remove.self, Rename.self, Reopen.self, Skip.self, Switch.self],
        defaultSubcommand: List.self)

    package init() {}

    struct Name: ParsableArguments {
        @Argument(help: ArgumentHelp("The input's number or name.", valueName: "input"), completion: Completion.inputs)
        var input: String
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show what the inputs are and do.")

        @OptionGroup var master: MasterFlags

        @Flag(help: "Print a JSON list.")
        var json = false

        func run() async throws {
            let inputs = try master.status().inputs ?? []
            if json { return print(JSONLine.text(inputs) ?? "") }
            for input in inputs { print(InputText.line(input)) }
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Open one more input, ready to be shown with `scene take`; a layout on air shows it at once.",
            usage: "bulkhead input add <input> [--name <name>] [<options>]")

        @Argument(
            help: ArgumentHelp("A file, a device, an address, or test.", valueName: "input"), completion: .file())
        var input: String

        @Option(help: ArgumentHelp("What the input is called (default: \"source\" and its number).", valueName: "name"))
        var name: String?

        @Option(
            help: ArgumentHelp("The format of an input that can't be detected (default: auto).", valueName: "name"))
        var inputFormat: String?

        @Flag(help: "Play a file again and again.")
        var loop = false

        @Flag(help: "Say what would happen, and change nothing; the input is not opened.")
        var dryRun = false

        @OptionGroup var master: MasterFlags

        func run() async throws {
            var words = BroadcastWords()
            words[.input] = [input]
            // Here is no destination that an address could be meant for.
            words[.to] = ["file:"]
            if let inputFormat { words[.inputFormat] = [inputFormat] }
            if loop { words[.loop] = ["true"] }
            var inputs = try InputWords.inputs(words, attaching: true)
            guard var settings = inputs.popLast() else { return }
            if let name { settings.name = name }
            if dryRun { return try master.foresee(.input(.add(settings))) }
            try master.ask(.input(.add(settings)))
            // Numbers rise: the newest is the one that was added, unless somebody else adds one as well.
            if let added = try master.status().inputs?.max(by: { $0.id < $1.id }) { print(InputText.line(added)) }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Close an input; where its picture is shown, the next input's follows.")

        @OptionGroup var name: Name
        @OptionGroup var change: ChangeFlags

        func run() async throws { try change.ask(.input(.remove(name.input))) }
    }

    struct Rename: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Give an input another name.")

        @OptionGroup var name: Name

        @Argument(help: ArgumentHelp("Its new name.", valueName: "name"))
        var newName: String

        @OptionGroup var change: ChangeFlags

        func run() async throws {
            try change.ask(.input(.rename(name.input, name: newName)))
        }
    }

    struct Skip: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Play the next file of a playlist now, or another one.")

        @Argument(
            help: ArgumentHelp("The playlist's number or name, where there are several.", valueName: "input"),
            completion: Completion.inputs)
        var input: String?

        @Option(help: ArgumentHelp("Its number in the order, or its name.", valueName: "file"))
        var to: String?

        @OptionGroup var change: ChangeFlags

        func run() async throws { try change.ask(.input(.skip(input, file: to))) }
    }

    struct Switch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show an input itself or one of its backups, or let conditions choose.")

        @OptionGroup var name: Name

        @Argument(
            help: ArgumentHelp(
                "main, backup, backup-2 …: shown from now on, whatever happens; auto: by conditions; hold: as it is.",
                valueName: "way"), completion: .list(["main", "backup", "auto", "hold"]))
        var way: String

        @OptionGroup var change: ChangeFlags

        func run() async throws { try change.ask(.input(.choose(name.input, SwitchMode(rawValue: way)))) }
    }

    struct Reopen: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let an input begin anew: a file at its start, a live one with a new connection.")

        @OptionGroup var name: Name
        @OptionGroup var change: ChangeFlags

        func run() async throws { try change.ask(.input(.reopen(name.input))) }
    }
}
