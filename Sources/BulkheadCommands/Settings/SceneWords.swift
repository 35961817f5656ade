import BulkheadMedia
import BulkheadModel
import Yams

/// Makes scenes of what a user has written: on a command line, or in a configuration file.
///
///     scenes:
///       - name: talk
///         items:
///           - input: camera
///           - input: guest
///             x: 70%
///             y: 70%
///             width: 27.5%
///             height: 27.5%
///       - name: all
///         layout: grid
///         inputs: [camera, guest, slides]
///
/// or a map of names to scenes:
///
///     scenes:
///       all: {layout: grid, inputs: [camera, guest, slides]}
enum SceneWords {
    /// What an item has beside its input.
    static let itemKeys = [
        "x", "y", "width", "height", "crop-left", "crop-top", "crop-right", "crop-bottom", "fit", "opacity", "border",
        "border-color", "corner-radius", "visible",
    ]

    /// A scene of items, or of inputs in a layout.
    /// - Throws: kind `usage`.
    static func scene(
        _ name: String, layout: String?, inputs: [String], items: [SceneItem]
    ) throws(BroadcastError) -> Scene {
        var scene = Scene(name, items)
        if let layout {
            guard let choice = SceneLayout(rawValue: layout) else {
                let names = SceneLayout.allCases.map(\.rawValue).joined(separator: ", ")
                throw BroadcastError(.usage, "there is no layout \"\(layout)\"", advice: "there are: \(names)")
            }
            guard items.isEmpty, !inputs.isEmpty else {
                throw BroadcastError(
                    .usage, "the layout of the scene \(name) takes inputs and no items",
                    advice: "name the inputs, the main one first")
            }
            guard choice != .single || inputs.count == 1 else {
                throw BroadcastError(
                    .usage, "the layout single of the scene \(name) shows one input, and not \(inputs.count)",
                    advice: "name one, or another layout")
            }
            scene.items = choice.items(for: inputs)
        } else if !inputs.isEmpty {
            throw BroadcastError(.usage, "the inputs of the scene \(name) have no layout", advice: "add one")
        }
        try scene.check()
        return scene
    }

    /// The item that a word means: `guest,x=70%,y=70%,width=25%,height=25%,fit=cover`.
    /// - Throws: kind `usage`.
    static func item(_ word: String) throws(BroadcastError) -> SceneItem {
        let parts = word.split(separator: ",", omittingEmptySubsequences: false)
        var item = SceneItem(String(parts.first ?? ""))
        for part in parts.dropFirst() { try change(&item, String(part)) }
        return item
    }

    /// Changes an item as a word says: `opacity=0.5`.
    /// - Throws: kind `usage`.
    static func change(_ item: inout SceneItem, _ word: String) throws(BroadcastError) {
        guard let equals = word.firstIndex(of: "=") else {
            throw BroadcastError(.usage, "\"\(word)\" is no key with a value", advice: "write it as x=70%")
        }
        try set(String(word[..<equals]), String(word[word.index(after: equals)...]), of: &item)
    }

    /// - Throws: kind `usage`, for a key that items don't have and for a value that is none of its.
    static func set(_ key: String, _ value: String, of item: inout SceneItem) throws(BroadcastError) {
        switch key {
        case "x": item.x = try length(key, value)
        case "y": item.y = try length(key, value)
        case "width": item.width = try length(key, value)
        case "height": item.height = try length(key, value)
        case "crop-left": item.crop.left = try length(key, value)
        case "crop-top": item.crop.top = try length(key, value)
        case "crop-right": item.crop.right = try length(key, value)
        case "crop-bottom": item.crop.bottom = try length(key, value)
        case "corner-radius": item.cornerRadius = try length(key, value)
        case "fit":
            guard let fit = SceneFit(rawValue: value) else { throw misfit(key, value, "contain, cover or stretch") }
            item.fit = fit
        case "opacity":
            let isShare = value.hasSuffix("%")
            guard let number = Double(isShare ? value.dropLast() : value[...]),
                (0...(isShare ? 100 : 1)).contains(number)
            else { throw misfit(key, value, "0 to 1, or 0% to 100%") }
            item.opacity = isShare ? number / 100 : number
        case "border":
            let width = try length(key, value)
            item.border = width == .pixels(0) ? nil : SceneBorder(width: width, color: item.border?.color ?? .white)
        case "border-color":
            guard let color = color(value) else { throw misfit(key, value, "a colour such as #1e90ff or white") }
            item.border = SceneBorder(width: item.border?.width ?? .pixels(4), color: color)
        case "visible":
            guard let isVisible = ["true": true, "yes": true, "false": false, "no": false][value.lowercased()] else {
                throw misfit(key, value, "true or false")
            }
            item.isVisible = isVisible
        default:
            throw BroadcastError(
                .usage, "an item of a scene has no key \"\(key.prefix(40))\"",
                advice: "it has \(itemKeys.joined(separator: ", "))")
        }
    }

