import BulkheadChildRuntime
import BulkheadModel
import BulkheadSystem
import BulkheadWire
import SystemPackage

/// The program `bulkhead-origin`: a live server by itself, or that of a broadcast.
package enum OriginProgram {
    /// The first argument of a server by itself; `fd:` and the number of a pipe follow, which
    /// holds its settings as JSON (``OriginSettings``).
    private static let serving = "serve"

    /// Runs to the end of the server; the result is the exit code. Call it on the first thread, before there is another: what a
    /// broadcast's server gives up is given up by the threads that come.
    package static func run(_ arguments: [String] = ProgramArguments.all) -> CInt {
        guard arguments.dropFirst().first == serving else {
            return ChildProgram.run(
                .origin, purpose: "Serves a broadcast of bulkhead to players, by RTMP and HTTP.", arguments: arguments
            ) { try OriginService($0).run() }
        }
        ProcessSetup.silenceDispatch()
        ProcessSetup.ignoreWriteSignals()
        // A connection takes one: shells leave 1024 to a program that doesn't ask for more.
        _ = ProcessSetup.raiseDescriptorLimit()
        guard arguments.count == 3, let bytes = settingsBytes(arguments[2]),
            let settings = try? JSONLine.decode(OriginSettings.self, from: bytes)
        else {
            ChildProgram.say("bulkhead-origin: its settings can't be understood: start it by bulkhead serve")
            return ChildProgram.usage
        }
        return FirstThread.wait { await Server(settings).run() }
    }

    /// They come by a pipe, whose descriptor the argument names.
    private static func settingsBytes(_ word: String) -> [UInt8]? {
        guard word.hasPrefix("fd:"), let number = CInt(word.dropFirst(3)), number > 2 else { return nil }
        let pipe = FileDescriptor(rawValue: number)
        return try? pipe.closeAfter {
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while bytes.count < JSONLine.maximumByteCount {
                let count = try buffer.withUnsafeMutableBytes { try pipe.read(into: $0) }
                if count == 0 { break }
                bytes += buffer[..<count]
            }
            return bytes
        }
    }
}
