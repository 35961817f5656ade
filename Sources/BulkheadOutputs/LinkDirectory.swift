package import BulkheadModel

/// The links of a broadcast as a user has declared them, in order. It is the door at which words become identities:
/// behind it no link is found by its name or its position.
package struct LinkDirectory: Sendable {
    package struct Entry: Sendable {
        package let id: LinkID
        /// `link` where there is one, `link 2`, or `link` and the name that the user gave it.
        package let name: String
        package let destination: DestinationSettings

        /// Whether a person means it by `word`: its number, its name, or both.
        fileprivate func isMeant(by word: String) -> Bool {
            let word = word.lowercased()
            return [name.lowercased(), "link \(id)", "\(id)"].contains(word) || name.lowercased() == "link \(word)"
        }
    }

    package private(set) var entries: [Entry] = []
    private var ids = IdentityCounter<LinkSubject>()

    package init() {}

    /// The first link declared, which rule ``CongestionRule/main`` follows.
    package var main: LinkID? { entries.first?.id }

    package subscript(id: LinkID) -> Entry? { entries.first { $0.id == id } }

    /// Enters a destination behind the others.
    /// - Parameter isAlone: the broadcast has no other, and a name need not tell it from them.
    /// - Throws: kind `usage` when another link has that name.
    package mutating func add(_ destination: DestinationSettings, isAlone: Bool) throws(BroadcastError) -> Entry {
        let id = ids.next()
        let name = destination.name.isEmpty ? isAlone ? "link" : "link \(id)" : "link \(destination.name)"
        if entries.contains(where: { $0.name == name }) {
            let twice = String(name.dropFirst("link ".count))
            throw BroadcastError(code: .linkNameTwice, ["name": twice], "there are two links with the name \(twice)")
        }
        let entry = Entry(id: id, name: name, destination: destination)
        entries.append(entry)
        return entry
    }

    package mutating func remove(_ id: LinkID) { entries.removeAll { $0.id == id } }

    /// The link that a person means by `word`.
    /// - Throws: kind `usage`, with the names that there are.
    package func find(_ word: String) throws(BroadcastError) -> Entry {
        if let entry = entries.first(where: { $0.isMeant(by: word) }) { return entry }
        let names = entries.map(\.name).joined(separator: ", ")
        throw BroadcastError(
            code: .unknownLink, ["name": word], "there is no link \(word)", advice: "there are: \(names)")
    }
}
