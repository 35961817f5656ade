import BulkheadMedia
import BulkheadModel
import BulkheadTimeline
import BulkheadWire

/// What a person means by the words of a change, where scenes, layouts and inputs share their names.
extension SceneBook {
    /// What is taken: what a person has named, or else what was prepared.
    func next(_ word: String?, of machine: ProgramMachine) throws(BroadcastError) -> String {
        guard let name = word ?? prepared else { throw nothingPrepared(inputs: machine.shownNames) }
        return name
    }

    /// What a person means by `word`: a scene, a layout or an input. A number is a scene's place in the list, or, where there
    /// are no scenes, the input's.
    func stage(called word: String, of machine: ProgramMachine) throws(BroadcastError) -> (
        name: String, stage: Staging.Stage
    ) {
        if let scene = self[word] {
            let lacking = inputs(lackingIn: scene, of: machine)
            if let name = lacking.first, lacking.count == scene.items.count {
                throw BroadcastError(
                    code: .unknownInput, ["name": name],
                    "the scene \(scene.name) shows \(name), and there is no such input",
                    advice: "add it, or change the scene")
            }
            return (scene.name, .scene(scene))
        }
        if let layout = SceneLayout(rawValue: word.lowercased()) { return (layout.rawValue, .layout(layout)) }
        let isPlace = word.allSatisfy(\.isNumber) && !scenes.isEmpty
        guard !isPlace, let input = machine.input(called: word) else {
            throw unknown(word, inputs: machine.shownNames)
        }
        let name = machine.name(of: input) ?? word
        guard machine.canTake(input) else { throw Self.notShowable(input, name, of: machine) }
        return (name, .input(input))
    }

    /// What a scene shows and there is not.
    func inputs(lackingIn scene: Scene, of machine: ProgramMachine) -> [String] {
        scene.items.map(\.input).filter { machine.input(called: $0) == nil }
    }

    /// What a change of what is shown would do.
    /// - Throws: why it would be refused.
    func foresee(_ change: SceneChange, of machine: ProgramMachine) throws(BroadcastError) -> ChangeOutcome {
        var book = self
        switch change {
        case .take(let word, let transition):
            let name = try next(word, of: machine)
            try transition.check()
            return ChangeOutcome("scene \(try stage(called: name, of: machine).name)", .inPlace)
        case .prepare(let name):
            return ChangeOutcome("scene \(try stage(called: name, of: machine).name)", .inPlace)
        case .add(let scene):
            try book.add(scene, inputs: machine.names)
            return ChangeOutcome("scene \(scene.name)", .added)
        case .set(let scene): return ChangeOutcome("scene \(try book.set(scene).name)", .inPlace)
        case .remove(let name):
            let former = book[name]?.name ?? name
            try book.remove(name)
            return ChangeOutcome("scene \(former)", .removed)
        }
    }

    /// Checks whether an input can be called `name`.
    /// - Throws: kind `usage`, where a scene is called so.
    func checkInputName(_ name: String) throws(BroadcastError) {
        guard hasScene(named: name) else { return }
        throw BroadcastError(
            code: .inputName, ["name": name], "a scene is called \(name)",
            advice: "choose another name, so that it is clear what `scene take \(name)` shows")
    }

    private static func notShowable(_ input: InputID, _ name: String, of machine: ProgramMachine) -> BroadcastError {
        guard machine.isSoundOnly(input) else {
            return BroadcastError(
                code: .inputNotOpen, ["name": name], "\(name) has no picture to show",
                advice: "reopen it, or take another input")
        }
        let others = machine.shownNames.joined(separator: ", ")
        return BroadcastError(
            code: .inputNotOpen, ["name": name],
            "\(name) is sound without a picture, which is heard whatever is shown",
            advice: others.isEmpty ? "add an input with a picture" : "take one with a picture: \(others)")
    }
}
