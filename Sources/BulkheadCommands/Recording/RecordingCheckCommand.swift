import ArgumentParser
import BulkheadModel
import BulkheadRecording
import Glibc

/// `bulkhead recording check`: whether a recording's file and index are whole and agree.
struct RecordingCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check whether a recording's file and index are whole and agree, byte for byte.",
        discussion: """
            Reads all of both, and names each disagreement with its place: a torn end, a spoiled fragment, a \
            fragment that only one of the two has, a checksum, frames that are missing. Exits with 0 when all is \
            well, with 1 when it is not, and with 66 when the file can't be read at all. Nothing is changed: \
            bulkhead recording repair makes a new file.
            """)

    @Argument(help: ArgumentHelp("Media files of recordings.", valueName: "file"), completion: .file())
    var files: [String]

    @Flag(help: "Print one JSON object for each disagreement, and one for each file.")
    var json = false

    /// One disagreement, for programs.
    private struct FindingLine: Codable {
        let path: String
        let code: String
        let mediaOffset: UInt64?
        let indexOffset: UInt64?
        /// Of the file of comments, from 1.
        let commentLine: Int?
        let text: String
        let isHarmless: Bool
    }

    /// What came of a file, for programs.
    private struct ResultLine: Codable {
        let path: String
        let isSound: Bool
        let fragments: Int
        let frames: Int
        let findings: Int
    }

    func run() async throws {
        var isSound = true
        for path in files {
            let file = try RecordingFile(path)
            let reading = try file.reading(hasChecksums: true)
            let check = SegmentCheck(
                reading, index: file.index, mediaByteCount: file.source.byteCount, isBeingWritten: file.isBeingWritten)
            let seconds = RecordingReport(file, reading).durationSeconds
            let oddities = try CommentTrack.beside(path).map { CommentFinding.all(of: $0, mediaSeconds: seconds) } ?? []
            isSound = isSound && check.isSound && oddities.allSatisfy(\.isHarmless)
            tell(check, oddities, path, reading)
            // Each as it comes, also to a file.
            fflush(nil)
        }
        if !isSound { throw ExitCode(1) }
    }

    private func tell(
        _ check: SegmentCheck, _ oddities: [CommentFinding], _ path: String, _ reading: SegmentReading
    ) {
        let frames = reading.fragments.reduce(0) { $0 + Int($1.entry.frameCount) }
        for finding in check.findings {
            if json {
                let line = FindingLine(
                    path: path, code: finding.code, mediaOffset: finding.mediaOffset, indexOffset: finding.indexOffset,
                    commentLine: nil, text: finding.phrase, isHarmless: finding.isHarmless)
                print(JSONLine.text(line) ?? "")
            } else {
                print(EventLine.clean("\(path): \(Self.place(finding))\(finding.phrase)"))
            }
        }
        for finding in oddities {
            if json {
                let line = FindingLine(
                    path: path, code: finding.code.rawValue, mediaOffset: nil, indexOffset: nil,
                    commentLine: finding.line, text: finding.phrase, isHarmless: finding.isHarmless)
                print(JSONLine.text(line) ?? "")
            } else {
                let place = finding.line.map { "line \($0) of the comments: " } ?? ""
                print(EventLine.clean("\(path): \(place)\(finding.phrase)"))
            }
        }
        let isSound = check.isSound && oddities.allSatisfy(\.isHarmless)
        if json {
            let line = ResultLine(
                path: path, isSound: isSound, fragments: reading.fragments.count, frames: frames,
                findings: check.findings.count + oddities.count)
            print(JSONLine.text(line) ?? "")
        } else {
            let verdict = !isSound ? "not sound" : reading.start == nil ? "whole" : "whole, and its index agrees"
            let counts =
                "\(CountText.text(reading.fragments.count, "fragment")), \(CountText.text(frames, "frame"))"
            print(EventLine.clean("\(path): \(verdict): \(counts)"))
        }
    }

    /// Where it is, in words.
    private static func place(_ finding: SegmentCheck.Finding) -> String {
        let places =
            (finding.mediaOffset.map { ["byte \($0)"] } ?? [])
            + (finding.indexOffset.map { ["index byte \($0)"] } ?? [])
        return places.isEmpty ? "" : places.joined(separator: ", ") + ": "
    }
}
