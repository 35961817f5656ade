package import BulkheadMedia

/// A named picture made of inputs, as a user lays it out.
package struct Scene: Codable, Hashable, Sendable {
    /// The most characters of a name.
    package static let longestName = 64
    /// The most items of a scene.
    package static let mostItems = 64

    /// What people call it; not empty.
    package var name: String
    /// From the back to the front.
    package var items: [SceneItem]

    /// A scene of these items.
    package init(_ name: String, _ items: [SceneItem] = []) {
        self.name = name
        self.items = items
    }

    private enum CodingKeys: String, CodingKey {
        case name = "name"
        case items = "items"
    }

    /// Items that name an input by its name go on naming it.
    package mutating func renameInput(_ former: String, to name: String) {
        for index in items.indices where items[index].input.lowercased() == former.lowercased() {
            items[index].input = name
        }
    }

    /// Checks the numbers of the scene, wherever they come from.
    /// - Throws: kind `usage`, naming the first that can't be.
    package func check() throws(BroadcastError) {
        let isName =
            !name.isEmpty && name.count <= Self.longestName
            && name.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        guard isName else {
            throw BroadcastError(
                .usage, "\"\(name.prefix(Self.longestName))\" is no name for a scene",
                advice: "choose one of 1 to \(Self.longestName) characters in one line")
        }
        guard items.count <= Self.mostItems else {
            throw BroadcastError(
                .usage, "the scene \(name) has \(items.count) items; at most \(Self.mostItems) are possible")
        }
        for item in items {
            if let problem = item.problem { throw BroadcastError(.usage, "in the scene \(name), \(problem)") }
        }
    }
}

extension Scene {
    /// Checks whether the scene can be called as it is beside these: its name alone says what is to be shown.
    /// - Parameters:
    ///   - inputs: what inputs are called.
    ///   - scenes: what other scenes are called.
    /// - Throws: kind `usage`.
    package func checkName(inputs: [String], scenes: [String]) throws(BroadcastError) {
        func isSame(_ other: String) -> Bool { other.lowercased() == name.lowercased() }
        let isNumbered = ["source ", "input "].contains { prefix in
            name.lowercased().hasPrefix(prefix) && Int(name.dropFirst(prefix.count)) != nil
        }
        let problem =
            scenes.contains(where: isSame)
            ? "there is a scene \(name) already"
            : SceneLayout(rawValue: name.lowercased()) != nil
                ? "\(name) is the name of a layout"
                : name.allSatisfy(\.isWhitespace)
                    ? "a scene's name is blank"
                    : name.allSatisfy(\.isNumber)
                        ? "\(name) is a number, which stands for a place in the list of scenes"
                        : isNumbered || inputs.contains(where: isSame) ? "\(name) is the name of an input" : nil
        guard let problem else { return }
        throw BroadcastError(code: .sceneName, ["name": name], problem, advice: "choose another name")
    }

    /// Laid out for another size of the picture: lengths in pixels keep their share of it, rounded, and hundredths stay.
    package func resized(from old: Canvas, to new: Canvas) -> Scene {
        guard old != new else { return self }
        let across = Double(new.width) / Double(old.width)
        let down = Double(new.height) / Double(old.height)
        var scene = self
        for index in scene.items.indices { scene.items[index].resize(across: across, down: down) }
        return scene
    }

    /// What `canvas` shows of the scene.
    ///
    /// Whatever nothing is seen of is left out. Edges of items that meet meet in the same pixel, and where a picture would
    /// miss the edge of its rectangle by less than two pixels it reaches it: no seam is left.
    ///
    /// - Parameter contents: where in its picture, which has the size of `canvas`, the content of an input lies: all but
    ///   the black around it, with even edges. Nil for an input that has no picture: its items are left out.
    /// - Parameter isTransparent: what lies behind the input may be seen through it.
    package func composition(
        on canvas: Canvas, contents: (String) -> PixelRectangle?, isTransparent: (String) -> Bool = { _ in false }
    ) -> Composition<String> {
        var layers: [Composition<String>.Layer] = []
        for item in items where item.isVisible {
            guard let content = contents(item.input), let placement = item.placement(of: content, on: canvas) else {
                continue
            }
            let isWhole =
                placement.isPlain && placement.target == canvas.rectangle && !isTransparent(item.input)
            if isWhole { layers.removeAll() }
            layers.append(Composition.Layer(item.input, placement))
        }
        // A picture at its own place: the black around it is in the slot already.
        if let first = layers.first?.placement, first.isPlain, first.source == first.target,
            contents(layers[0].picture) == first.source
        {
            layers[0].placement = PictureLayer(source: canvas.rectangle, target: canvas.rectangle)
        }
        return Composition([Composition.Group(layers, clip: canvas.rectangle)])
    }
}

extension SceneItem {
    /// A rectangle before it is rounded to pixels.
    private struct Area {
        var left: Double
        var top: Double
        var right: Double
        var bottom: Double

        init(left: Double, top: Double, right: Double, bottom: Double) {
            self.left = left
            self.top = top
            self.right = right
            self.bottom = bottom
        }

