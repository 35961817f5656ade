package import ArgumentParser
import BulkheadControl
import BulkheadEvents
import BulkheadMaster
import BulkheadModel

/// `bulkhead timetable`: what a broadcast does next by the clock.
package struct TimetableCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "timetable", abstract: "Show what a broadcast does next by the clock, and when.")

    @Option(help: ArgumentHelp("How many runs (default: 10).", valueName: "count"))
    var count = 10

    @Option(
        help: ArgumentHelp("Read the timetable of this file, without a broadcast.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    @Flag(help: "Print a JSON list.")
    var json = false

    @OptionGroup var master: MasterFlags

    package init() {}

    package func run() async throws {
        guard (1...1000).contains(count) else {
            throw BroadcastError(.usage, "--count \(count) is out of range", advice: "it takes 1 to 1000")
        }
        let runs = try runs()
        if json { return print(JSONLine.text(runs) ?? "") }
        if runs.isEmpty { return print("there is no timetable") }
        for run in runs { print("\(run.local)  \(run.text)  (\(run.at))") }
    }

    private func runs() throws(BroadcastError) -> [TimetableRun] {
        guard let config else {
            guard
                case .timetable(let runs)? = try ControlAddress.reply(
                    to: .timetable(count: count), attach: master.attach)
            else {
                throw BroadcastError(code: .connectionClosed, "the master closed the connection without an answer")
            }
            return runs
        }
        let words = try ConfigurationFile.words(at: config)
        let clock = words.timezone.flatMap { LocalClock.zone($0) } ?? .local
        return TimetableMachine.upcoming(
            words.timetable.map(\.at), clock, count, after: Int64(EventLog.wallClock())
        ).map { words.timetable[$0.entry].run(at: $0.at, clock) }
    }
}
