import BulkheadMP4
import BulkheadRecording
import BulkheadSystem
package import BulkheadWire
import Glibc
import SystemPackage

/// The file that a recorder writes, in whole pieces, on a thread that may wait for the disk.
///
/// A file that holds something is not overwritten. One that is empty and nobody's may be of a recorder that ended before it
/// could tell the master of it, and is taken. What is no regular file (a pipe, a device) holds nothing that could
/// be; a named pipe is waited for until somebody reads it.
package struct MediaFile: ~Copyable {
    /// How a name is found that nobody has.
    package enum Naming: Hashable, Sendable {
        /// The path as it is, or none.
        case exact
        /// The path's fields of strftime(3) are filled in, and a number is added to a name that is taken.
        case pattern
    }

    /// Between two looks whether a pipe has a reader, or the master wants the end.
    private static let lookMilliseconds: CInt = 50
    /// How often a name that is taken is given another number.
    private static let mostNumbers = 10_000

    package let path: String
    /// It was made by this process, or goes on; else it is a pipe or a device.
    package let isRegular: Bool
    /// It goes on behind what another process has written.
    package let goesOn: Bool
    /// Where it lies: see ``RecordedPart``.
    package let device: UInt64
    package let inode: UInt64
    /// Bytes of whole pieces.
    package private(set) var byteCount: UInt64
    private let descriptor: CInt
    private let state: RecorderState
    /// Bytes of the piece that is being written.
    private var pieceByteCount = 0
    private var preallocation: Preallocation

    /// Makes the file at `path`, or the next name.
    /// - Throws: ``Errno/fileExists`` where the name is taken; ``Errno/canceled`` where a pipe found no reader in time.
    static func make(
        _ path: String, _ naming: Naming, at time: time_t, _ state: RecorderState
    ) throws(Errno) -> MediaFile {
        guard naming == .pattern else { return try make(path, state) }
        let filled = DatedName(path).filled(at: time)
        for number in 1...mostNumbers {
            do throws(Errno) {
                let name = number == 1 ? filled : DatedName.numbered(filled, number)
                // An index without its file is somebody's all the same.
                if state.busy({ isTaken(name) }) { throw .fileExists }
                return try make(name, state)
            } catch {
                // So is the name of a folder.
                guard error == .fileExists || error == .isDirectory else { throw error }
            }
        }
        throw .fileExists
    }

    private static func make(_ path: String, _ state: RecorderState) throws(Errno) -> MediaFile {
        let name = FileName.bytes(path)
        let new = state.busy { retrying { open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644) } }
        if new >= 0 {
            guard FileHold.own(new, looks: 1) else {
                Glibc.close(new)
                throw .fileExists
            }
            let file = MediaFile(adopting: new, path: path, isRegular: true, goesOn: false, byteCount: 0, state)
            file.syncFolder()
            return file
        }
        guard errno == EEXIST else { throw Errno(rawValue: errno) }
        var information = stat()
        // A link that leads nowhere has the name, and leads to no file.
        guard state.busy({ stat(name, &information) }) == 0 else {
            throw errno == ENOENT || errno == ELOOP ? .fileExists : Errno(rawValue: errno)
        }
        let type = information.st_mode & S_IFMT
        guard type != S_IFREG else {
            guard information.st_size == 0, let file = take(path, state) else { throw .fileExists }
            return file
        }
        guard type != S_IFDIR else { throw .isDirectory }
        while true {
            let special = open(name, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
            if special >= 0 {
                return MediaFile(
                    adopting: special, path: path, isRegular: false, goesOn: false, byteCount: 0, state)
            }
            // Nobody reads the pipe yet.
            guard errno == EINTR || errno == ENXIO && type == S_IFIFO else { throw Errno(rawValue: errno) }
            if state.isOver { throw .canceled }
            _ = poll(nil, 0, lookMilliseconds)
        }
    }

    /// The empty file at `path`; nil if another process holds it, or has written to it.
    private static func take(_ path: String, _ state: RecorderState) -> MediaFile? {
        let name = FileName.bytes(path)
        let descriptor = state.busy { retrying { open(name, O_RDWR | O_NONBLOCK | O_CLOEXEC) } }
        guard descriptor >= 0 else { return nil }
        var information = stat()
        guard FileHold.own(descriptor), state.busy({ fstat(descriptor, &information) }) == 0,
            information.st_mode & S_IFMT == S_IFREG, information.st_size == 0, information.st_nlink > 0
        else {
            Glibc.close(descriptor)
            return nil
        }
        return MediaFile(adopting: descriptor, path: path, isRegular: true, goesOn: false, byteCount: 0, state)
    }

    /// There is an index, or there are comments, for a file of that name.
    private static func isTaken(_ path: String) -> Bool {
        [IndexFile.path(of: path), RecordedPath.comments(of: path)].contains { access(FileName.bytes($0), F_OK) == 0 }
    }

    /// The file of `part` once more, cut behind its last whole piece; nil if it is another one by now, or another process
    /// has not let go of it. One that was completed meanwhile is made one that goes on again: what its end says lies behind
    /// that piece.
    static func goOn(with part: RecordedPart, isMP4: Bool, _ state: RecorderState) -> MediaFile? {
        let name = FileName.bytes(part.path)
        let descriptor = state.busy { retrying { open(name, O_RDWR | O_CLOEXEC) } }
        guard descriptor >= 0 else { return nil }
        var information = stat()
        guard state.busy({ fstat(descriptor, &information) }) == 0, UInt64(information.st_dev) == part.device,
            UInt64(information.st_ino) == part.inode, information.st_nlink > 0,
            UInt64(clamping: information.st_size) >= part.byteCount, FileHold.own(descriptor),
            !isMP4 || state.busy({ reopen(descriptor) }),
            state.busy({ ftruncate(descriptor, off_t(part.byteCount)) }) == 0,
            lseek(descriptor, off_t(part.byteCount), SEEK_SET) == off_t(part.byteCount)
        else {
            Glibc.close(descriptor)
            return nil
        }
        return MediaFile(
            adopting: descriptor, path: part.path, isRegular: true, goesOn: true, byteCount: part.byteCount, state)
    }

    /// Takes back that an MP4 file is finished. It is done before the file is cut: a head that spans more than there is can't
    /// be read.
    /// - Returns: false where that was not possible.
    private static func reopen(_ descriptor: CInt) -> Bool {
        var head = [UInt8](repeating: 0, count: FragmentWriter.openHead.count)
        guard pread(descriptor, &head, head.count, 0) == head.count, FragmentWriter.isFinished(head) else {
            return true
        }
        let open = FragmentWriter.openHead
        return pwrite(descriptor, open, open.count, 0) == open.count && fdatasync(descriptor) == 0
    }

    /// What is no file, and is open already.
    static func adopt(
        device: consuming OwnedDescriptor, path: String, _ state: RecorderState
    ) throws(Errno) -> MediaFile {
        let descriptor = device.release()
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT != S_IFREG else {
            Glibc.close(descriptor)
            throw .fileExists
        }
        return MediaFile(adopting: descriptor, path: path, isRegular: false, goesOn: false, byteCount: 0, state)
    }

    private init(
        adopting descriptor: CInt, path: String, isRegular: Bool, goesOn: Bool, byteCount: UInt64,
        _ state: RecorderState
    ) {
        var information = stat()
        fstat(descriptor, &information)
        self.descriptor = descriptor
        self.path = path
        self.isRegular = isRegular
        self.goesOn = goesOn
        self.byteCount = byteCount
        self.state = state
        preallocation = Preallocation(of: descriptor)
        device = UInt64(information.st_dev)
        inode = UInt64(information.st_ino)
        if isRegular {
            state.watch(.init(path: path, descriptor: descriptor, device: device, inode: inode), as: .media)
        } else {
            state.unwatch(.media)
        }
    }

    /// What another process needs to go on with it.
    package var part: RecordedPart {
        RecordedPart(path: path, device: device, inode: inode, byteCount: byteCount)
    }

    private static func retrying(_ call: () -> CInt) -> CInt {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }

    /// The name of a new file is not on the disk before its folder is.
    private func syncFolder() {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(FileName.bytes(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = state.busy { fsync(descriptor) }
        Glibc.close(descriptor)
    }

    // MARK: bytes

    /// Writes on with a piece of which ``pieceByteCount`` bytes may have been written before.
    /// - Throws: with what was written of it kept in mind: the same piece may be given again.
    mutating func write(_ piece: [UInt8]) throws(Errno) {
        while pieceByteCount < piece.count {
            let (descriptor, start) = (descriptor, pieceByteCount)
            let count = piece.withUnsafeBytes { bytes -> Int in
                let call = { Glibc.write(descriptor, bytes.baseAddress?.advanced(by: start), bytes.count - start) }
                return isRegular ? state.busy(call) : call()
            }
            if count >= 0 {
                pieceByteCount += count
                state.wrote(count)
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                if state.isOver { throw .canceled }
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&entry, 1, Self.lookMilliseconds)
            default: throw Errno(rawValue: errno)
            }
        }
        byteCount += UInt64(piece.count)
        pieceByteCount = 0
    }

    /// What the disk has; nil where that is not known, or it is no file.
    func space(_ floor: RecorderTask.Floor) -> DiskSpace? {
        guard isRegular else { return nil }
        let descriptor = descriptor
        return state.busy { DiskSpace(of: descriptor, floor: floor) }
    }

    /// Takes blocks for the next `count` bytes and more; where the disk gives none, it is written without.
    mutating func allocate(_ count: Int, in space: DiskSpace) {
        guard isRegular else { return }
        var preallocation = preallocation
        let end = byteCount
        state.busy { preallocation.prepare(count, at: end, in: space) }
        self.preallocation = preallocation
    }

    /// Whether blocks for the next `count` bytes are taken already.
    func holds(_ count: Int) -> Bool { preallocation.holds(count, at: byteCount) }

    /// Gives back blocks that were taken and are not needed.
    mutating func release() {
        var preallocation = preallocation
        state.busy { preallocation.release() }
        self.preallocation = preallocation
    }

    /// Another program has taken away what was written: what is written next would stand behind a hole.
    var isCut: Bool {
        guard isRegular else { return false }
        var information = stat()
        let descriptor = descriptor
        guard state.busy({ fstat(descriptor, &information) }) == 0 else { return false }
        return UInt64(clamping: information.st_size) < byteCount
    }

    /// Puts `bytes` in the place of others that have been written.
    func overwrite(_ bytes: [UInt8], at offset: UInt64) throws(Errno) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { all in
                state.busy {
                    pwrite(
                        descriptor, all.baseAddress?.advanced(by: done), all.count - done, off_t(offset) + off_t(done))
                }
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Errno(rawValue: count < 0 ? errno : EIO) }
            done += count
        }
    }

    /// Waits until all that was written is on the disk.
    func sync() throws(Errno) {
        guard isRegular else { return state.synced() }
        let descriptor = descriptor
        guard state.busy({ Self.retrying { fdatasync(descriptor) } }) == 0 else { throw Errno(rawValue: errno) }
        state.synced()
    }

    /// Its bytes, for reading: of a file that goes on alone. The descriptor stays its own.
    var readableDescriptor: CInt { descriptor }

    /// Cuts it back to `byteCount` bytes.
    mutating func cut(to byteCount: UInt64) throws(Errno) {
        let (descriptor, end) = (descriptor, off_t(byteCount))
        guard state.busy({ ftruncate(descriptor, end) }) == 0, lseek(descriptor, end, SEEK_SET) == end else {
            throw Errno(rawValue: errno)
        }
        self.byteCount = byteCount
        pieceByteCount = 0
    }

    /// Takes back what was written of a piece that does not come to its end.
    mutating func cutTornPiece() {
        guard pieceByteCount > 0, isRegular else { return }
        let (descriptor, end) = (descriptor, off_t(byteCount))
        if state.busy({ ftruncate(descriptor, end) }) == 0 { _ = lseek(descriptor, end, SEEK_SET) }
        pieceByteCount = 0
    }

    /// Removes the file, which holds nothing of use, if the name is still its own.
    func remove() {
        guard isRegular, !goesOn else { return }
        var information = stat()
        let name = FileName.bytes(path)
        guard stat(name, &information) == 0, UInt64(information.st_ino) == inode,
            UInt64(information.st_dev) == device
        else { return }
        unlink(name)
    }

    /// Closes the file.
    /// - Throws: what the system says of earlier writes only now.
    consuming func close() throws(Errno) {
        state.unwatch(.media)
        release()
        let descriptor = descriptor
        guard state.busy({ Glibc.close(descriptor) }) == 0 || errno == EINTR else { throw Errno(rawValue: errno) }
    }
}