        init(_ rectangle: PixelRectangle) {
            left = Double(rectangle.x)
            top = Double(rectangle.y)
            right = Double(rectangle.x + rectangle.width)
            bottom = Double(rectangle.y + rectangle.height)
        }

        var width: Double { right - left }
        var height: Double { bottom - top }

        /// With edges rounded each for itself, so that rectangles that meet do so afterwards.
        var rounded: PixelRectangle {
            let (x, y) = (Self.even(left), Self.even(top))
            return PixelRectangle(x: x, y: y, width: Self.even(right) - x, height: Self.even(bottom) - y)
        }

        /// Edges that are the same but for the last digits of their computation are rounded to the same pixel.
        static func even(_ value: Double) -> Int { Int(((value * 1e6).rounded() / 2e6).rounded()) * 2 }

        func intersection(_ other: Area) -> Area {
            Area(
                left: max(left, other.left), top: max(top, other.top), right: min(right, other.right),
                bottom: min(bottom, other.bottom))
        }

        /// Where in this area the part of `whole` lies that `part` is.
        func part(_ part: Area, of whole: Area) -> Area {
            let (across, down) = (width / whole.width, height / whole.height)
            return Area(
                left: left + (part.left - whole.left) * across, top: top + (part.top - whole.top) * down,
                right: right + (part.right - whole.right) * across, bottom: bottom + (part.bottom - whole.bottom) * down
            )
        }
    }

    /// Where the item's picture goes; nil where nothing of it is seen.
    fileprivate func placement(of content: PixelRectangle, on canvas: Canvas) -> PictureLayer? {
        let level = opacity > 0 ? UInt8((min(1, opacity) * 255).rounded()) : 0
        guard level > 0, let cropped = cropped(content) else { return nil }
        let left = x.pixels(of: canvas.width)
        let top = y.pixels(of: canvas.height)
        let area = Area(
            left: left, top: top, right: left + width.pixels(of: canvas.width),
            bottom: top + height.pixels(of: canvas.height))
        guard area.width > 0, area.height > 0 else { return nil }
        var (source, shown) = (cropped, area)
        switch fit {
        case .stretch: break
        case .contain: shown = Self.contained(cropped, in: area)
        case .cover: source = Self.contained(area, in: cropped)
        }
        let outline = shown.rounded
        let screen = Area(left: 0, top: 0, right: Double(canvas.width), bottom: Double(canvas.height))
        let visible = Area(outline).intersection(screen)
        guard visible.width >= 2, visible.height >= 2 else { return nil }
        let isClipped = visible.rounded != outline
        let widest = min(outline.width, outline.height) / 2
        func line(_ length: SceneLength) -> Int {
            max(0, min(widest, Int(length.pixels(of: canvas.height).rounded())))
        }
        return PictureLayer(
            source: Self.within(content, isClipped ? source.part(visible, of: Area(outline)) : source),
            target: visible.rounded, outline: outline, opacity: level,
            cornerRadius: line(cornerRadius), borderWidth: border.map { line($0.width) } ?? 0,
            borderColor: border?.color.video(for: canvas) ?? .black)
    }

    /// What the crop leaves of `content`; nil for less than two pixels.
    private func cropped(_ content: PixelRectangle) -> Area? {
        let area = Area(content)
        let rest = Area(
            left: area.left + crop.left.pixels(of: content.width), top: area.top + crop.top.pixels(of: content.height),
            right: area.right - crop.right.pixels(of: content.width),
            bottom: area.bottom - crop.bottom.pixels(of: content.height))
        return rest.width >= 2 && rest.height >= 2 ? rest : nil
    }

    /// The largest area with the shape of `shape` in the middle of `area`; its edges are those of `area` where they are
    /// nearly so.
    private static func contained(_ shape: Area, in area: Area) -> Area {
        let scale = min(area.width / shape.width, area.height / shape.height)
        func span(_ low: Double, _ high: Double, _ length: Double) -> (Double, Double) {
            let rest = (high - low - length) / 2
            guard rest >= 2 else { return (low, high) }
            // As sources place a picture: one that is at its own place stays there to the pixel.
            let start = low + (rest / 2).rounded(.down) * 2
            return (start, start + length)
        }
        let (left, right) = span(area.left, area.right, shape.width * scale)
        let (top, bottom) = span(area.top, area.bottom, shape.height * scale)
        return Area(left: left, top: top, right: right, bottom: bottom)
    }

    /// `area` in whole pixels of `content`, with even edges and not empty.
    private static func within(_ content: PixelRectangle, _ area: Area) -> PixelRectangle {
        func span(_ low: Double, _ high: Double, _ start: Int, _ length: Int) -> (Int, Int) {
            let first = max(start, min(start + length - 2, Area.even(low)))
            return (first, max(first + 2, min(start + length, Area.even(high))) - first)
        }
        let (x, width) = span(area.left, area.right, content.x, content.width)
        let (y, height) = span(area.top, area.bottom, content.y, content.height)
        return PixelRectangle(x: x, y: y, width: width, height: height)
    }
}

extension SceneColor {
    fileprivate func video(for canvas: Canvas) -> VideoColor {
        VideoColor(red: Double(red) / 255, green: Double(green) / 255, blue: Double(blue) / 255, for: canvas)
    }
}
