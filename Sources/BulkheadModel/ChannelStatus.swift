/// How it goes with one chat.
package struct ChannelStatus: Codable, Hashable, Sendable {
    package var name: String
    /// `connecting`, `joined`, `lost`, `rejected`.
    package var state: String
    /// The server that it is at, or was tried last; empty where none was.
    package var server: String
    /// Comments that it has brought.
    package var comments: Int
    /// Why it is not joined; nil where it is.
    package var problem: String?

    package init(name: String) {
        self.name = name
        state = "connecting"
        server = ""
        comments = 0
    }
}
