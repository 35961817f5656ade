import ArgumentParser
import BulkheadDanmaku
import BulkheadMP4
import BulkheadMedia
import BulkheadModel
import BulkheadRecording

/// `bulkhead room export`: what the audience said, as subtitles or for other programs.
struct RoomExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Make subtitles, or XML for other programs, of the comments beside a recording or of a room's log.",
        discussion: """
            --ass has comments fly as they did, in the same lanes, drawn by the player; --srt shows them as plain subtitles; \
            --xml is what other recorders of live rooms write, for converters. Each recording gets a file beside it, as players \
            look for it: show.mp4 and show.ass. With --output, all segments of one recording make one file. Without \
            --recording, all of a room's log is taken, and times count from its first comment.
            """)

    enum Format: String, EnumerableFlag {
        case ass, xml, srt

        static func help(for value: Format) -> ArgumentHelp? {
            switch value {
            case .ass: "Advanced SubStation Alpha: comments fly over the picture."
            case .xml: "The XML of recorders of live rooms."
            case .srt: "SubRip: plain subtitles."
            }
        }
    }

    @Flag(exclusivity: .exclusive)
    var format: Format

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Media files of recordings, with comments beside them.", valueName: "file"),
        completion: .file())
    var recording: [String] = []

    @Option(
        help: ArgumentHelp(
            "The room whose log is taken where no comments lie beside a recording.", valueName: "name"))
    var room: String?

    @OptionGroup var flags: OutputFlags

    /// What is exported, and over which pictures.
    private struct Part {
        var track: CommentTrack
        var canvas: Canvas?
        let title: String
    }

    func run() async throws {
        if let room { _ = try RoomWords.name(room, at: "--room") }
        guard !recording.isEmpty || room != nil else {
            throw BroadcastError(
                .usage, "nothing is named whose comments are to be exported",
                advice: "name --recording FILE or --room NAME")
        }
        guard !recording.isEmpty, flags.output == nil else {
            guard let output = flags.output else {
                throw BroadcastError(.usage, "there is no name for the new file", advice: "name it with --output FILE")
            }
            return try write(recording.isEmpty ? try log() : try joined(), to: output)
        }
        for path in recording { try write(try part(of: path).part, to: Self.output(of: path, format)) }
    }

    /// `show.mp4` becomes `show.ass`.
    private static func output(of path: String, _ format: Format) -> String {
        let name = path.split(separator: "/").last ?? ""
        let ending = name.lastIndex(of: ".").map { name[$0...].count } ?? 0
        return "\(path.dropLast(ending == name.count ? 0 : ending)).\(format.rawValue)"
    }

    // MARK: what is exported

    private func log() throws(BroadcastError) -> Part {
        Part(track: try CommentTrack.log(of: room ?? "", from: nil), canvas: nil, title: room ?? "")
    }

    /// The comments of one file, and what it says of itself; nil for what is no MP4.
    private func part(of path: String) throws(BroadcastError) -> (part: Part, reading: SegmentReading?) {
        let title = path.split(separator: "/").last.map(String.init) ?? path
        guard !path.lowercased().hasSuffix(".flv") else {
            guard let track = try CommentTrack.beside(path) else { throw Self.noComments(path) }
            return (Part(track: track, canvas: nil, title: title), nil)
        }
        let file = try RecordingFile(path)
        let reading = try file.reading(isRecovering: true)
        let report = RecordingReport(file, reading)
        let track: CommentTrack
        if let beside = try CommentTrack.beside(path) {
            track = beside
        } else if let room, let start = reading.start {
            track = try CommentTrack.log(of: room, from: start.wallClock.nanoseconds / 1_000_000)
        } else {
            throw Self.noComments(path)
        }
        let canvas = reading.tracks.flatMap { Canvas(width: Int($0.width), height: Int($0.height)) }
        return (Part(track: track.prefix(report.durationSeconds), canvas: canvas, title: title), reading)
    }

    private static func noComments(_ path: String) -> BroadcastError {
        BroadcastError(
            .input, "there are no comments beside \(path)",
            advice: "a broadcast with a room writes them; --room NAME takes them from the room's log by the clock")
    }

    /// The segments of one recording, each where it belongs.
    private func joined() throws(BroadcastError) -> Part {
        var parts: [(part: Part, reading: SegmentReading?)] = []
        for path in recording { parts.append(try part(of: path)) }
        guard parts.count > 1 else { return parts[0].part }
        let starts = parts.compactMap(\.reading?.start)
        guard starts.count == parts.count, Set(starts.map(\.recording)).count == 1 else {
            throw BroadcastError(
                .input, "these are not the segments of one recording",
                advice: "leave --output away, and each gets a file of its own")
        }
        let order = starts.indices.sorted { starts[$0].number < starts[$1].number }
        guard let first = order.first else { return parts[0].part }
        var all = Part(track: CommentTrack(), canvas: parts[first].part.canvas, title: parts[first].part.title)
        for index in order {
            all.track.append(
                parts[index].part.track, shift: (starts[index].origin - starts[first].origin).nanoseconds)
        }
        return all
    }

    // MARK: what is made of it

    private static let standardCanvas = Canvas(width: 1920, height: 1080)

    private func write(_ part: Part, to output: String) throws(BroadcastError) {
        let file = try NewFile(output, force: flags.force, inputs: recording)
        var end: UInt64 = 0
        func append(_ text: String) throws(BroadcastError) {
            let bytes = Array(text.utf8)
            try file.write(bytes, at: end)
            end += UInt64(bytes.count)
        }
        let rooms = part.track.rooms
        let settings = { (seconds: Double) in
            rooms.last { $0.seconds <= seconds }?.settings ?? rooms.first?.settings ?? DanmakuSettings()
        }
        let spoken = part.track.comments.map { ($0, $0.saidAt(settings($0.seconds))) }.sorted { $0.1 < $1.1 }
        var (count, leftOut) = (0, 0)
        switch format {
        case .ass:
            let told = rooms.last.flatMap { Canvas(width: $0.width, height: $0.height) }
            guard let canvas = part.canvas ?? told ?? Self.standardCanvas else { return }
            let (flights, without) = CommentFlight.all(part.track.comments, rooms, over: canvas)
            let script = ASSScript(canvas, rooms.last?.settings ?? DanmakuSettings(), title: part.title)
            try append(script.header)
            for flight in flights { try append(script.line(flight)) }
            (count, leftOut) = (part.track.comments.count - without, without)
        case .xml:
            try append(CommentXML.header)
            for (comment, _) in spoken {
                let line = CommentXML.line(comment, settings(comment.seconds))
                try append(line)
                if line.isEmpty { leftOut += 1 } else { count += 1 }
            }
            try append(CommentXML.footer)
        case .srt:
            var subtitles = SubRip()
            for (comment, _) in spoken {
                let cue = subtitles.cue(comment, settings(comment.seconds))
                try append(cue)
                if cue.isEmpty { leftOut += 1 } else { count += 1 }
            }
        }
        try file.commit(force: flags.force)
        let rest = leftOut > 0 ? ", \(leftOut) left out" : ""
        print(EventLine.clean("made \(output) of \(CountText.text(count, "comment"))\(rest)"))
    }
}
