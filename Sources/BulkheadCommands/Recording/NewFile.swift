import BulkheadModel
import Glibc
import SystemPackage

/// A file that a command makes: there under its name when it is complete, and not before. Without `commit(force:)`
/// nothing is left of it.
final class NewFile {
    let path: String
    private let temporaryPath: String
    private let descriptor: FileDescriptor
    private var isOpen = true
    private var isDone = false

    /// - Parameters:
    ///   - force: whether a file of that name is replaced.
    ///   - inputs: files that are read, and never replaced.
    /// - Throws: the kind `file`: it is there already, or can't be made.
    init(_ path: String, force: Bool, inputs: [String]) throws(BroadcastError) {
        self.path = path
        temporaryPath = path + ".part"
        guard force || !Self.exists(path) else {
            throw BroadcastError(.file, "\(path) is there already", advice: "name another file, or use --force")
        }
        if let input = inputs.first(where: { Self.isSame($0, path) }) {
            throw BroadcastError(.file, "\(input) would be replaced by what is made of it", advice: "name another file")
        }
        do {
            descriptor = try FileDescriptor.open(
                temporaryPath, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: FilePermissions(rawValue: 0o644))
        } catch {
            throw Self.failure(temporaryPath, error as? Errno)
        }
    }

    deinit {
        if isOpen { try? descriptor.close() }
        guard !isDone else { return }
        unlink(temporaryPath)
    }

    /// - Throws: the kind `file`.
    func write(_ bytes: [UInt8], at offset: UInt64) throws(BroadcastError) {
        do {
            _ = try descriptor.writeAll(toAbsoluteOffset: Int64(clamping: offset), bytes)
        } catch {
            throw Self.failure(path, error as? Errno)
        }
    }

    /// For another process that writes it.
    var rawDescriptor: Int32 { descriptor.rawValue }

    /// Makes it durable, and gives it its name.
    /// - Throws: the kind `file`.
    func commit(force: Bool) throws(BroadcastError) {
        guard fsync(descriptor.rawValue) == 0 else { throw Self.failure(path, Errno(rawValue: errno)) }
        // Closed whatever the kernel answers: its number may be another file's from here on.
        isOpen = false
        do { try descriptor.close() } catch { throw Self.failure(path, error as? Errno) }
        isDone = true
        defer { if !force { unlink(temporaryPath) } }
        if force {
            guard rename(temporaryPath, path) == 0 else {
                let reason = Errno(rawValue: errno)
                unlink(temporaryPath)
                throw Self.failure(path, reason)
            }
        } else if link(temporaryPath, path) != 0 {
            // Another process has made the file since; or the file system, as on memory cards, has no second names.
            let reason = Errno(rawValue: errno)
            guard reason != .fileExists, !Self.exists(path), rename(temporaryPath, path) == 0 else {
                throw Self.failure(path, reason)
            }
        }
    }

    private static func exists(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0
    }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        var (one, other) = (stat(), stat())
        guard stat(left, &one) == 0, stat(right, &other) == 0 else { return false }
        return one.st_dev == other.st_dev && one.st_ino == other.st_ino
    }

    private static func failure(_ path: String, _ reason: Errno?) -> BroadcastError {
        BroadcastError(.file, "\(path) can't be written: \(reason?.phrase ?? "for an unknown reason")")
    }
}

extension FileDescriptor {
    fileprivate func writeAll(toAbsoluteOffset offset: Int64, _ bytes: [UInt8]) throws -> Int {
        try bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                done += try write(
                    toAbsoluteOffset: offset + Int64(done), UnsafeRawBufferPointer(rebasing: buffer[done...]))
            }
            return done
        }
    }
}
