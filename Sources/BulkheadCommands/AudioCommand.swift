package import ArgumentParser
import BulkheadControl
import BulkheadModel
import BulkheadSystem

/// `bulkhead audio`: the sound of a running broadcast.
package struct AudioCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "audio", abstract: "See, hear about and change the sound of a running broadcast.",
        discussion: """
            Levels: peak and RMS in dBFS; M, S and I are momentary, short-term and integrated loudness in LUFS (EBU R128), \
            measured since somebody looks.
            """,
        subcommands: [Show.self, Set.self, Mute.self, Unmute.self, ProgramSettings.self], defaultSubcommand: Show.self)

    package init() {}

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show gain and levels of each input, and of the program.")

        @Flag(help: "Show bars, ten times a second, until Ctrl-C.")
        var follow = false

        @Flag(help: "Print a JSON object; with --follow, one a second.")
        var json = false

        @OptionGroup var master: MasterFlags

        func run() async throws {
            let watch = try AudioWatch(attach: master.attach)
            guard follow else {
                let sound = try await watch.measured()
                if json { return print(JSONLine.text(sound) ?? "") }
                for line in AudioText.list(sound) { print(line) }
                return
            }
            try await watch.follow(isJSON: json, until: Interruptions())
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change what is done with an input's sound, without a click.",
            usage: "bulkhead audio set <input> <key=value> …",
            discussion: """
                gain=-6 (dB), mute, unmute, solo, unsolo, pan=-0.3 (-1 is left, 1 is right), mono, stereo, delay=80ms, \
                duck=mic,depth=12 (turned down while mic is heard; also threshold=-40, attack=50ms, hold=500ms, \
                release=1s), duck=off. What is not named stays as it is.
                """)

        @OptionGroup var name: InputCommand.Name

        @Argument(help: ArgumentHelp("What is to be changed.", valueName: "key=value"), completion: Completion.strips)
        var changes: [String]

        @OptionGroup var change: ChangeFlags

        func run() async throws { try AudioCommand.change(name.input, changes, change) }
    }

    struct Mute: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let an input no longer be heard: audio set <input> mute.")

        @OptionGroup var name: InputCommand.Name
        @OptionGroup var change: ChangeFlags

        func run() async throws { try AudioCommand.change(name.input, ["mute"], change) }
    }

    struct Unmute: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let an input be heard again: audio set <input> unmute.")

        @OptionGroup var name: InputCommand.Name
        @OptionGroup var change: ChangeFlags

        func run() async throws { try AudioCommand.change(name.input, ["unmute"], change) }
    }

    private static func change(_ input: String, _ words: [String], _ change: ChangeFlags) throws {
        // Words that are none are said before anything is asked.
        var unused = StripSettings()
        for word in words { try AudioWords.change(&unused, word) }
        let watch = try AudioWatch(attach: change.master.attach)
        let strip = try watch.sound().strips.first {
            $0.name.lowercased() == input.lowercased() || "\($0.input)" == input
        }
        var settings = strip?.settings ?? StripSettings()
        for word in words { try AudioWords.change(&settings, word) }
        if change.dryRun { return try change.ask(.audio(.strip(input, settings))) }
        print("from frame \(try watch.change(.strip(input, settings))) on")
    }

    struct ProgramSettings: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "program", abstract: "Change what is done with all sounds together.",
            usage: "bulkhead audio program <key=value> …",
            discussion: """
                ceiling=-1 (the limiter's, in dBTP), limiter=off, loudness=-16 (the program is slowly brought to as many \
                LUFS), loudness=off. What is not named stays as it is.
                """)

        @Argument(
            help: ArgumentHelp("What is to be changed.", valueName: "key=value"),
            completion: .list(["limiter=on", "limiter=off", "ceiling=", "loudness=", "loudness=off"]))
        var changes: [String]

        @OptionGroup var change: ChangeFlags

        func run() async throws {
            var unused = ProgramSoundSettings()
            for word in changes { try AudioWords.change(&unused, word) }
            let watch = try AudioWatch(attach: change.master.attach)
            var settings = try watch.sound().settings
            for word in changes { try AudioWords.change(&settings, word) }
            if change.dryRun { return try change.ask(.audio(.program(settings))) }
            print("from frame \(try watch.change(.program(settings))) on")
        }
    }
}
