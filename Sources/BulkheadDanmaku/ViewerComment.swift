/// What a viewer has written on the watch page. Foreign text.
package struct ViewerComment: Hashable, Sendable {
    /// Chosen by the viewer's page, so that one that is sent twice is one.
    package var id: String
    /// Tells viewers apart, roughly, and tells nobody where they are.
    package var viewer: String
    package var author: String
    package var text: String

    package init(id: String, viewer: String, author: String, text: String) {
        self.id = id
        self.viewer = viewer
        self.author = author
        self.text = text
    }

    /// In bytes of UTF-8, of the four; longer ones are refused.
    package static let (longestID, longestViewer, longestAuthor, longestText) = (64, 16, 160, 1024)

    /// Whether it may be taken: what another process sends is checked.
    package var isInRange: Bool {
        (1...Self.longestID).contains(id.utf8.count) && viewer.utf8.count <= Self.longestViewer
            && author.utf8.count <= Self.longestAuthor && (1...Self.longestText).contains(text.utf8.count)
    }
}
