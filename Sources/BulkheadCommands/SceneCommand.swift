package import ArgumentParser
import BulkheadControl
import BulkheadModel

/// `bulkhead scene`: what the program of a running broadcast shows.
package struct SceneCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "scene", abstract: "See and change what a running broadcast shows.",
        discussion: """
            What is shown is a scene, a layout (single, side-by-side, grid, picture-in-picture, presenter), or an input \
            alone, each by its name. A scene also goes by its number in the list; without scenes, an input does by its own.

            bulkhead scene add talk --item cam --item guest,x=70%,y=6%,width=26%,height=26%
            bulkhead scene take talk --fade
            bulkhead scene prepare guest
            bulkhead scene take
            """,
        subcommands: [
            List.self, Show.self, Take.self, Next.self, Previous.self, Prepare.self, Add.self, Set.self, Remove.self,
        ],
        defaultSubcommand: List.self)

    package init() {}

    struct Name: ParsableArguments {
        @Argument(
            help: ArgumentHelp("The scene's name, or its number in the list.", valueName: "scene"),
            completion: Completion.scenes)
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
        static let configuration = CommandConfiguration(
            abstract: "List what can be shown, what is on air, and what is prepared.")

        @OptionGroup var master: MasterFlags

        @Flag(help: "Print a JSON object: what is shown, what is prepared, and the scenes.")
        var json = false

        func run() async throws {
            let list = SceneList(try master.status())
            if json { return print(JSONLine.text(list) ?? "") }
            for line in SceneText.list(list) { print(line) }
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

    /// How what is shown comes in.
    struct Manner: ParsableArguments {
        /// How long a transition takes of which only the kind was said.
        private static let standard = "500ms"

        @Flag(help: "From one frame to the next (default).")
        var cut = false

        @Option(
            defaultAsFlag: standard, parsing: .next,
            help: ArgumentHelp("Dissolve one into the other: 500ms, 1s.", valueName: "time"))
        var fade: String? = nil

        @Option(defaultAsFlag: standard, parsing: .next, help: ArgumentHelp("Through black.", valueName: "time"))
        var dip: String? = nil

        @Option(
            defaultAsFlag: standard, parsing: .next,
            help: ArgumentHelp("Uncover the new one from the left.", valueName: "time"))
        var wipe: String? = nil

        /// - Parameter scene: what is to be shown, where it is named; the word behind a kind without a time is its name.
        func transition(to scene: inout String?) throws(BroadcastError) -> Transition {
            let kinds: [(Transition.Kind, String?)] = [(.fade, fade), (.dip, dip), (.wipe, wipe)]
            let chosen = kinds.compactMap { kind, text in text.map { (kind, $0) } }
            guard chosen.count + (cut ? 1 : 0) <= 1 else {
                throw BroadcastError(.usage, "there are two transitions", advice: "keep one of them")
            }
            guard case (let kind, var text)? = chosen.first else { return .cut }
            if scene == nil, TimeSpan(text) == nil { (scene, text) = (text, Self.standard) }
            guard let time = TimeSpan(text), time.seconds * 1000 <= Double(Transition.millisecondRange.upperBound)
            else {
                throw BroadcastError(
                    .usage, "--\(kind.rawValue) \"\(text)\" is no time for a transition",
                    advice: "it takes up to a minute: 500ms, 1s")
            }
            return Transition(kind, milliseconds: UInt32((time.seconds * 1000).rounded()))
        }
    }

    /// Shows it, and says from which frame on.
    private static func take(
        _ scene: String?, by transition: Transition, _ master: MasterFlags
    ) throws(BroadcastError) {
        let reply = try ControlAddress.reply(to: .scene(.take(scene, transition)), attach: master.attach)
        guard case .changed(let frame) = reply else {
            throw BroadcastError(code: .connectionClosed, "the master closed the connection without an answer")
        }
        // A number is no name that says anything, and what was prepared has not been named.
        var name = scene.flatMap { Int($0) == nil ? $0 : nil }
        if name == nil { name = (try? SceneList(master.status()))?.shown?.name }
        print("\(name.map { "\($0) is " } ?? "")on air from frame \(frame) on")
    }

    struct Take: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a scene, a layout or an input, and say from which frame on.",
            usage: "bulkhead scene take [<scene>] [--cut | --fade [<time>] | --dip [<time>] | --wipe [<time>]]",
            discussion: """
                bulkhead scene take talk            a scene, by its name or its number in the list
                bulkhead scene take guest --fade    an input alone, within half a second
                bulkhead scene take grid --wipe 1s  a layout: all inputs
                bulkhead scene take                 what was prepared; the next take goes back
                """)

        @Argument(
            help: ArgumentHelp("What is to be shown (default: what was prepared).", valueName: "scene"),
            completion: Completion.scenes)
        var scene: String?

        @Flag(help: "Say what would be shown, and show nothing else.")
        var dryRun = false

        @OptionGroup var manner: Manner
        @OptionGroup var master: MasterFlags

        func run() async throws {
            var scene = scene
            let transition = try manner.transition(to: &scene)
            if dryRun { return try master.foresee(.scene(.take(scene, transition))) }
            try SceneCommand.take(scene, by: transition, master)
        }
    }

    struct Next: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the next scene of the list; where there are no scenes, the next input.")

        @OptionGroup var manner: Manner
        @OptionGroup var master: MasterFlags

        func run() async throws { try SceneCommand.step(by: 1, manner, master) }
    }

    struct Previous: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the previous scene of the list; where there are no scenes, the previous input.")

        @OptionGroup var manner: Manner
        @OptionGroup var master: MasterFlags

        func run() async throws { try SceneCommand.step(by: -1, manner, master) }
    }

    private static func step(by step: Int, _ manner: Manner, _ master: MasterFlags) throws(BroadcastError) {
        let names = SceneList(try master.status()).names(from: step)
        guard !names.isEmpty else {
            throw BroadcastError(.usage, "there is nothing to step through", advice: "add a scene or an input first")
        }
        var scene = names.first
        let transition = try manner.transition(to: &scene)
        for name in names.dropLast() {
            do { return try take(name, by: transition, master) } catch {
                // What can't be shown now is passed over.
                guard error.code == .unknownInput || error.code == .inputNotOpen else { throw error }
            }
        }
        try take(names.last, by: transition, master)
    }

    struct Prepare: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Choose what `scene take` shows where it names nothing: a scene, a layout or an input.")

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
                """,
            discussion: """
                bulkhead scene add both --layout side-by-side --inputs cam guest
                bulkhead scene add talk --item cam --item guest,x=70%,y=6%,width=26%,height=26%,fit=cover
                """)

        @Argument(help: ArgumentHelp("What the scene is called.", valueName: "scene"))
        var name: String

        @Flag(help: "Say what would happen, and change nothing.")
        var dryRun = false

        @OptionGroup var content: Content
        @OptionGroup var master: MasterFlags

        func run() async throws {
            let change = SceneChange.add(try content.scene(name))
            if dryRun { return try master.foresee(.scene(change)) }
            try master.ask(.scene(change))
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
                """,
            discussion: """
                bulkhead scene set talk guest opacity=0.5 corner-radius=12
                bulkhead scene set talk guest visible=no
                """)

        @OptionGroup var name: Name

        @Argument(
            help: ArgumentHelp("The input of an item, and what is to be changed of it.", valueName: "key=value"),
            completion: Completion.items)
        var changes: [String] = []

        @Flag(help: "Say what would happen, and change nothing.")
        var dryRun = false

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
            if dryRun { return try master.foresee(.scene(.set(scene))) }
            guard let reply = try ControlAddress.reply(to: .scene(.set(scene)), attach: master.attach) else {
                throw BroadcastError(
                    code: .connectionClosed, "the master closed the connection without an answer")
            }
            // One that is not on air changes at no frame.
            if case .changed(let frame) = reply { print("\(scene.name) is changed from frame \(frame) on") }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Forget a scene; what is shown stays.")

        @OptionGroup var name: Name

        @Flag(help: "Say what would happen, and change nothing.")
        var dryRun = false

        @OptionGroup var master: MasterFlags

        func run() async throws {
            let change = SceneChange.remove(name.scene)
            if dryRun { return try master.foresee(.scene(change)) }
            try master.ask(.scene(change))
        }
    }

    // MARK: what there is

    private static func scene(_ name: String, _ master: MasterFlags) throws(BroadcastError) -> Scene {
        let list = SceneList(try master.status())
        if let scene = list.scene(called: name) { return scene }
        let names = list.scenes.map(\.scene.name).joined(separator: ", ")
        let advice = names.isEmpty ? "add one first" : "there are: \(names)"
        // What can be taken all the same is no scene of anybody's making.
        let kind = list.kind(of: name)
        let problem =
            switch kind {
            case .layout: "\(name) is a layout: it lays out all inputs by itself"
            case .input: "\(name) is an input: alone it fills the picture"
            case .scene, nil: "there is no scene \(name)"
            }
        throw BroadcastError(
            code: .unknownScene, ["name": name], problem,
            advice: kind == .layout
                ? "`scene add NAME --layout \(name.lowercased()) --inputs …` makes a scene of it, which can be changed"
                : advice)
    }
}
