/// A length in a scene, as a user writes it: `640` or `640px` in pixels, `12.5%` of the canvas.
package enum SceneLength: Hashable, Sendable {
    case pixels(Int)
    case perCent(Double)

    /// What lengths may be; positions may lie outside the canvas.
    package static let pixelRange = -16_384...16_384
    /// In hundredths of the canvas.
    package static let perCentRange = -1000.0...1000.0

    /// Nil for what is no length, or one outside its range.
    package init?(_ text: String) {
        if text.hasSuffix("%") {
            guard let number = Self.number(text.dropLast()), Self.perCentRange.contains(number) else { return nil }
            self = .perCent(number)
        } else {
            let digits = text.hasSuffix("px") ? text.dropLast(2) : text[...]
            guard digits.first != "+", let number = Int(digits), Self.pixelRange.contains(number) else { return nil }
            self = .pixels(number)
        }
    }

    /// Digits with at most one sign and one point; no exponent.
    private static func number(_ text: Substring) -> Double? {
        guard text.utf8.count <= 24, text.first != "+",
            text.allSatisfy({ ("0"..."9").contains($0) || $0 == "." || $0 == "-" })
        else { return nil }
        return Double(text)
    }

    /// In pixels, where `whole` is the size of the canvas in the length's direction.
    package func pixels(of whole: Int) -> Double {
        switch self {
        case .pixels(let number): Double(number)
        case .perCent(let number): Double(whole) * number / 100
        }
    }

    /// The number, whatever it counts.
    var number: Double {
        switch self {
        case .pixels(let number): Double(number)
        case .perCent(let number): number
        }
    }

    /// A number of pixels times `factor`, rounded and within its range; hundredths as they are.
    func times(_ factor: Double, atLeast least: Int = pixelRange.lowerBound) -> SceneLength {
        guard case .pixels(let number) = self, number != 0 else { return self }
        let scaled = (Double(number) * factor).rounded()
        let range = Self.pixelRange
        return .pixels(Int(min(max(scaled, Double(max(least, range.lowerBound))), Double(range.upperBound))))
    }

    var isInRange: Bool {
        switch self {
        case .pixels(let number): Self.pixelRange.contains(number)
        case .perCent(let number): Self.perCentRange.contains(number)
        }
    }
}

extension SceneLength: CustomStringConvertible {
    package var description: String {
        switch self {
        case .pixels(let number): "\(number)"
        case .perCent(let number): Int(exactly: number).map { "\($0)%" } ?? "\(number)%"
        }
    }
}

/// A number of pixels as a number, hundredths as a text: `640`, `"12.5%"`.
extension SceneLength: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int.self) {
            self = .pixels(number)
        } else if let length = SceneLength(try container.decode(String.self)) {
            self = length
        } else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a length")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .pixels(let number): try container.encode(number)
        case .perCent: try container.encode(description)
        }
    }
}
