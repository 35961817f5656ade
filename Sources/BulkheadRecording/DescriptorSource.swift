package import BulkheadMP4
import Glibc

/// The bytes of an open file, read where they lie. The descriptor stays its owner's, and stays open as long as this is
/// used.
package struct DescriptorSource: ByteSource {
    private let descriptor: Int32
    /// The length of the file when this was made: what is appended later is not seen.
    package let byteCount: UInt64

    /// - Throws: ``MP4Error/unreadable(offset:reason:)``: the descriptor is of no regular file.
    package init(_ descriptor: Int32) throws(MP4Error) {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw Self.error(offset: 0) }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw .unreadable(offset: 0, reason: "it is no regular file") }
        self.descriptor = descriptor
        byteCount = UInt64(max(0, facts.st_size))
    }

    package func read(_ range: Range<UInt64>) throws(MP4Error) -> [UInt8] {
        guard range.upperBound <= byteCount else {
            throw .unreadable(offset: range.lowerBound, reason: "the file has become shorter")
        }
        let count = Int(range.upperBound - range.lowerBound)
        var failure: MP4Error?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let place = range.lowerBound + UInt64(filled)
                let result = pread(descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(place))
                if result < 0, errno == EINTR { continue }
                guard result > 0 else {
                    failure =
                        result < 0
                        ? Self.error(offset: place) : .unreadable(offset: place, reason: "the file has become shorter")
                    return
                }
                filled += result
            }
        }
        if let failure { throw failure }
        return bytes
    }

    private static func error(offset: UInt64) -> MP4Error {
        .unreadable(offset: offset, reason: String(cString: strerror(errno)))
    }
}
