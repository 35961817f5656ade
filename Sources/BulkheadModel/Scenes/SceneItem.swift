/// How a picture goes into a rectangle of another shape.
package enum SceneFit: String, Codable, Hashable, Sendable, CaseIterable {
    /// As large as fits, with its shape kept; the rest of the rectangle shows what lies behind.
    case contain
    /// So large that it fills the rectangle, with its shape kept; what is too much is cut off evenly.
    case cover
    /// Filling the rectangle, whatever becomes of its shape.
    case stretch
}

/// What is cut off a picture before it goes into a scene, at each edge. Hundredths are of the picture, pixels of the
/// picture as large as it is on the canvas when it stands alone.
package struct SceneCrop: Codable, Hashable, Sendable {
    /// Off the left edge; not negative.
    package var left: SceneLength
    /// Off the upper edge; not negative.
    package var top: SceneLength
    /// Off the right edge; not negative.
    package var right: SceneLength
    /// Off the lower edge; not negative.
    package var bottom: SceneLength

    /// A crop; nothing is cut off where nothing is said.
    package init(
        left: SceneLength = .pixels(0), top: SceneLength = .pixels(0), right: SceneLength = .pixels(0),
        bottom: SceneLength = .pixels(0)
    ) {
        self.left = left
        self.top = top
        self.right = right
        self.bottom = bottom
    }

    private enum CodingKeys: String, CodingKey {
        case left = "left"
        case top = "top"
        case right = "right"
        case bottom = "bottom"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func length(_ key: CodingKeys) throws -> SceneLength {
            try container.decodeIfPresent(SceneLength.self, forKey: key) ?? .pixels(0)
        }
        self.init(
            left: try length(.left), top: try length(.top), right: try length(.right), bottom: try length(.bottom))
    }

    var lengths: [SceneLength] { [left, top, right, bottom] }
}

