package import BulkheadMedia
package import BulkheadModel

/// The scenes of a broadcast by their names, and which of them is shown and which is prepared.
package struct SceneBook: Sendable {
    /// The most scenes of a broadcast.
    package static let mostScenes = 256

    /// In the order in which they were added.
    package private(set) var scenes: [Scene] = []
    /// What was taken last; nil before anything was.
    package private(set) var shown: String?
    /// What is taken next where nothing else is named.
    package private(set) var prepared: String?

    /// - Parameter inputs: what inputs are called: no scene may be called so.
    /// - Throws: kind `usage`, where a scene can't be, or two have the same name.
    package init(_ scenes: [Scene] = [], inputs: [String] = []) throws(BroadcastError) {
        for scene in scenes { try add(scene, inputs: inputs) }
    }

    /// The scene called `name`, or with this place in the list, from 1.
    package subscript(name: String) -> Scene? { index(of: name).map { scenes[$0] } }

    /// - Parameter inputs: what inputs are called: no scene may be called so.
    /// - Throws: kind `usage`, with nothing changed.
    package mutating func add(_ scene: Scene, inputs: [String] = []) throws(BroadcastError) {
        try scene.check()
        try scene.checkName(inputs: inputs, scenes: scenes.map(\.name))
        guard scenes.count < Self.mostScenes else {
            throw BroadcastError(.usage, "the broadcast has \(Self.mostScenes) scenes already")
        }
        scenes.append(scene)
    }

    /// Puts another scene in the place of the one with its name, or with the place in the list that it names.
    /// - Returns: the scene, under the name of the one before it.
    /// - Throws: kind `usage`, with nothing changed.
    @discardableResult
    package mutating func set(_ scene: Scene) throws(BroadcastError) -> Scene {
        try scene.check()
        let place = try place(of: scene.name)
        var scene = scene
        scene.name = scenes[place].name
        scenes[place] = scene
        return scene
    }

    /// - Throws: kind `usage`, with nothing changed.
    package mutating func remove(_ name: String) throws(BroadcastError) {
        let scene = scenes.remove(at: try place(of: name))
        if prepared == scene.name { prepared = nil }
        if shown == scene.name { shown = nil }
    }

    /// There is no input of that name any more, alone or otherwise.
    package mutating func forget(input name: String) {
        if prepared == name { prepared = nil }
        if shown == name { shown = nil }
    }

    package var statuses: [SceneStatus] {
        scenes.map { SceneStatus(scene: $0, isShown: $0.name == shown, isPrepared: $0.name == prepared) }
    }

    package mutating func prepare(_ name: String) { prepared = name }

    package mutating func show(_ name: String) {
        shown = name
        if prepared == name { prepared = nil }
    }

    /// Shows what was prepared; what was shown is prepared from now on, so that the next take goes back to it.
    package mutating func swap(in name: String) {
        (shown, prepared) = (name, shown.flatMap { $0.isEmpty || $0 == name ? nil : $0 })
    }

    /// Items that name an input by its name go on naming it, and so does what is shown or prepared where that is the input
    /// alone.
    package mutating func renamed(_ former: String, to name: String) {
        for index in scenes.indices { scenes[index].renameInput(former, to: name) }
        if shown == former { shown = name }
        if prepared == former { prepared = name }
    }

    /// Lengths in pixels keep their share of the picture, which has another size from now on.
    package mutating func resized(from old: Canvas, to new: Canvas) {
        for index in scenes.indices { scenes[index] = scenes[index].resized(from: old, to: new) }
    }

    /// Whether a scene is called so; its place in the list is no name.
    package func hasScene(named name: String) -> Bool { scenes.contains { $0.name.isSameWord(as: name) } }

    private func index(of name: String) -> Int? {
        if let index = scenes.firstIndex(where: { $0.name.isSameWord(as: name) }) { return index }
        guard let number = Int(name), scenes.indices.contains(number - 1) else { return nil }
        return number - 1
    }

    private func place(of name: String) throws(BroadcastError) -> Int {
        if let index = index(of: name) { return index }
        throw unknown(name)
    }

    /// The failure for a word that names no scene.
    /// - Parameter inputs: the names of inputs, which can be shown alone.
    package func unknown(_ name: String, inputs: [String] = []) -> BroadcastError {
        let names = scenes.map(\.name) + (inputs.isEmpty ? [] : SceneLayout.allCases.map(\.rawValue)) + inputs
        return BroadcastError(
            code: .unknownScene, ["name": name], "there is no scene \(name)",
            advice: names.isEmpty ? "add one first" : "there are: \(names.joined(separator: ", "))")
    }

    /// The failure for taking what was prepared where nothing is.
    /// - Parameter inputs: the names of inputs, which can be shown alone.
    package func nothingPrepared(inputs: [String]) -> BroadcastError {
        let names = scenes.map(\.name) + SceneLayout.allCases.map(\.rawValue) + inputs
        return BroadcastError(
            .usage, "no scene is prepared",
            advice: "name what is to be shown, or prepare it with `scene prepare`: \(names.joined(separator: ", "))")
    }
}

extension String {
    fileprivate func isSameWord(as other: String) -> Bool { lowercased() == other.lowercased() }
}
