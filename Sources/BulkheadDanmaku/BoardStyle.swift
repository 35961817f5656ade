/// Where and how the room's title, notice, pinned and paid comments are shown; nil where whoever draws them decides.
package struct BoardStyle: Codable, Hashable, Sendable {
    /// A corner of the picture.
    package enum Position: String, Codable, Hashable, Sendable, CaseIterable {
        case topLeft = "top-left"
        case topRight = "top-right"
        case bottomLeft = "bottom-left"
        case bottomRight = "bottom-right"
    }

    package var position: Position?
    /// The height of letters, in lines.
    package var size: Double?
    /// The share of the picture's width that it may take.
    package var width: Double?
    /// How much the dark box behind it covers, 0 to 1.
    package var box: Double?

    package init() {}

    package static let sizeRange = DanmakuSettings.sizeRange
    package static let widthRange = 0.1...1.0
    package static let boxRange = 0.0...1.0

    /// Whether all values lie in their ranges.
    package var isInRange: Bool {
        (size.map(Self.sizeRange.contains) ?? true) && (width.map(Self.widthRange.contains) ?? true)
            && (box.map(Self.boxRange.contains) ?? true)
    }
}
