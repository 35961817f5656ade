package import BulkheadModel

/// Scenes for a person.
package enum SceneText {
    /// One line for each scene with its number, or, where there are no scenes, for each input with its own; then what else is
    /// on air or prepared.
    package static func list(_ list: SceneList) -> [String] {
        var lines = list.scenes.enumerated().map { index, scene in
            let items = scene.scene.items
            let content = items.isEmpty ? "black" : items.map(\.input).joined(separator: ", ")
            return "\(index + 1)  \(scene.scene.name): \(content)" + state(.scene, scene.scene.name, list)
        }
        if list.scenes.isEmpty {
            lines = list.inputs.map { "\($0.id)  \($0.name)" + state(.input, $0.name, list) }
        }
        let others = [list.shown, list.prepared].compactMap { $0 }.filter { entry in
            entry.kind == .layout || (entry.kind == .input && !list.scenes.isEmpty)
        }
        for (index, entry) in others.enumerated() where !others[..<index].contains(entry) {
            lines.append("   \(entry.name) (\(entry.kind.rawValue))" + state(entry.kind, entry.name, list))
        }
        return lines.map(EventLine.clean)
    }

    private static func state(_ kind: SceneList.Kind, _ name: String, _ list: SceneList) -> String {
        func isEntry(_ entry: SceneList.Entry?) -> Bool { entry?.kind == kind && entry?.name == name }
        let words = [isEntry(list.shown) ? "on air" : nil, isEntry(list.prepared) ? "prepared" : nil].compactMap { $0 }
        return words.isEmpty ? "" : "  [\(words.joined(separator: ", "))]"
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
