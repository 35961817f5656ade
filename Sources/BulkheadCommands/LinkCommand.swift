package import ArgumentParser
import BulkheadControl
import BulkheadMaster
import BulkheadModel
import Glibc

/// `bulkhead link`: the destinations of a running broadcast.
package struct LinkCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "link",
        abstract: "See and change the destinations of a running broadcast.",
        discussion: "A link is named by its number or name: 2, \"link 2\", main.",
        subcommands: [List.self, Add.self, Remove.self, Pause.self, Retry.self, Move.self, Servers.self],
        defaultSubcommand: List.self)

    package init() {}

    struct Name: ParsableArguments {
        @Argument(help: ArgumentHelp("The link's number or name.", valueName: "link"), completion: Completion.links)
        var link: String
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show what the links do.")

        @OptionGroup var master: MasterFlags

        @Flag(help: "Print a JSON list.")
        var json = false

        func run() async throws {
            let status = try master.status()
            if json { return print(JSONLine.text(status.links) ?? "") }
            for link in status.links { print(LinkText.lines(link).joined(separator: "\n")) }
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a destination; it begins with the next keyframe.",
            usage: "bulkhead link add --to <url> [--or <url> …] [<options>]")

        @Option(
            parsing: .upToNextOption,
            help: ArgumentHelp("The new destination: rtmp://SERVER/APP/KEY, file:OUT.flv.", valueName: "url"))
        var to: [String]

        @Flag(help: "Say what would happen, and change nothing; no server is connected to.")
        var dryRun = false

        @OptionGroup var flags: DestinationFlags
        @OptionGroup var master: MasterFlags

        func run() async throws {
            var words = BroadcastWords()
            words[.to] = to
            flags.collect(into: &words)
            let key = getenv(DestinationWords.keyVariable).map { String(cString: $0) }
            let destinations = try DestinationWords.destinations(words, environmentKey: key)
            for destination in destinations {
                if dryRun {
                    try master.foresee(.link(.add(destination)))
                    continue
                }
                try master.ask(.link(.add(destination)))
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a link, after what waits has been sent.")

        @OptionGroup var name: Name
        @OptionGroup var change: ChangeFlags

        func run() async throws { try change.ask(.link(.remove(name.link))) }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a link off the air until `link retry`.")

        @OptionGroup var name: Name
        @OptionGroup var change: ChangeFlags

        func run() async throws { try change.ask(.link(.pause(name.link))) }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a link connect at once that is paused, waiting or failed.")

        @OptionGroup var name: Name
        @OptionGroup var change: ChangeFlags

        func run() async throws { try change.ask(.link(.retry(name.link))) }
    }

    struct Move: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Move a link to another of its servers at the next keyframe; it stays there.")

        @OptionGroup var name: Name

        @Argument(help: ArgumentHelp("The server's number, or a part of its address.", valueName: "server"))
        var server: String

        @OptionGroup var change: ChangeFlags

        func run() async throws {
            try change.ask(.link(.move(name.link, server: server)))
        }
    }

    struct Servers: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what is known of the links' servers, and which would be chosen.")

        @Argument(help: ArgumentHelp("The link's number or name (default: all links).", valueName: "link"))
        var link: String?

        @Flag(help: "Measure each server first, by a handshake.")
        var probe = false

        @Flag(help: "Print a JSON list.")
        var json = false

        @OptionGroup var master: MasterFlags

        func run() async throws {
            let request = ControlRequest.servers(link: link, isMeasured: probe)
            guard case .servers(let reports) = try ControlAddress.reply(to: request, attach: master.attach) else {
                throw BroadcastError(code: .connectionClosed, "the master closed the connection without an answer")
            }
            if json { return print(JSONLine.text(reports) ?? "") }
            for report in reports { print(LinkText.lines(report).joined(separator: "\n")) }
        }
    }
}
