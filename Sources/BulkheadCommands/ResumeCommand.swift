package import ArgumentParser
import BulkheadMaster
import BulkheadModel

/// `bulkhead resume`: what is kept of broadcasts that have a name.
package struct ResumeCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "See and forget what is kept of broadcasts that have a name.",
        discussion: "One that was interrupted goes on with: bulkhead broadcast --resume NAME.",
        subcommands: [List.self, Forget.self], defaultSubcommand: List.self)

    package init() {}

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List broadcasts, and how they ended.")

        @Flag(help: "Print a JSON list.")
        var json = false

        func run() async throws {
            let kept = KeptBroadcast.all()
            if json { return print(JSONLine.text(kept) ?? "[]") }
            for broadcast in kept { print(KeptText.text(broadcast)) }
            if kept.isEmpty { print("no broadcast with a name has been on air") }
        }
    }

    struct Forget: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove what is kept of a broadcast, stream keys included.")

        @Argument(help: "The broadcast's name.", completion: Completion.resumable)
        var name: String

        func run() async throws {
            try KeptBroadcast.forget(name)
        }
    }
}
