package import BulkheadModel

/// What a broadcast can show, what is on air, and what is prepared: as it is printed, as JSON too.
package struct SceneList: Encodable {
    /// What a name stands for.
    package enum Kind: String, Encodable, Sendable {
        case scene = "scene"
        case layout = "layout"
        case input = "input"
    }

    /// Something that can be shown.
    package struct Entry: Encodable, Hashable {
        package let kind: Kind
        package let name: String
    }

    /// What was taken last, or before that the input that is shown; nil while no input is shown.
    package let shown: Entry?
    /// What is taken next where nothing else is named.
    package let prepared: Entry?
    /// In their order.
    package let scenes: [SceneStatus]
    /// Inputs that have a picture, which can be shown alone.
    package let inputs: [InputStatus]

    private enum CodingKeys: String, CodingKey {
        case shown = "shown"
        case prepared = "prepared"
        case scenes = "scenes"
    }

    /// Of the status of a broadcast.
    package init(_ status: BroadcastStatus) {
        scenes = status.scenes ?? []
        inputs = (status.inputs ?? []).filter { $0.hasPicture ?? true }
        let names = (scenes.map(\.scene.name), inputs)
        func entry(_ name: String?) -> Entry? {
            guard let name, !name.isEmpty else { return nil }
            return Entry(kind: Self.kind(of: name, names.0), name: name)
        }
        let alone = inputs.first(where: \.isShown)?.name
        shown = entry(status.scene) ?? entry(alone)
        prepared = entry(status.preparedScene)
    }

    private static func kind(of name: String, _ scenes: [String]) -> Kind {
        if scenes.contains(where: { $0.lowercased() == name.lowercased() }) { return .scene }
        return SceneLayout(rawValue: name.lowercased()) != nil ? .layout : .input
    }

    /// What `word` stands for; nil where that is nothing.
    package func kind(of word: String) -> Kind? {
        let kind = Self.kind(of: word, scenes.map(\.scene.name))
        guard kind == .input else { return kind }
        return inputs.contains { $0.name.lowercased() == word.lowercased() } ? .input : nil
    }

    /// The scene with that name, or with that place in the list.
    package func scene(called word: String) -> Scene? {
        if let found = scenes.first(where: { $0.scene.name.lowercased() == word.lowercased() }) { return found.scene }
        guard let number = Int(word), scenes.indices.contains(number - 1) else { return nil }
        return scenes[number - 1].scene
    }

    /// What follows what is shown in the list, around its end and to what is shown itself; backwards where `step` is negative.
    /// From the first or the last on where what is shown is not in the list.
    package func names(from step: Int) -> [String] {
        let all = scenes.isEmpty ? inputs.map(\.name) : scenes.map(\.scene.name)
        let names = step < 0 ? all.reversed() : all
        guard let place = names.firstIndex(where: { $0 == shown?.name }) else { return names }
        return Array(names[(place + 1)...] + names[...place])
    }
}
