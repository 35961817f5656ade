/// Comparisons of secrets that take as long wherever the first difference lies.
package enum ConstantTime {
    package static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }
}

/// Secret words, kept as hashes: time tells neither how long they are nor how much of one was right.
package struct SecretWords: Hashable, Sendable {
    private let hashes: [[UInt8]]

    package init(_ words: some Sequence<String>) { hashes = words.map { SHA256.hash(Array($0.utf8)) } }

    package func contains(_ word: String) -> Bool {
        let hash = SHA256.hash(Array(word.utf8))
        var isFound = false
        for known in hashes where ConstantTime.areEqual(known, hash) { isFound = true }
        return isFound
    }
}
