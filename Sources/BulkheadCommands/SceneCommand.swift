package import ArgumentParser
import BulkheadControl
import BulkheadModel

/// `bulkhead scene`: what the program of a running broadcast shows.
package struct SceneCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "scene", abstract: "See and change what a running broadcast shows.",
        discussion: """
            What is shown is a scene, a layout (single, side-by-side, grid, picture-in-picture, presenter), or an input \
            alone, each by its name.
            """,
        subcommands: [List.self, Show.self, Take.self, Prepare.self, Add.self, Set.self, Remove.self],
        defaultSubcommand: List.self)

    package init() {}

    struct Name: ParsableArguments {
        @Argument(help: ArgumentHelp("The scene's name.", valueName: "scene"), completion: Completion.scenes)
        var scene: String
    }

    /// What a new scene is made of.
    struct Content: ParsableArguments {
        @Option(
            help: ArgumentHelp("Lay the inputs out: side-by-side, grid, …", valueName: "layout"),
            completion: .list(SceneLayout.allCases.map(\.rawValue)))
        var layout: String?

        @Option(
            parsing: .upToNextOption,
            help: ArgumentHelp("The inputs of the layout, the main one first.", valueName: "input"),
            completion: Completion.inputs)
        var inputs: [String] = []

        @Option(
            help: ArgumentHelp(
                "An input and its place, from the back to the front: guest,x=70%,y=70%,width=25%,height=25%; also "
                    + "crop-left, crop-top, crop-right, crop-bottom, fit, opacity, border, border-color, corner-radius, "
                    + "visible.", valueName: "input[,key=value…]"))
        var item: [String] = []

        func scene(_ name: String) throws(BroadcastError) -> Scene {
            let items = try item.map { (word) throws(BroadcastError) in try SceneWords.item(word) }
            return try SceneWords.scene(name, layout: layout, inputs: inputs, items: items)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the scenes; the one that is shown has a star.")

        @OptionGroup var master: MasterFlags

        @Flag(help: "Print a JSON list.")
        var json = false

        func run() async throws {
            let status = try master.status()
            if json { return print(JSONLine.text(status.scenes ?? []) ?? "") }
            for line in SceneText.list(status) { print(line) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show how a scene is laid out.")

        @OptionGroup var name: Name
        @OptionGroup var master: MasterFlags

        @Flag(help: "Print a JSON object.")
        var json = false

        func run() async throws {
            let scene = try SceneCommand.scene(name.scene, master)
            if json { return print(JSONLine.text(scene) ?? "") }
            for line in SceneText.lines(scene) { print(line) }
        }
    }

    struct Take: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a scene, a layout or an input, and say from which frame on.")

        @Argument(
            help: ArgumentHelp("What is to be shown (default: what was prepared).", valueName: "scene"),
            completion: Completion.scenes)
        var scene: String?

        @Flag(help: "From one frame to the next (default).")
        var cut = false

        @Option(help: ArgumentHelp("Dissolve one into the other within this time: 500ms, 1s.", valueName: "time"))
        var fade: String?

        @Option(help: ArgumentHelp("Through black within this time.", valueName: "time"))
        var dip: String?

        @Option(help: ArgumentHelp("Uncover the new one from the left within this time.", valueName: "time"))
        var wipe: String?

        @OptionGroup var master: MasterFlags

        func run() async throws {
            let reply = try ControlAddress.reply(to: .scene(.take(scene, transition())), attach: master.attach)
            guard case .changed(let frame) = reply else {
                throw BroadcastError(code: .connectionClosed, "the master closed the connection without an answer")
            }
            print("from frame \(frame) on")
        }

        private func transition() throws(BroadcastError) -> Transition {
            let kinds: [(Transition.Kind, String?)] = [(.fade, fade), (.dip, dip), (.wipe, wipe)]
            let chosen = kinds.compactMap { kind, text in text.map { (kind, $0) } }
            guard chosen.count + (cut ? 1 : 0) <= 1 else {
                throw BroadcastError(.usage, "there are two transitions", advice: "keep one of them")
            }
            guard let (kind, text) = chosen.first else { return .cut }
            guard let time = TimeSpan(text), time.seconds * 1000 <= Double(Transition.millisecondRange.upperBound)
            else {
                throw BroadcastError(
                    .usage, "--\(kind.rawValue) \"\(text)\" is no time for a transition",
                    advice: "it takes up to a minute: 500ms, 1s")
            }
            return Transition(kind, milliseconds: UInt32((time.seconds * 1000).rounded()))
        }
    }

    struct Prepare: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Choose what `scene take` shows where it names nothing.")

        @OptionGroup var name: Name
        @OptionGroup var master: MasterFlags

        func run() async throws { try master.ask(.scene(.prepare(name.scene))) }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a scene, of items or of inputs in a layout.",
            usage: """
                bulkhead scene add <scene> --layout <layout> --inputs <input> …
                bulkhead scene add <scene> --item <input[,key=value…]> …
                """)

        @Argument(help: ArgumentHelp("What the scene is called.", valueName: "scene"))
        var name: String

        @OptionGroup var content: Content
        @OptionGroup var master: MasterFlags

        func run() async throws {
            try master.ask(.scene(.add(try content.scene(name))))
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Change a scene: what it is made of, or one input's item in it. One that is shown changes at once.",
            usage: """
                bulkhead scene set <scene> <input> <key=value> …
                bulkhead scene set <scene> --item <input[,key=value…]> …
                bulkhead scene set <scene> --layout <layout> --inputs <input> …
                """)

        @OptionGroup var name: Name

        @Argument(help: ArgumentHelp("The input of an item, and what is to be changed of it.", valueName: "key=value"))
        var changes: [String] = []

        @OptionGroup var content: Content
        @OptionGroup var master: MasterFlags

        func run() async throws {
            var scene = try content.scene(name.scene)
            if let input = changes.first {
                guard scene.items.isEmpty, changes.count > 1 else {
                    throw BroadcastError(
                        .usage, "there is nothing to change of \(input)", advice: "write it as: guest opacity=0.5")
                }
                scene = try SceneCommand.scene(name.scene, master)
                let indices = scene.items.indices.filter { scene.items[$0].input.lowercased() == input.lowercased() }
                guard !indices.isEmpty else {
                    throw BroadcastError(
                        .usage, "the scene \(scene.name) has no item \(input)",
                        advice: "it has \(scene.items.map(\.input).joined(separator: ", "))")
                }
                for index in indices {
                    for word in changes.dropFirst() { try SceneWords.change(&scene.items[index], word) }
                }
            }
            guard !changes.isEmpty || !scene.items.isEmpty else {
                throw BroadcastError(
                    .usage, "there is nothing to change of the scene \(name.scene)",
                    advice: "name an input and what to change, items, or a layout")
            }
            try master.ask(.scene(.set(scene)))
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Forget a scene; what is shown stays.")

        @OptionGroup var name: Name
        @OptionGroup var master: MasterFlags

        func run() async throws { try master.ask(.scene(.remove(name.scene))) }
    }

    // MARK: what there is

    private static func scene(_ name: String, _ master: MasterFlags) throws(BroadcastError) -> Scene {
        let scenes = try master.status().scenes ?? []
        if let found = scenes.first(where: { $0.scene.name.lowercased() == name.lowercased() }) { return found.scene }
        throw BroadcastError(
            code: .unknownScene, ["name": name], "there is no scene \(name)",
            advice: scenes.isEmpty ? "add one first" : "there are: \(scenes.map(\.scene.name).joined(separator: ", "))")
    }
}
