package import BulkheadModel

/// The inputs of a broadcast as a user has named them, in order. It is the door at which words become identities: behind it
/// no input is found by its name or its position.
package struct InputDirectory: Sendable {
    package struct Entry: Hashable, Sendable {
        package let id: InputID
        /// `source` where there is one, `source 2`, or the name that the user gave it.
        package fileprivate(set) var name: String
        package let settings: InputSettings

        /// Whether a person means it by `word`: its number, its name, or both.
        fileprivate func isMeant(by word: String) -> Bool {
            let word = word.lowercased()
            return [name.lowercased(), "\(id)", "source \(id)", "input \(id)"].contains(word)
        }
    }

    package private(set) var entries: [Entry] = []
    private var ids = IdentityCounter<InputSubject>()

    package init() {}

    package subscript(id: InputID) -> Entry? { entries.first { $0.id == id } }

    /// Enters an input behind the others.
    /// - Parameter isAlone: the broadcast begins with no other, and a name need not tell it from them.
    /// - Throws: kind `usage` when the name can't be its own.
    package mutating func add(_ settings: InputSettings, isAlone: Bool) throws(BroadcastError) -> Entry {
        let id = ids.next()
        if let name = settings.name { try check(name, for: id) }
        let entry = Entry(id: id, name: settings.name ?? (isAlone ? "source" : "source \(id)"), settings: settings)
        entries.append(entry)
        return entry
    }

    /// The next input is entered as `id`: the numbers before it were those of an earlier broadcast's.
    package mutating func skip(to id: InputID) { ids.skip(to: id) }

    package mutating func remove(_ id: InputID) { entries.removeAll { $0.id == id } }

    /// Gives an input another name.
    /// - Throws: kind `usage` when the name can't be its own.
    package mutating func rename(_ id: InputID, to name: String) throws(BroadcastError) {
        try check(name, for: id)
        guard let index = entries.firstIndex(where: { $0.id == id }) else { return }
        entries[index].name = name
    }

    /// The input that a person means by `word`.
    /// - Throws: kind `usage`, with the names that there are.
    package func find(_ word: String) throws(BroadcastError) -> Entry {
        if let entry = entries.first(where: { $0.isMeant(by: word) }) { return entry }
        let names = entries.map { $0.name == "source \($0.id)" ? $0.name : "\($0.id) (\($0.name))" }
        throw BroadcastError(
            code: .unknownInput, ["name": word], "there is no input \(word)",
            advice: names.isEmpty ? "there is none" : "there are: \(names.joined(separator: ", "))")
    }

    private func check(_ name: String, for id: InputID) throws(BroadcastError) {
        guard InputSettings.isName(name) else {
            throw BroadcastError(
                code: .inputName, ["name": name], "\"\(name)\" is no name of an input",
                advice: "a name has 1 to 64 characters, is no number and no layout, and has no comma")
        }
        guard !entries.contains(where: { $0.id != id && $0.isMeant(by: name) }) else {
            throw BroadcastError(
                code: .inputName, ["name": name], "another input is called \(name)", advice: "choose another name")
        }
    }
}
