import BulkheadWire

/// How large the pictures of an input may be: decoders take memory for several of them, whatever is in them, and a file of
/// some kilobytes can ask for half of the machine's.
enum PictureLimit {
    /// Twice those of an 8K film: 8192 x 8192.
    static let pixelCount: Int64 = 8192 * 8192

    /// What may be wrong with an input of which nothing can be decoded.
    static let doubt = "it is damaged, or its pictures have more than \(pixelCount / 1_000_000) million pixels"

    /// Why pictures of this size are not taken; nil where they are.
    static func refusal(width: CInt, height: CInt, of name: String) -> Refusal? {
        let count = Int64(max(0, width)) * Int64(max(0, height))
        guard count > pixelCount else { return nil }
        return Refusal(
            .settings,
            "\(name) has pictures of \(width)x\(height), and they may have \(pixelCount / 1_000_000) million pixels")
    }
}
