/// How comments are shown. Lengths are in *lines*, of which a picture of any size has 1080 from top to bottom.
package struct DanmakuSettings: Codable, Hashable, Sendable {
    /// Comments are shown at all.
    package var isShown = true
    /// A family of fonts; empty for the system's.
    package var font = ""
    /// The height of a letter, in lines.
    package var size = 36.0
    /// 0xRRGGBB.
    package var color: UInt32 = 0xFFFFFF
    /// 0 to 1.
    package var opacity = 0.9
    /// How long a comment takes from edge to edge, without its own length, in seconds.
    package var scrollSeconds = 8.0
    /// How long a standing comment stands, in seconds.
    package var standSeconds = 5.0
    /// The share of the picture's height that comments may take, from the top; standing ones at the bottom take as much.
    package var area = 1.0
    /// The most comments that are seen at once.
    package var density = 400
    /// Comments of other modes are scrolled. In the order of their declaration, each once.
    package var modes = CommentMode.allCases
    /// Comments with one of these in them are not shown, whatever the case of letters.
    package var blockedWords: [String] = []
    /// Neither are those of these, by identity or name.
    package var blockedUsers: [String] = []

    package init() {}

    package static let sizeRange = 12.0...200.0
    package static let opacityRange = 0.0...1.0
    package static let secondsRange = 1.0...60.0
    package static let areaRange = 0.1...1.0
    package static let densityRange = 1...400
    /// How many words, and how many users, may be blocked.
    package static let mostBlocked = 1000
    /// Of a word or a name that is blocked, in characters.
    package static let longestBlocked = 64

    /// The first key whose value lies outside its range; nil where all do not.
    package var outside: String? {
        if !Self.sizeRange.contains(size) { return "size" }
        if color > 0xFFFFFF { return "color" }
        if !Self.opacityRange.contains(opacity) { return "opacity" }
        if !Self.secondsRange.contains(scrollSeconds) { return "scrollSeconds" }
        if !Self.secondsRange.contains(standSeconds) { return "standSeconds" }
        if !Self.areaRange.contains(area) { return "area" }
        if !Self.densityRange.contains(density) { return "density" }
        let isBounded = { (words: [String]) in
            words.count <= Self.mostBlocked && words.allSatisfy { !$0.isEmpty && $0.count <= Self.longestBlocked }
        }
        if !isBounded(blockedWords) { return "blockedWords" }
        return isBounded(blockedUsers) ? nil : "blockedUsers"
    }

    /// Whether a comment with this clean text is kept off the picture.
    package func blocks(_ comment: RoomComment, text: String) -> Bool {
        if blockedUsers.contains(where: { $0 == comment.authorID || $0 == comment.author }) { return true }
        guard !blockedWords.isEmpty else { return false }
        let text = text.lowercased()
        return blockedWords.contains { text.contains($0.lowercased()) }
    }
}
