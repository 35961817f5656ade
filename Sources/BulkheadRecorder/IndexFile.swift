import BulkheadChildRuntime
import BulkheadSystem
import BulkheadWire
import Glibc

/// The index beside a recording's file. It can be made anew of the media.
struct IndexFile: ~Copyable {
    private var file: SideFile

    /// The index of the file at `path`; it is made with the first bytes.
    ///
    /// - Parameter expected: what another recorder should have written of it, for a file that goes on; nil for a new one, whose
    ///   index is nobody's.
    init(of path: String, expected: [UInt8]?, _ state: RecorderState, _ voice: WireVoice) {
        let path = Self.path(of: path)
        file = SideFile(path, .index, state, voice)
        guard let expected else { return }
        if let found = Self.reopen(path, expected) { file.adopt(found) } else { file.keep(expected) }
    }

    /// Where the index of the file at `path` lies.
    static func path(of path: String) -> String { path + ".index" }

    /// The same index, if it begins with what is expected; what it holds beyond that is cut off.
    private static func reopen(_ path: String, _ expected: [UInt8]) -> CInt? {
        let descriptor = open(FileName.bytes(path), O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        var found = [UInt8](repeating: 0, count: expected.count)
        let count = pread(descriptor, &found, found.count, 0)
        guard count == expected.count, found == expected, ftruncate(descriptor, off_t(count)) == 0,
            lseek(descriptor, off_t(count), SEEK_SET) == off_t(count)
        else {
            // It is made anew from what the media say.
            guard ftruncate(descriptor, 0) == 0, SideFile.write(expected, to: descriptor) == nil else {
                Glibc.close(descriptor)
                return nil
            }
            return descriptor
        }
        return descriptor
    }

    /// Appends what is known to be true of the media, now or when it can be written.
    mutating func append(_ bytes: [UInt8]) { file.append(bytes) }

    /// Puts it on the disk and closes it.
    consuming func close() { file.close() }
}
