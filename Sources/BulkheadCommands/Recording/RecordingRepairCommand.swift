import ArgumentParser
import BulkheadMP4
import BulkheadModel
import BulkheadRecording

/// `bulkhead recording repair`: makes a whole file of a torn one, or an index of a file without one.
struct RecordingRepairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Make a whole recording of a torn one, beside it; or a new index.",
        discussion: """
            Takes every whole fragment, also behind damage where the index tells where one begins, and makes a plain \
            MP4 of them: NAME.repaired.mp4 unless --output names another, with an index of its own. Where the file \
            is whole and only the index is missing or spoiled, a new index is made: FILE.index, or \
            FILE.index.repaired where there is one. The file and the index themselves are never changed. Nothing is \
            encoded again. A spoiled head is made again of the index, and of the end of a finished file or of another \
            segment (--like).
            """)

    @Argument(help: ArgumentHelp("The media file of a recording.", valueName: "file"), completion: .file())
    var file: String

    @Option(
        help: ArgumentHelp(
            "Another segment of the recording, where the head of this one is spoiled and it was not finished.",
            valueName: "file"), completion: .file())
    var like: String?

    @OptionGroup var flags: OutputFlags

    func run() async throws {
        let file = try RecordingFile(file)
        let tracks = try like.map { (path) throws(BroadcastError) in try RecordingFile(path).reading().header.tracks }
        guard !file.isBeingWritten else {
            throw BroadcastError(.input, "\(file.path) is being recorded", advice: "wait for the end of the recording")
        }
        let reading = try file.reading(hasChecksums: true, keepsSamples: true, isRecovering: true, like: tracks)
        guard !reading.fragments.isEmpty else {
            throw BroadcastError(.input, "\(file.path) has no whole fragment")
        }
        let isWhole =
            reading.header.isFinished && reading.ending == .whole && reading.spoiled.isEmpty
            && reading.recoveredCount == 0 && reading.differingTables.isEmpty && !reading.lacksTables
            && reading.fragments.last?.spoiledSample == nil
        if isWhole, flags.output == nil {
            try repairIndex(of: file, reading)
        } else {
            try repairMedia(of: file, reading)
        }
    }

    private func repairIndex(of file: RecordingFile, _ reading: SegmentReading) throws(BroadcastError) {
        guard reading.start != nil else {
            return print("\(EventLine.clean(file.path)) is whole, and no segment of a recording: it needs no index")
        }
        let check = SegmentCheck(reading, index: file.index, mediaByteCount: file.source.byteCount)
        guard !check.isSound else {
            return print("\(EventLine.clean(file.path)) is whole, and its index agrees: there is nothing to repair")
        }
        // Its entries have checksums of their own: what differs from them is the media, and no copy of that is here.
        if let place = Self.changedPlace(reading, file.index) {
            throw BroadcastError(
                .input,
                "\(file.path) was changed by something else, in the fragment at byte \(place); its index is right",
                advice: "nothing here knows what stood there; bulkhead recording check names each place")
        }
        let path = RecordingFile.indexPath(of: file.path)
        let index = try NewFile(
            file.index == nil ? path : path + ".repaired", force: flags.force, inputs: [file.path, path])
        try index.write(IndexWriter.bytes(of: reading.index), at: 0)
        try index.commit(force: flags.force)
        print("made \(EventLine.clean(index.path)) of \(CountText.text(reading.fragments.count, "fragment"))")
    }

    /// Where the first fragment begins whose bytes are others than the index says, and nothing else of it.
    private static func changedPlace(_ reading: SegmentReading, _ index: IndexReading?) -> UInt64? {
        let parts = Dictionary(
            reading.fragments.map { ($0.entry.bytes, $0.entry) }, uniquingKeysWith: { first, _ in first })
        for located in index?.entries ?? [] {
            guard case .fragment(let entry) = located.entry, let actual = parts[entry.bytes],
                actual.crc != entry.crc, actual.firstFrame == entry.firstFrame
            else { continue }
            return entry.bytes.lowerBound
        }
        return nil
    }

    private func repairMedia(of file: RecordingFile, _ reading: SegmentReading) throws(BroadcastError) {
        let path = flags.output ?? Self.repairedPath(of: file.path)
        var maker = try MediaMaker(
            path, like: reading.header, info: reading.start == nil ? nil : reading.header.info,
            comments: try CommentTrack.beside(file.path), force: flags.force, inputs: [file.path])
        // What a power cut has left of the last fragment. Others are whole, or vouched for by nothing better.
        let place = reading.fragments.last?.spoiledSample
        try maker.copy(reading, of: file, notes: reading.losses(cause: "spoiled")) { sample in
            place.map { sample.bytes.lowerBound < $0 } ?? true
        }
        try maker.finish(chapters: Chapter.all(of: reading.notes(with: file.index)))
        let frames = reading.fragments.reduce(0) { $0 + Int($1.entry.frameCount) }
        var words = [CountText.text(reading.fragments.count, "fragment"), CountText.text(frames, "frame")]
        if reading.recoveredCount > 0 { words.append("\(reading.recoveredCount) of them found by the index") }
        switch reading.ending {
        case .torn(let bytes, _), .zeros(let bytes):
            let found = reading.fragments.filter { $0.fragment.bytes.lowerBound >= bytes.lowerBound }
            let count = bytes.count - found.reduce(0) { $0 + $1.fragment.bytes.count }
            words.append("\(count) bytes \(found.isEmpty ? "at the end" : "of what lies between") are left out")
        case .whole: break
        }
        if let changed = Self.changedPlace(reading, file.index) {
            words.append("what something else has changed, first in the fragment at byte \(changed), is in it as it is")
        }
        if place != nil { words.append("the spoiled end of the last one is left out") }
        if !reading.spoiled.isEmpty {
            words.append("\(CountText.text(reading.spoiled.count, "spoiled fragment")) left out")
        }
        print("made \(EventLine.clean(path)): \(words.joined(separator: ", "))")
    }

    /// `show.mp4` becomes `show.repaired.mp4`.
    private static func repairedPath(of path: String) -> String {
        let stem = path.hasSuffix(".mp4") ? String(path.dropLast(4)) : path
        return stem + ".repaired.mp4"
    }
}
