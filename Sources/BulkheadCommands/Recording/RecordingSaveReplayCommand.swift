import ArgumentParser
import BulkheadControl
import BulkheadModel

/// `bulkhead recording save-replay`: the last span of a running broadcast as a file.
struct RecordingSaveReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "save-replay",
        abstract: "Save the last seconds of a running broadcast as a file, without encoding them again.",
        discussion: """
            The broadcast keeps them with --replay, also where nothing is recorded. The file begins with a keyframe. \
            Fields of strftime(3) in its name are filled in, and a name that is taken is numbered.
            """)

    @Argument(
        help: ArgumentHelp("The file to make, .mp4 (default: as --replay-path says).", valueName: "path"),
        completion: .file(extensions: ["mp4"]))
    var path: String?

    @Option(help: ArgumentHelp("How much of what is kept: 30s, 1m (default: all).", valueName: "time"))
    var last: String?

    @Flag(help: "Write one JSON object.")
    var json = false

    @OptionGroup var master: MasterFlags

    func run() async throws {
        if let path, !path.hasSuffix(".mp4") {
            throw BroadcastError(.usage, "\(path) says no format", advice: "let it end with .mp4")
        }
        let seconds = try last.map { (text) throws(BroadcastError) in
            guard let span = TimeSpan(text), span.seconds > 0 else {
                throw BroadcastError(
                    .usage, "--last \"\(text)\" is no time", advice: "it takes a time such as 30s or 1m30s")
            }
            return span.seconds
        }
        let request = ControlRequest.saveReplay(path: path.map(FilePaths.absolute), seconds: seconds)
        guard case .saved(let replay)? = try ControlAddress.reply(to: request, attach: master.attach) else {
            throw BroadcastError(code: .connectionClosed, "the master closed the connection without an answer")
        }
        guard !json else { return print(JSONLine.text(replay) ?? "") }
        print("saved \(EventLine.clean(RecordingText.saved(replay)))")
    }
}
