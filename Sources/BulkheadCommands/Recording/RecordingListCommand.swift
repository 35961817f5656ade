import ArgumentParser
import BulkheadModel
import BulkheadRecording
import Glibc

/// `bulkhead recording list`: the recordings in a folder.
struct RecordingListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the recordings in a folder, each segment in its place.",
        discussion: "MP4 files that Bulkhead has not recorded are left out.")

    @Argument(help: ArgumentHelp("The folder (default: this one).", valueName: "folder"), completion: .directory)
    var folder = "."

    @Flag(help: "Print one JSON object for each file.")
    var json = false

    func run() async throws {
        guard FilePaths.isFolder(folder) else { throw BroadcastError(.input, "there is no folder \(folder)") }
        var reports: [RecordingReport] = []
        for name in FilePaths.names(in: folder) where name.hasSuffix(".mp4") {
            let path = folder == "." ? name : folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
            // A file that is no MP4, or is gone by now, is no recording.
            guard let file = try? RecordingFile(path), let reading = try? file.reading(), reading.start != nil else {
                continue
            }
            reports.append(RecordingReport(file, reading))
        }
        reports.sort { left, right in
            left.recording == right.recording
                ? left.segment ?? 0 < right.segment ?? 0
                : (left.start ?? 0, left.recording ?? "") < (right.start ?? 0, right.recording ?? "")
        }
        for report in reports { print(json ? JSONLine.text(report) ?? "" : EventLine.clean(report.line)) }
        if reports.isEmpty, !json { print("there are no recordings in \(EventLine.clean(folder))") }
        fflush(nil)
    }
}

/// `bulkhead recording show`: what is in a recording.
struct RecordingShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what is in a recording: length, size, frames, losses, takeovers, marks.")

    @Argument(help: ArgumentHelp("An MP4 file in fragments.", valueName: "file"), completion: .file())
    var file: String

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        let file = try RecordingFile(file)
        let report = RecordingReport(file, try file.reading())
        print(json ? JSONLine.text(report) ?? "" : report.lines.joined(separator: "\n"))
    }
}
