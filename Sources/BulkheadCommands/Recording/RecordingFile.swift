import BulkheadMP4
import BulkheadModel
import BulkheadRecording
import BulkheadSystem
import SystemPackage

/// A media file of a recording, open for reading, and its index.
final class RecordingFile {
    let path: String
    let source: DescriptorSource
    /// Nil where there is none.
    let index: IndexReading?
    /// Whether a recorder has it locked.
    let isBeingWritten: Bool
    private let descriptor: FileDescriptor

    /// The index beside a media file.
    static func indexPath(of path: String) -> String { path + ".index" }

    /// The longest index that is read: three weeks.
    private static let indexByteLimit: UInt64 = 256 << 20

    /// - Throws: the kind `input`, where the file is none that can be read.
    init(_ path: String) throws(BroadcastError) {
        self.path = path
        let descriptor = try Self.open(path)
        self.descriptor = descriptor
        do throws(MP4Error) {
            source = try DescriptorSource(descriptor.rawValue)
        } catch {
            try? descriptor.close()
            throw Self.error(path, error)
        }
        FileHold.read(descriptor.rawValue)
        isBeingWritten = FileLocks.isLocked(descriptor.rawValue)
        do throws(BroadcastError) { index = try Self.readIndex(of: path) } catch {
            try? descriptor.close()
            throw error
        }
    }

    deinit { try? descriptor.close() }

    /// For another process that reads it.
    func withDescriptor(_ body: (Int32) throws(BroadcastError) -> Void) throws(BroadcastError) {
        try body(descriptor.rawValue)
    }

    private static func open(_ path: String) throws(BroadcastError) -> FileDescriptor {
        do {
            // A pipe must not hold the command.
            return try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
        } catch {
            throw BroadcastError(.input, "\(path) can't be read: \((error as? Errno)?.phrase ?? "\(error)")")
        }
    }

    private static func readIndex(of media: String) throws(BroadcastError) -> IndexReading? {
        let path = indexPath(of: media)
        guard FilePaths.readingProblem(path) != .noSuchFileOrDirectory else { return nil }
        let descriptor = try open(path)
        defer { try? descriptor.close() }
        do throws(MP4Error) {
            let source = try DescriptorSource(descriptor.rawValue)
            return IndexReading(try source.read(0..<min(source.byteCount, indexByteLimit)))
        } catch {
            throw Self.error(path, error)
        }
    }

    /// What the media file says.
    /// - Parameters:
    ///   - hasChecksums: whether all of it is read, for checksums.
    ///   - keepsSamples: whether single samples are asked for.
    ///   - isRecovering: whether the index tells where to look behind damage, and what stood in a head that is spoiled.
    ///   - tracks: those of another segment, for such a head.
    /// - Throws: the kind `input`, where it is no MP4 or can't be read.
    func reading(
        hasChecksums: Bool = false, keepsSamples: Bool = false, isRecovering: Bool = false, like tracks: [Track]? = nil
    ) throws(BroadcastError) -> SegmentReading {
        do throws(MP4Error) {
            return try SegmentReading(
                source, hasChecksums: hasChecksums, keepsSamples: keepsSamples, index: isRecovering ? index : nil)
        } catch {
            guard isRecovering, let index, let healed = try? HealedSource(source, index, like: tracks),
                let reading = try? SegmentReading(
                    healed, hasChecksums: hasChecksums, keepsSamples: keepsSamples, index: index)
            else { throw Self.error(path, error) }
            return reading
        }
    }

    static func error(_ path: String, _ error: MP4Error) -> BroadcastError {
        if case .unreadable(let offset, let reason) = error {
            return BroadcastError(.input, "\(path) can't be read at byte \(offset): \(reason)")
        }
        return BroadcastError(.input, "\(path) is no recording: \(error)")
    }
}
