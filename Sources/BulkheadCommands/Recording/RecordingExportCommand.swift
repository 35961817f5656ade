import ArgumentParser
import BulkheadFLV
import BulkheadMP4
import BulkheadMedia
import BulkheadModel
import BulkheadRecording
import NIOCore

/// `bulkhead recording export`: a recording in another container, without encoding.
struct RecordingExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Put a recording into another container, without encoding it again: Matroska, FLV, MOV, MPEG-TS.",
        discussion: "The name of the new file says which: show.mkv, show.flv, show.mov, show.ts.")

    @Argument(help: ArgumentHelp("The media file of a recording.", valueName: "file"), completion: .file())
    var file: String

    @OptionGroup var flags: OutputFlags

    func run() async throws {
        guard let output = flags.output else {
            throw BroadcastError(.usage, "there is no name for the new file", advice: "name it with --output FILE")
        }
        let format = Remux.format(of: output)
        guard format != nil || output.lowercased().hasSuffix(".flv") else {
            throw BroadcastError(
                .usage, "\(output) is none of the containers there are",
                advice: "let its name end with .mkv, .flv, .mov or .ts")
        }
        let file = try RecordingFile(file)
        let comments = try CommentTrack.beside(file.path).map { (track) throws(BroadcastError) in
            let path = RecordedPath.comments(of: output)
            let made = try NewFile(path, force: flags.force, inputs: [RecordedPath.comments(of: file.path)])
            try made.write(track.bytes, at: 0)
            return made
        }
        if let format { try remux(file, to: output, as: format) } else { try writeFLV(file, to: output) }
        try comments?.commit(force: flags.force)
        print("made \(EventLine.clean(output))")
    }

    private func remux(_ file: RecordingFile, to output: String, as format: String) throws(BroadcastError) {
        // What is no MP4 is not handed on.
        _ = try file.reading()
        let made = try NewFile(output, force: flags.force, inputs: [file.path])
        try file.withDescriptor { (source) throws(BroadcastError) in
            try Remux.run(source, of: file.path, to: made.rawDescriptor, as: format)
        }
        try made.commit(force: flags.force)
    }

    private func writeFLV(_ file: RecordingFile, to output: String) throws {
        let reading = try file.reading(keepsSamples: true, isRecovering: true)
        guard let configuration = reading.streamConfiguration else {
            throw BroadcastError(.input, "\(file.path) has not one track of pictures and one of sound")
        }
        let made = try NewFile(output, force: flags.force, inputs: [file.path])
        var end: UInt64 = 0
        func append(_ bytes: ByteBuffer) throws(BroadcastError) {
            try made.write(Array(bytes.readableBytesView), at: end)
            end += UInt64(bytes.readableBytes)
        }
        let writer = FLVWriter()
        do {
            try append(writer.fileHeader)
            try append(writer.bytes(of: configuration))
            for part in reading.fragments {
                for packet in try reading.packets(of: part, in: file.source) { try append(writer.bytes(of: packet)) }
            }
        } catch let error as MP4Error {
            throw RecordingFile.error(file.path, error)
        } catch let error as FLVError {
            throw BroadcastError(.input, "\(file.path) can't be put into FLV: \(error)")
        }
        try made.commit(force: flags.force)
        let chapters = Chapter.all(of: reading.notes(with: file.index)).count
        if chapters > 0 { print("\(CountText.text(chapters, "chapter")) left out: FLV has no place for them") }
    }
}
