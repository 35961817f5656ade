package import ArgumentParser
import BulkheadControl
import BulkheadDanmaku
import BulkheadEvents
import BulkheadModel

/// `bulkhead room`: the live room of a running broadcast.
package struct RoomCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "room", abstract: "See and change the live room of a running broadcast.",
        discussion: """
            The room is what is not picture and sound: title, notice, comments, what is pinned and paid for. It is kept in a \
            file as it changes, and comes back by its name: bulkhead broadcast --room NAME.
            """,
        subcommands: [
            Show.self, Set.self, Pin.self, Unpin.self, Say.self, Block.self, Unblock.self, Clear.self, History.self,
            RoomExportCommand.self,
        ],
        defaultSubcommand: Show.self)

    package init() {}

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the room.")

        @Flag(help: "Print a JSON object.")
        var json = false

        @OptionGroup var master: MasterFlags

        func run() async throws {
            guard case .room(let room) = try ControlAddress.reply(to: .room, attach: master.attach) else {
                throw RoomCommand.noAnswer
            }
            if json { return print(JSONLine.text(room) ?? "") }
            for line in RoomText.lines(room, now: Int64(EventLog.wallClock() * 1000)) { print(line) }
        }
    }

    private static let noAnswer = BroadcastError(
        code: .connectionClosed, "the master closed the connection without an answer")

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set fields of the room; what is not named stays as it is.",
            usage: "bulkhead room set <key=value> …",
            discussion: """
                platform, room, title, category and notice are text. How comments are shown: shown=off, font=FAMILY, size=36 \
                (in lines of a picture of 1080), color=#ffcc00, opacity=0.9, scroll=8s (from edge to edge), stand=5s, area=0.5 \
                (of the picture's height), density=400 (at once), modes=scroll+reverse+top+bottom+positioned. \
                How the plugin room shows the rest: board-position=top-left, board-size=32, board-width=0.45, board-box=0.45.
                """)

        @Argument(
            help: ArgumentHelp("What is to be set.", valueName: "key=value"),
            completion: .list(RoomWords.keys.map { "\($0)=" }))
        var changes: [String]

        @OptionGroup var change: ChangeFlags

        func run() async throws {
            var fields = RoomFields()
            for word in changes { try RoomWords.change(&fields, word) }
            try change.ask(.changeRoom(.set(fields)))
        }
    }

    /// For how long something stays in sight.
    struct Time: ParsableArguments {
        @Option(
            name: .customLong("for"),
            help: ArgumentHelp("For how long it stays in sight: 90s, 5m.", valueName: "time"))
        var span: String?

        func seconds() throws(BroadcastError) -> Double? {
            guard let span else { return nil }
            guard let seconds = TimeSpan(span)?.seconds, RoomPin.secondsRange.contains(seconds) else {
                throw BroadcastError(
                    .usage, "--for \"\(span)\" is no such time", advice: "it takes a second to 30 days: 90s, 5m")
            }
            return seconds
        }
    }

    struct Pin: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keep a comment in sight.",
            usage: "bulkhead room pin (<text> [--by <name>] | --id <id>) [--for <time>]")

        @Argument(help: ArgumentHelp("The words.", valueName: "text"))
        var text: String?

        @Option(help: ArgumentHelp("Whose words they are.", valueName: "name"))
        var by: String?

        @Option(help: ArgumentHelp("One of the latest comments, as the history names it.", valueName: "id"))
        var id: String?

        @OptionGroup var time: Time
        @OptionGroup var change: ChangeFlags

        func run() async throws {
            guard (text == nil) != (id == nil) else {
                throw BroadcastError(.usage, "what is pinned is either a text or --id", advice: "give one of them")
            }
            try change.ask(.changeRoom(.pin(RoomPin(comment: id, text: text, author: by, seconds: try time.seconds()))))
        }
    }

    struct Unpin: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take the pinned comment off.")

        @OptionGroup var change: ChangeFlags

        func run() async throws { try change.ask(.changeRoom(.unpin)) }
    }

    struct Say: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a comment of your own on the picture; it is sent to no chat.")

        @Argument(help: ArgumentHelp("The words.", valueName: "text"))
        var text: String

        @Option(help: ArgumentHelp("Whose words they are.", valueName: "name"))
        var by: String?

        @Option(
            help: ArgumentHelp("How it moves (default: scroll).", valueName: "mode"),
            completion: .list(CommentMode.allCases.map(\.rawValue)))
        var mode: String?

        @Option(
            help: ArgumentHelp(
                "Where its upper left corner stands, in shares of the picture's width and height: 0.5,0.25.",
                valueName: "x,y"))
        var at: String?

        @Option(help: ArgumentHelp("Its color, such as #ffcc00.", valueName: "color"))
        var color: String?

        @Option(help: ArgumentHelp("What was paid for it, such as 5 or 4.99; it stays in sight.", valueName: "amount"))
        var paid: String?

        @Option(help: ArgumentHelp("Of what was paid: EUR, USD, CNY.", valueName: "code"))
        var currency: String?

        @OptionGroup var time: Time
        @OptionGroup var change: ChangeFlags

        func run() async throws {
            guard !CommentText.clean(text).isEmpty else {
                throw BroadcastError(.usage, "the comment has no words", advice: "write some")
            }
            var saying = RoomSaying(text)
            saying.author = by
            if let mode {
                var fields = RoomFields()
                try RoomWords.change(&fields, "modes", mode)
                guard let only = fields.modes?.first, fields.modes?.count == 1 else {
                    throw BroadcastError(.usage, "--mode \(mode) names several", advice: "name one")
                }
                saying.mode = only
            }
            if let at { saying.place = try Self.place(at) }
            guard (saying.mode ?? .positioned) == .positioned || at == nil else {
                throw BroadcastError(.usage, "--at goes with --mode positioned alone", advice: "leave one of them away")
            }
            guard saying.mode != .positioned || at != nil else {
                throw BroadcastError(
                    .usage, "--mode positioned needs a place", advice: "say where with --at, such as --at 0.5,0.25")
            }
            if let color {
                var fields = RoomFields()
                try RoomWords.change(&fields, "color", color)
                saying.color = fields.color
            }
            if let paid {
                guard let amount = Double(paid), RoomSaying.amountRange.contains(amount) else {
                    throw BroadcastError(
                        .usage, "--paid \"\(paid)\" is no amount", advice: "it takes 0.01 to a million")
                }
                saying.amountMicros = Int64((amount * 1e6).rounded())
                saying.currency = currency
                saying.seconds = try time.seconds()
            } else if currency != nil || time.span != nil {
                throw BroadcastError(
                    .usage, "--currency and --for go with --paid alone", advice: "add --paid, or leave them away")
            }
            try change.ask(.changeRoom(.say(saying)))
        }

        private static func place(_ text: String) throws(BroadcastError) -> CommentPlace {
            let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
            guard numbers.count == 2, let x = numbers[0], let y = numbers[1], let place = CommentPlace(x: x, y: y)
            else {
                throw BroadcastError(
                    .usage, "--at \"\(text)\" is no place on the picture",
                    advice: "it takes two numbers from 0 to 1 with a comma between them, such as 0.5,0.25")
            }
            return place
        }
    }

    /// What is blocked, or no longer.
    struct Blocked: ParsableArguments {
        @Argument(help: ArgumentHelp("Words; comments with one in them are not shown.", valueName: "word"))
        var words: [String] = []

        @Option(
            parsing: .upToNextOption,
            help: ArgumentHelp("Users, by their name or identity.", valueName: "name"))
        var user: [String] = []

        func block() throws(BroadcastError) -> RoomBlock {
            guard !words.isEmpty || !user.isEmpty else {
                throw BroadcastError(.usage, "nothing is named", advice: "name words, or users with --user")
            }
            guard (words + user).allSatisfy({ !CommentText.clean($0).isEmpty }) else {
                throw BroadcastError(.usage, "a word or user to be blocked is empty", advice: "leave it away")
            }
            return RoomBlock(words: words, users: user)
        }
    }

    struct Block: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keep comments with these words, or of these users, off the picture.")

        @OptionGroup var blocked: Blocked
        @OptionGroup var change: ChangeFlags

        func run() async throws { try change.ask(.changeRoom(.block(try blocked.block()))) }
    }

    struct Unblock: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let them be shown again.")

        @OptionGroup var blocked: Blocked
        @OptionGroup var change: ChangeFlags

        func run() async throws { try change.ask(.changeRoom(.unblock(try blocked.block()))) }
    }

    struct Clear: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take all comments off the picture.")

        @Flag(help: "Also what is pinned and paid for.")
        var all = false

        @OptionGroup var change: ChangeFlags

        func run() async throws { try change.ask(.changeRoom(.clear(isAll: all))) }
    }

    struct History: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the latest comments; all of them are in the log beside the room's record.")

        @Option(help: ArgumentHelp("How many, up to 1000 (default: 50).", valueName: "number"))
        var count = 50

        @Flag(help: "Print JSON objects, one a line.")
        var json = false

        @OptionGroup var master: MasterFlags

        func run() async throws {
            guard (1...1000).contains(count) else {
                throw BroadcastError(.usage, "--count \(count) is out of range", advice: "it takes 1 to 1000")
            }
            let request = ControlRequest.comments(count: count)
            guard case .comments(let entries) = try ControlAddress.reply(to: request, attach: master.attach) else {
                throw RoomCommand.noAnswer
            }
            for entry in entries { print(json ? JSONLine.text(entry) ?? "" : RoomText.line(entry)) }
        }
    }
}
