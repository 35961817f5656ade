import BulkheadMedia
package import BulkheadModel

/// What the slate shows, as a configuration says it.
package struct SlateSettings: Hashable, Sendable {
    /// Settings that are part of it, by their names.
    static let names: Set = ["slate-text", "slate-clock"]

    /// A picture's absolute path; empty for words.
    package var path: String
    /// Nil for those that it has by itself.
    package var text: String?
    package var logoPath: String?
    package var hasClock: Bool

    /// What `settings` say of it.
    package init(_ settings: BroadcastSettings) {
        path = settings.slatePath
        text = settings.slateText
        logoPath = settings.slateLogoPath
        hasClock = settings.slateClock ?? false
    }

    /// Has `settings` say this of it.
    package func apply(to settings: inout BroadcastSettings) {
        settings.slatePath = path
        settings.slateText = text
        settings.slateLogoPath = logoPath
        settings.slateClock = hasClock ? true : nil
    }

    /// What is drawn where ``path`` is empty.
    var card: Card { Card(.slate, text ?? Card.standardWords, logoPath: logoPath ?? "", hasClock: hasClock) }
}