    /// A colour by its digits or its name; what lies behind a border is not seen through it.
    private static func color(_ text: String) -> SceneColor? {
        PaintColor(text).map { SceneColor(red: $0.red, green: $0.green, blue: $0.blue) }
    }

    private static func length(_ key: String, _ value: String) throws(BroadcastError) -> SceneLength {
        guard let length = SceneLength(value) else { throw misfit(key, value, "pixels or hundredths: 640, 12.5%") }
        return length
    }

    private static func misfit(_ key: String, _ value: String, _ takes: String) -> BroadcastError {
        BroadcastError(.usage, "\(key) \"\(value.prefix(40))\" is no such value", advice: "it takes \(takes)")
    }

    // MARK: configuration files

    /// Reads the list or the map `scenes`.
    /// - Returns: the scenes, and where each stands.
    /// - Throws: kind `usage`, naming the file and the line.
    static func read(_ node: Node, named file: String) throws(BroadcastError) -> ([Scene], places: [String]) {
        var (scenes, places) = ([Scene](), [String]())
        func add(_ node: Node, _ name: Node?) throws(BroadcastError) {
            scenes.append(try scene(node, name, file))
            places.append((name ?? node).mark.map { "\(file), line \($0.line)" } ?? file)
        }
        switch node {
        case .sequence(let sequence): for node in sequence { try add(node, nil) }
        case .mapping(let mapping): for (name, node) in mapping { try add(node, name) }
        default: throw at(node, file, "\"scenes\" is a list of scenes, or a map of names to scenes", "mend it there")
        }
        return (scenes, places)
    }

    /// - Parameter key: where the scene's name stands, unless it stands in the scene.
    private static func scene(_ node: Node, _ key: Node?, _ file: String) throws(BroadcastError) -> Scene {
        var (name, layout, inputs, items) = ("", String?.none, [String](), [SceneItem]())
        if let key { name = try text(key, "scenes", file) }
        for (word, value) in try pairs(of: node, file) {
            guard key == nil || word != "name" else {
                throw at(value, file, "the scene has a name already", "leave \"name\" away")
            }
            switch word {
            case "name": name = try text(value, word, file)
            case "layout": layout = try text(value, word, file)
            case "inputs": for node in try list(value, word, file) { inputs.append(try text(node, word, file)) }
            case "items": for node in try list(value, word, file) { items.append(try item(node, file)) }
            default:
                throw at(
                    value, file, "a scene has no key \"\(word.prefix(40))\"", "it has name, layout, inputs and items")
            }
        }
        do { return try scene(name, layout: layout, inputs: inputs, items: items) } catch {
            throw at(node, file, error.problem, error.advice)
        }
    }

    private static func item(_ node: Node, _ file: String) throws(BroadcastError) -> SceneItem {
        if case .scalar(let scalar) = node {
            do { return try item(scalar.string) } catch { throw at(node, file, error.problem, error.advice) }
        }
        var item = SceneItem("")
        for (key, value) in try pairs(of: node, file) {
            let text = try text(value, key, file)
            if key == "input" {
                item.input = text
                continue
            }
            do { try set(key, text, of: &item) } catch { throw at(value, file, error.problem, error.advice) }
        }
        return item
    }

    private static func pairs(of node: Node, _ file: String) throws(BroadcastError) -> [(String, Node)] {
        guard case .mapping(let mapping) = node else {
            throw at(node, file, "this is no list of keys with values", "write one key a line")
        }
        var pairs: [(String, Node)] = []
        for (key, value) in mapping {
            guard let word = key.string else { throw at(key, file, "a key is no plain word", "mend it there") }
            pairs.append((word, value))
        }
        return pairs
    }

    private static func list(_ node: Node, _ key: String, _ file: String) throws(BroadcastError) -> Node.Sequence {
        guard case .sequence(let sequence) = node else {
            throw at(node, file, "\"\(key)\" is a list", "begin each entry with a dash")
        }
        return sequence
    }

    private static func text(_ node: Node, _ key: String, _ file: String) throws(BroadcastError) -> String {
        guard case .scalar(let scalar) = node else {
            throw at(node, file, "\"\(key)\" takes one value", "mend it there")
        }
        return scalar.string
    }

    private static func at(_ node: Node, _ file: String, _ problem: String, _ advice: String) -> BroadcastError {
        let place = node.mark.map { "\(file), line \($0.line)" } ?? file
        return BroadcastError(.usage, "\(place): \(problem)", advice: advice)
    }
}
