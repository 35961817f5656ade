package import ArgumentParser
import BulkheadControl
import BulkheadModel

/// `bulkhead scene`: what the program shows.
package struct SceneCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "scene", abstract: "Change what the program of a running broadcast shows.",
        subcommands: [Take.self])

    package init() {}

    struct Take: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show an input's picture, with its sound where it has one, and say from which frame on.")

        @Argument(help: ArgumentHelp("The input's number or name.", valueName: "input"), completion: Completion.inputs)
        var scene: String

        @OptionGroup var master: InputCommand.Master

        func run() async throws {
            let reply = try ControlAddress.reply(to: .scene(.take(scene)), attach: master.attach)
            guard case .changed(let frame) = reply else {
                throw BroadcastError(code: .connectionClosed, "the master closed the connection without an answer")
            }
            print("from frame \(frame) on")
        }
    }
}
