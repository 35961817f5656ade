import ArgumentParser
import BulkheadControl
import BulkheadModel

/// `bulkhead recording mark`: a place in what is being recorded that is to be found again.
struct RecordingMarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mark",
        abstract: "Mark this moment of a running broadcast: a chapter of its recordings and replays.",
        discussion: """
            bulkhead recording mark "goal 1:0"

            Scenes that are taken, and encoders that take over, become chapters by themselves.
            """)

    @Argument(help: ArgumentHelp("What the chapter is called, at most 255 bytes.", valueName: "text"))
    var text: String

    @OptionGroup var master: MasterFlags

    func run() async throws {
        let reply = try ControlAddress.reply(to: .mark(text), attach: master.attach)
        guard case .marked(let frame, let seconds)? = reply else {
            throw BroadcastError(code: .connectionClosed, "the master closed the connection without an answer")
        }
        let time = RecordingFigures.time(nanoseconds: Int64((max(0, min(seconds, 1e9)) * 1e9).rounded()))
        print("marked \(EventLine.clean(text)) at \(time), frame \(frame)")
    }
}
