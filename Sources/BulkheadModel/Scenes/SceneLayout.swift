/// A layout that needs no numbers: it lays out any inputs.
package enum SceneLayout: String, Codable, Hashable, Sendable, CaseIterable {
    /// The first input alone.
    case single = "single"
    /// Columns of the same width.
    case sideBySide = "side-by-side"
    /// Rows and columns, as many as it takes; the last row is in the middle.
    case grid = "grid"
    /// The first input fills the canvas, and the others are small in its lower right corner, from right to left.
    case pictureInPicture = "picture-in-picture"
    /// The first input is large on the left, and the others are below each other on the right.
    case presenter = "presenter"

    /// The items for `inputs`, the first of which is the main one; from the back to the front.
    package func items(for inputs: [String]) -> [SceneItem] {
        guard let main = inputs.first else { return [] }
        let others = Array(inputs.dropFirst())
        switch self {
        case .single: return [SceneItem(main)]
        case .sideBySide: return Self.row(inputs[...], of: inputs.count, top: 0, height: 100)
        case .grid: return Self.grid(inputs)
        case .pictureInPicture: return [SceneItem(main)] + Self.insets(others)
        case .presenter: return Self.presenter(main, others)
        }
    }

    /// Cells in the middle of a row that has room for `count`. Numbers are hundredths of the canvas.
    private static func row(_ inputs: ArraySlice<String>, of count: Int, top: Double, height: Double) -> [SceneItem] {
        let width = 100 / Double(count)
        let left = (100 - width * Double(inputs.count)) / 2
        return inputs.enumerated().map { index, input in
            SceneItem(
                input, x: .perCent(left + width * Double(index)), y: .perCent(top), width: .perCent(width),
                height: .perCent(height))
        }
    }

    private static func grid(_ inputs: [String]) -> [SceneItem] {
        var columns = 1
        while columns * columns < inputs.count { columns += 1 }
        let rows = (inputs.count + columns - 1) / columns
        let height = 100 / Double(rows)
        return (0..<rows).flatMap { index in
            let cells = inputs[index * columns..<min(inputs.count, (index + 1) * columns)]
            return row(cells, of: columns, top: height * Double(index), height: height)
        }
    }

    /// A quarter of the canvas, or less where they are many, with a fortieth between them.
    private static func insets(_ inputs: [String]) -> [SceneItem] {
        let gap = 2.5
        let size = min(25, (100 - gap) / Double(max(1, inputs.count)) - gap)
        return inputs.enumerated().map { index, input in
            SceneItem(
                input, x: .perCent(100 - Double(index + 1) * (size + gap)), y: .perCent(100 - gap - size),
                width: .perCent(size), height: .perCent(size))
        }
    }

    private static func presenter(_ main: String, _ others: [String]) -> [SceneItem] {
        guard !others.isEmpty else { return [SceneItem(main)] }
        let height = min(25, 100 / Double(others.count))
        let top = (100 - height * Double(others.count)) / 2
        return [SceneItem(main, width: .perCent(75))]
            + others.enumerated().map { index, input in
                SceneItem(
                    input, x: .perCent(75), y: .perCent(top + height * Double(index)), width: .perCent(25),
                    height: .perCent(height))
            }
    }
}
