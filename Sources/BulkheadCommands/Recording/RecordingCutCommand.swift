import ArgumentParser
import BulkheadMP4
import BulkheadModel
import BulkheadRecording

/// `bulkhead recording cut`: a span of a recording as a file of its own, without encoding.
struct RecordingCutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cut",
        abstract: "Take a span of a recording, without encoding it again.",
        discussion: """
            The new file begins with the keyframe before FROM, and players start at FROM: an edit list tells them. \
            Times count from the start of the file: 90, 1:30 or 1:02:03.5. Marks, scenes and takeovers in the span stay chapters. The new file is a recording of its own, with an index.
            """)

    @Argument(help: ArgumentHelp("The media file of a recording.", valueName: "file"), completion: .file())
    var file: String

    @Argument(help: ArgumentHelp("Where the span begins.", valueName: "from"))
    var from: String

    @Argument(help: ArgumentHelp("Where the span ends.", valueName: "to"))
    var to: String

    @OptionGroup var flags: OutputFlags

    func run() async throws {
        let (from, to) = (try RecordingFigures.time(from), try RecordingFigures.time(to))
        guard from < to else {
            throw BroadcastError(.usage, "the span ends at \(self.to), and begins at \(self.from)")
        }
        guard let output = flags.output else {
            throw BroadcastError(.usage, "there is no name for the new file", advice: "name it with --output FILE")
        }
        let file = try RecordingFile(file)
        let reading = try file.reading(keepsSamples: true)
        guard let cut = SegmentCut(from..<to, of: reading) else {
            throw BroadcastError(.input, "\(file.path) has no picture from \(self.from) to \(self.to)")
        }
        var maker = try MediaMaker(
            output, like: reading.header, presentationStart: cut.presentation.lowerBound, info: cut.info(of: reading),
            comments: try CommentTrack.beside(file.path)?.cut(to: from..<to), force: flags.force, inputs: [file.path])
        try maker.copy(reading, of: file, shift: -cut.base, where: cut.keeps)
        let notes = reading.notes(with: file.index).filter { $0.start >= from && $0.start < to }
        try maker.finish(
            chapters: Chapter.all(of: notes.map { NotedEntry($0.entry, start: $0.start - from) }),
            presentationEnd: cut.presentation.upperBound)
        print("made \(EventLine.clean(output))")
    }
}

/// `bulkhead recording join`: the segments of a recording as one file.
struct RecordingJoinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join",
        abstract: "Join the segments of one recording, without a gap and without encoding.",
        discussion: """
            Segments are put in order by what they say of themselves, not by names or dates. What two of them hold, \
            as after a fault of the disk, is taken once; frames that none holds are named. Segments of other \
            recordings, or encoded with other parameters, can't be joined.
            """)

    @Argument(help: ArgumentHelp("The segments, in any order.", valueName: "file"), completion: .file())
    var files: [String]

    @OptionGroup var flags: OutputFlags

    func run() async throws {
        guard let output = flags.output else {
            throw BroadcastError(.usage, "there is no name for the new file", advice: "name it with --output FILE")
        }
        let sources = try files.map { try RecordingFile($0) }
        let readings = try sources.map { try $0.reading(keepsSamples: true, isRecovering: true) }
        let join: SegmentJoin
        do throws(SegmentJoin.Obstacle) { join = try SegmentJoin(readings) } catch {
            throw BroadcastError(.input, "\(sources[error.source].path) can't be joined: \(error)")
        }
        guard let first = join.places.first else { return }
        var comments: CommentTrack?
        for place in join.places {
            guard let next = try CommentTrack.beside(sources[place.source].path) else { continue }
            comments = comments ?? CommentTrack()
            comments?.append(next, shift: place.shift)
        }
        var maker = try MediaMaker(
            output, like: readings[first.source].header, tracks: join.tracks, info: readings[first.source].header.info,
            comments: comments, force: flags.force, inputs: files)
        var notes: [NotedEntry] = []
        for place in join.places {
            let (file, reading) = (sources[place.source], readings[place.source])
            try maker.copy(reading, of: file, shift: place.shift, notes: place.losses, where: place.keeps)
            notes += reading.notes(with: file.index).map { NotedEntry($0.entry, start: $0.start + place.shift) }
        }
        try maker.finish(chapters: Chapter.all(of: notes))
        for frames in join.missing {
            print("frames \(frames.lowerBound) to \(frames.upperBound) are in none of the segments")
        }
        print("made \(EventLine.clean(output)) of \(CountText.text(join.places.count, "segment"))")
    }
}

extension SegmentJoin.Obstacle {
    /// The file that it is about, by its place in the list.
    fileprivate var source: Int {
        switch self {
        case .noSegment(let place), .otherRecording(let place), .otherConfiguration(let place), .twice(_, let place):
            place
        }
    }
}