/// A colour as a user writes it: `#1e90ff`.
package struct SceneColor: Hashable, Sendable, CustomStringConvertible {
    /// 0 to 255.
    package let red: UInt8
    /// 0 to 255.
    package let green: UInt8
    /// 0 to 255.
    package let blue: UInt8

    /// White.
    package static let white = SceneColor(red: 255, green: 255, blue: 255)

    /// A colour by its parts.
    package init(red: UInt8, green: UInt8, blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// Nil for what is no `#` with six hexadecimal digits.
    package init?(_ text: String) {
        let digits = text.dropFirst()
        guard text.first == "#", digits.utf8.count == 6, digits.allSatisfy(\.isHexDigit),
            let number = UInt32(digits, radix: 16)
        else { return nil }
        self.init(
            red: UInt8(number >> 16), green: UInt8(number >> 8 & 0xFF), blue: UInt8(number & 0xFF))
    }

    package var description: String {
        "#" + [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension SceneColor: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let color = SceneColor(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a colour")
        }
        self = color
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// A line around an item, inside its edges.
package struct SceneBorder: Codable, Hashable, Sendable {
    /// Hundredths are of the canvas's height; not negative.
    package var width: SceneLength
    /// The line's colour.
    package var color: SceneColor

    /// A border.
    package init(width: SceneLength, color: SceneColor = .white) {
        self.width = width
        self.color = color
    }

    private enum CodingKeys: String, CodingKey {
        case width = "width"
        case color = "color"
    }
}

/// One input's place in a scene.
///
///     {"input":"guest","x":"70%","y":"70%","width":"27.5%","height":"27.5%","fit":"cover","cornerRadius":16}
///
/// Hundredths are of the canvas: of its width across, of its height down.
package struct SceneItem: Hashable, Sendable {
    /// The input's name.
    package var input: String
    /// The left edge of its rectangle.
    package var x: SceneLength
    /// The upper edge of its rectangle.
    package var y: SceneLength
    /// Of its rectangle; positive.
    package var width: SceneLength
    /// Of its rectangle; positive.
    package var height: SceneLength
    /// What is cut off the picture.
    package var crop: SceneCrop
    /// How the picture goes into the rectangle.
    package var fit: SceneFit
    /// 0 (nothing shows) to 1.
    package var opacity: Double
    /// A line around the picture; nil for none.
    package var border: SceneBorder?
    /// How round the picture's corners are; hundredths are of the canvas's height.
    package var cornerRadius: SceneLength
    /// Whether it is shown at all.
    package var isVisible: Bool

    /// An item that fills the canvas where nothing else is said.
    package init(
        _ input: String, x: SceneLength = .pixels(0), y: SceneLength = .pixels(0), width: SceneLength = .perCent(100),
        height: SceneLength = .perCent(100), crop: SceneCrop = SceneCrop(), fit: SceneFit = .contain,
        opacity: Double = 1, border: SceneBorder? = nil, cornerRadius: SceneLength = .pixels(0), isVisible: Bool = true
    ) {
        self.input = input
        self.x = x
        self.y = y
        self.width = width
        self.height = height
        self.crop = crop
        self.fit = fit
        self.opacity = opacity
        self.border = border
        self.cornerRadius = cornerRadius
        self.isVisible = isVisible
    }
}

extension SceneItem: Codable {
    private enum CodingKeys: String, CodingKey {
        case input = "input"
        case x = "x"
        case y = "y"
        case width = "width"
        case height = "height"
        case crop = "crop"
        case fit = "fit"
        case opacity = "opacity"
        case border = "border"
        case cornerRadius = "cornerRadius"
        case isVisible = "visible"
    }

    /// All but the input may be left out.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(try container.decode(String.self, forKey: .input))
        x = try container.decodeIfPresent(SceneLength.self, forKey: .x) ?? x
        y = try container.decodeIfPresent(SceneLength.self, forKey: .y) ?? y
        width = try container.decodeIfPresent(SceneLength.self, forKey: .width) ?? width
        height = try container.decodeIfPresent(SceneLength.self, forKey: .height) ?? height
        crop = try container.decodeIfPresent(SceneCrop.self, forKey: .crop) ?? crop
        fit = try container.decodeIfPresent(SceneFit.self, forKey: .fit) ?? fit
        opacity = try container.decodeIfPresent(Double.self, forKey: .opacity) ?? opacity
        border = try container.decodeIfPresent(SceneBorder.self, forKey: .border)
        cornerRadius = try container.decodeIfPresent(SceneLength.self, forKey: .cornerRadius) ?? cornerRadius
        isVisible = try container.decodeIfPresent(Bool.self, forKey: .isVisible) ?? isVisible
    }
}

extension SceneItem {
    /// Multiplies lengths in pixels, for a picture of another size.
    mutating func resize(across: Double, down: Double) {
        x = x.times(across)
        y = y.times(down)
        width = width.times(across, atLeast: 1)
        height = height.times(down, atLeast: 1)
        crop = SceneCrop(
            left: crop.left.times(across), top: crop.top.times(down), right: crop.right.times(across),
            bottom: crop.bottom.times(down))
        cornerRadius = cornerRadius.times(down)
        if let border { self.border = SceneBorder(width: border.width.times(down, atLeast: 1), color: border.color) }
    }

    /// What is wrong with the item's numbers, in one lowercase phrase; nil where nothing is.
    var problem: String? {
        if input.isEmpty { return "an item names no input" }
        let positions = [("x", x), ("y", y)]
        let sizes = [("width", width), ("height", height)]
        let others =
            [
                ("crop left", crop.left), ("crop top", crop.top), ("crop right", crop.right),
                ("crop bottom", crop.bottom), ("corner radius", cornerRadius),
            ] + (border.map { [("border width", $0.width)] } ?? [])
        for (name, length) in positions + sizes + others where !length.isInRange {
            return "the \(name) of \(input) is \(length), outside its range: "
                + "\(SceneLength.pixelRange.lowerBound) to \(SceneLength.pixelRange.upperBound) pixels, "
                + "\(Int(SceneLength.perCentRange.lowerBound))% to \(Int(SceneLength.perCentRange.upperBound))%"
        }
        for (name, length) in sizes where length.number <= 0 {
            return "the \(name) of \(input) is \(length), and has to be more than 0"
        }
        for (name, length) in others where length.number < 0 {
            return "the \(name) of \(input) is \(length), and can't be less than 0"
        }
        let pairs = [("left and right", crop.left, crop.right), ("top and bottom", crop.top, crop.bottom)]
        for (edges, first, second) in pairs {
            if case .perCent(let one) = first, case .perCent(let other) = second, one + other >= 100 {
                return "the crop of \(input), \(edges), leaves nothing of it"
            }
        }
        guard (0...1).contains(opacity) else {
            return "the opacity of \(input) is \(opacity), outside its range: 0 to 1"
        }
        return nil
    }
}
