import BulkheadSystem
import BulkheadWire
import Glibc

/// What the file system of an open file has, and what of that is to be left.
struct DiskSpace: Hashable, Sendable {
    /// For this user, in bytes.
    let free: UInt64
    /// Below which nothing is written, in bytes.
    let floor: UInt64

    /// Nil where the file system does not say. The call may wait for the disk.
    init?(of descriptor: CInt, floor: RecorderTask.Floor) {
        var facts = statvfs()
        guard fstatvfs(descriptor, &facts) == 0 else { return nil }
        let (free, freeOverflows) = UInt64(facts.f_bavail).multipliedReportingOverflow(by: UInt64(facts.f_frsize))
        let (size, sizeOverflows) = UInt64(facts.f_blocks).multipliedReportingOverflow(by: UInt64(facts.f_frsize))
        guard !freeOverflows, !sizeOverflows else { return nil }
        self.free = free
        self.floor = floor.byteCount(ofDisk: size)
    }

    /// What may be written.
    var spare: UInt64 { free > floor ? free - floor : 0 }
}

/// Takes blocks for a file before they are written, so that it lies in few pieces, and so that its blocks are not looked
/// for one by one. The size of the file is what is written all the same.
struct Preallocation {
    /// How much is taken at a time: at most this, and a small part of what is left.
    private static let step: UInt64 = 64 << 20
    private static let leastStep: UInt64 = 1 << 20
    private static let shareOfSpare: UInt64 = 256

    private let descriptor: CInt
    /// Where the blocks end that were taken; nil where the file system gives none.
    private var end: UInt64? = 0

    init(of descriptor: CInt) { self.descriptor = descriptor }

    /// Whether blocks for `count` bytes from `position` on are taken: writing there makes the disk no fuller.
    func holds(_ count: Int, at position: UInt64) -> Bool {
        end.map { position.addingReportingOverflow(UInt64(count)).partialValue <= $0 } ?? false
    }

    /// Takes blocks for `count` bytes from `position` on, and for some more, where there are none.
    mutating func prepare(_ count: Int, at position: UInt64, in space: DiskSpace) {
        guard end != nil, !holds(count, at: position) else { return }
        let step = min(Self.step, space.spare / Self.shareOfSpare)
        guard step >= max(Self.leastStep, UInt64(count)), let start = Int64(exactly: position) else { return }
        guard FileBlocks.take(Int64(step), from: start, of: descriptor) else {
            // Part of it may have been taken: a disk that is nearly full, or a quota. Others know no such call.
            cut()
            self.end = nil
            return
        }
        self.end = position + step
    }

    /// Gives back what was not written to.
    mutating func release() {
        guard let end, end > 0 else { return }
        cut()
        self.end = 0
    }

    /// To be cut to the size that it has makes a file let go of what lies beyond.
    private func cut() {
        var facts = stat()
        if fstat(descriptor, &facts) == 0 { _ = ftruncate(descriptor, facts.st_size) }
    }
}
