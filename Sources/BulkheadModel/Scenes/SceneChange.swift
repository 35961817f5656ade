/// A change of what the program shows. Scenes go by their names; a layout and an input, which can be shown alone, go by
/// theirs as scenes do.
package enum SceneChange: Codable, Hashable, Sendable {
    /// It is shown from the next frame on; nil for the one that was prepared.
    case take(String?, Transition)
    /// It is taken next where nothing else is named.
    case prepare(String)
    case add(Scene)
    /// It takes the place of the one with its name: at once, where that is shown.
    case set(Scene)
    /// What is shown stays.
    case remove(String)
}

/// A scene as a user sees it.
package struct SceneStatus: Codable, Hashable, Sendable {
    /// What was laid out.
    package var scene: Scene
    /// It was taken last.
    package var isShown: Bool
    /// It is taken next where nothing else is named.
    package var isPrepared: Bool

    package init(scene: Scene, isShown: Bool, isPrepared: Bool) {
        self.scene = scene
        self.isShown = isShown
        self.isPrepared = isPrepared
    }
}
