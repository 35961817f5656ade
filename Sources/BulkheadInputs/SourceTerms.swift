import BulkheadMedia
import BulkheadModel
import BulkheadWire

/// How the inputs of a broadcast are read.
struct SourceTerms {
    /// What pictures come out as; what cameras are asked for, and so with ``frameRate``.
    var canvas: Canvas
    var frameRate: FrameRate
    let deinterlacing: Deinterlacing
    /// Packets are passed on as they are.
    let copies: Bool
    /// Paths of files that the broadcast writes: no playlist plays them.
    let written: [String]

    /// What a process is told that is to read an input.
    /// - Parameter machine: knows where the input goes on, and what it is to keep away from.
    func settings(for input: InputSettings, _ machine: InputMachine) -> SourceSettings {
        var settings = SourceSettings(
            url: input.url, inputFormat: input.format, canvas: canvas, frameRate: frameRate, loops: input.loops,
            deinterlacing: deinterlacing, resume: machine.resume)
        (settings.video, settings.audio) = (input.video ?? .automatic, input.audio ?? .automatic)
        settings.copies = copies
        settings.playlist.files = input.files ?? []
        settings.playlist.shuffleSeed = input.shuffleSeed
        settings.playlist.avoided = written + machine.avoided
        return settings
    }
}
