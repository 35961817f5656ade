package import BulkheadModel
package import BulkheadWire

/// One input as an earlier broadcast left it.
package struct InputPlace: Codable, Hashable, Sendable {
    /// Its number, by which scenes and people may know it.
    package var id: InputID
    /// What people called it.
    package var name: String
    /// Where it goes on; nil for its beginning, and for what is live.
    package var resume: SourceResume?

    package init(id: InputID, name: String, resume: SourceResume? = nil) {
        self.id = id
        self.name = name
        self.resume = resume
    }
}
