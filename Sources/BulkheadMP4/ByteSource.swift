/// Bytes at rest that are read here and there: a file, or an array.
package protocol ByteSource: Sendable {
    /// How many there are.
    var byteCount: UInt64 { get }

    /// The bytes of `range`, which lies within ``byteCount``.
    /// - Throws: ``MP4Error/unreadable(offset:reason:)``.
    func read(_ range: Range<UInt64>) throws(MP4Error) -> [UInt8]
}

/// A file's bytes in memory.
package struct ArraySource: ByteSource {
    private let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package var byteCount: UInt64 { UInt64(bytes.count) }

    package func read(_ range: Range<UInt64>) throws(MP4Error) -> [UInt8] {
        guard range.upperBound <= byteCount else {
            throw .unreadable(offset: range.lowerBound, reason: "no such bytes")
        }
        return Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
    }
}
