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

    /// - Throws: kind `usage`, where a scene can't be, or two have the same name.
    package init(_ scenes: [Scene] = []) throws(BroadcastError) {
        for scene in scenes { try add(scene) }
    }

    package subscript(name: String) -> Scene? { index(of: name).map { scenes[$0] } }

    /// - Throws: kind `usage`, with nothing changed.
    package mutating func add(_ scene: Scene) throws(BroadcastError) {
        try scene.check()
        guard index(of: scene.name) == nil else {
            throw BroadcastError(
                code: .sceneName, ["name": scene.name], "there is a scene \(scene.name) already",
                advice: "change it with `scene set`, or choose another name")
        }
        guard SceneLayout(rawValue: scene.name.lowercased()) == nil else {
            throw BroadcastError(
                code: .sceneName, ["name": scene.name], "\(scene.name) is the name of a layout",
                advice: "choose another name")
        }
        guard scenes.count < Self.mostScenes else {
            throw BroadcastError(.usage, "the broadcast has \(Self.mostScenes) scenes already")
        }
        scenes.append(scene)
    }

    /// Puts another scene in the place of the one with its name.
    /// - Throws: kind `usage`, with nothing changed.
    package mutating func set(_ scene: Scene) throws(BroadcastError) {
        try scene.check()
        scenes[try place(of: scene.name)] = scene
    }

    /// - Throws: kind `usage`, with nothing changed.
    package mutating func remove(_ name: String) throws(BroadcastError) {
        let scene = scenes.remove(at: try place(of: name))
        if prepared == scene.name { prepared = nil }
    }

    package var statuses: [SceneStatus] {
        scenes.map { SceneStatus(scene: $0, isShown: $0.name == shown, isPrepared: $0.name == prepared) }
    }

    package mutating func prepare(_ name: String) { prepared = name }

    package mutating func show(_ name: String) {
        shown = name
        if prepared == name { prepared = nil }
    }

    /// Items that name an input by its name go on naming it.
    package mutating func renamed(_ former: String, to name: String) {
        for index in scenes.indices { scenes[index].renameInput(former, to: name) }
    }

    private func index(of name: String) -> Int? { scenes.firstIndex { $0.name.isSameWord(as: name) } }

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
}

extension String {
    fileprivate func isSameWord(as other: String) -> Bool { lowercased() == other.lowercased() }
}
