import BulkheadPluginKit

/// Turns the picture into its negative.
struct Invert: VideoFilter {
    static let luma = Parameter("luma", true, "Light becomes dark.")
    static let chroma = Parameter("chroma", true, "Colors become their complements.")
    static let info = PluginInfo(
        name: "Invert", version: "1.0", description: "Turns the picture into its negative.",
        author: "The Bulkhead authors", license: "MIT", parameters: [luma, chroma])

    private let luma: Bool
    private let chroma: Bool

    init(_ setup: PluginSetup) {
        luma = setup[Self.luma]
        chroma = setup[Self.chroma]
    }

    mutating func process(_ frame: borrowing VideoFrame) -> Outcome {
        guard luma || chroma else { return .unchanged }
        invert(.luma, of: frame, when: luma, sum: 16 + 235)
        invert(.cb, of: frame, when: chroma, sum: 256)
        invert(.cr, of: frame, when: chroma, sum: 256)
        return .changed
    }

    /// A value and its negative have this `sum` in limited range.
    private func invert(_ plane: VideoFrame.Plane, of frame: borrowing VideoFrame, when wanted: Bool, sum: Int) {
        guard wanted else { return frame.copy(plane) }
        frame.forEachRow(of: plane) { _, source, target in
            for x in source.indices { target[x] = UInt8(clamping: sum - Int(source[x])) }
        }
    }
}

@c(bulkhead_plugin_entry)
public func entry(hostVersion: UInt32) -> UnsafeRawPointer? { Invert.pluginEntry(hostVersion: hostVersion) }
