import BulkheadMP4
import BulkheadMedia
import BulkheadRecording
import Glibc
import Synchronization

/// The files of a drill's recording, read after its end: whether they have every frame.
///
/// A disk of the drill's own is gone with the broadcast: its folder is held open, and with it the disk.
final class RecordedFiles: Sendable {
    private let folders = Mutex<[CInt]>([])

    deinit {
        for folder in folders.withLock({ $0 }) { close(folder) }
    }

    /// Looks into the folder at `path` as well, unless it is one of those known by another path.
    func look(into path: String) {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        let isKnown = folders.withLock { folders in
            if folders.contains(where: { Self.isSame($0, folder) }) { return true }
            folders.append(folder)
            return false
        }
        if isKnown { close(folder) }
    }

    private static func isSame(_ one: CInt, _ other: CInt) -> Bool {
        var (facts, others) = (stat(), stat())
        return fstat(one, &facts) == 0 && fstat(other, &others) == 0 && facts.st_dev == others.st_dev
            && facts.st_ino == others.st_ino
    }

    /// What the files hold, of which the recording should have all frames up to `last`; nil where there is none.
    func measure(upTo last: Int64?) -> DrillReport.Recording? {
        var runs: [Range<FrameNumber>] = []
        var (count, unreadable) = (0, 0)
        for folder in folders.withLock({ $0 }) {
            for name in Self.names(in: folder) {
                count += 1
                if let found = Self.runs(of: name, in: folder) { runs += found } else { unreadable += 1 }
            }
        }
        guard count > 0 else { return nil }
        // Of a disk that can't be read nobody knows what is on it: the others go on where it stopped.
        let first = unreadable > 0 ? runs.map(\.lowerBound).min() ?? 0 : 0
        return DrillReport.Recording(
            files: count, unreadable: unreadable, frames: runs.map(\.upperBound).max() ?? 0,
            missing: DrillReport.Recording.missing(in: runs, from: first, to: (last ?? -1) + 1))
    }

    private static func names(in folder: CInt) -> [String] {
        let own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard own >= 0 else { return [] }
        guard let directory = fdopendir(own) else {
            close(own)
            return []
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".mp4") { names.append(name) }
        }
        return names
    }

    /// The frames of a file, from IDR to IDR; nil where it can't be read.
    private static func runs(of name: String, in folder: CInt) -> [Range<FrameNumber>]? {
        let descriptor = openat(folder, name, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard let source = try? DescriptorSource(descriptor),
            let reading = try? SegmentReading(source, keepsSamples: false)
        else { return nil }
        var runs: [Range<FrameNumber>] = []
        for part in reading.fragments {
            let count = FrameNumber(part.entry.frameCount)
            if !part.entry.startsWithIDR, let last = runs.popLast() {
                runs.append(last.lowerBound..<last.upperBound + count)
            } else {
                runs.append(part.entry.firstFrame..<part.entry.firstFrame + count)
            }
        }
        return runs
    }
}
