package import BulkheadModel

/// Scenes for a person.
package enum SceneText {
    /// One line for each scene: a star for the one that is shown, an arrow for the one that is prepared.
    package static func list(_ status: BroadcastStatus) -> [String] {
        let scenes = status.scenes ?? []
        var lines = scenes.map { scene in
            "\(scene.isShown ? "*" : scene.isPrepared ? ">" : " ") \(scene.scene.name): "
                + (scene.scene.items.isEmpty ? "black" : scene.scene.items.map(\.input).joined(separator: ", "))
        }
        // What is shown may be a layout, or an input alone.
        if let shown = status.scene, !shown.isEmpty, !scenes.contains(where: \.isShown) { lines.append("* \(shown)") }
        return lines.map(EventLine.clean)
    }

    /// One line for each item, from the back to the front, as `scene add` takes it.
    package static func lines(_ scene: Scene) -> [String] { scene.items.map { EventLine.clean(line($0)) } }

    private static func line(_ item: SceneItem) -> String {
        let plain = SceneItem(item.input)
        var words = [item.input]
        func say<Value: Equatable>(_ key: String, _ value: Value, unless standard: Value, _ text: String) {
            if value != standard { words.append("\(key)=\(text)") }
        }
        say("x", item.x, unless: plain.x, "\(item.x)")
        say("y", item.y, unless: plain.y, "\(item.y)")
        say("width", item.width, unless: plain.width, "\(item.width)")
        say("height", item.height, unless: plain.height, "\(item.height)")
        say("crop-left", item.crop.left, unless: plain.crop.left, "\(item.crop.left)")
        say("crop-top", item.crop.top, unless: plain.crop.top, "\(item.crop.top)")
        say("crop-right", item.crop.right, unless: plain.crop.right, "\(item.crop.right)")
        say("crop-bottom", item.crop.bottom, unless: plain.crop.bottom, "\(item.crop.bottom)")
        say("fit", item.fit, unless: plain.fit, item.fit.rawValue)
        say("opacity", item.opacity, unless: plain.opacity, DecimalText.short(item.opacity))
        if let border = item.border { words += ["border=\(border.width)", "border-color=\(border.color)"] }
        say("corner-radius", item.cornerRadius, unless: plain.cornerRadius, "\(item.cornerRadius)")
        say("visible", item.isVisible, unless: plain.isVisible, "\(item.isVisible)")
        return words.joined(separator: ",")
    }
}
