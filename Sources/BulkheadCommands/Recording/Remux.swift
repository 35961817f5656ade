import BulkheadChildren
import BulkheadModel
import BulkheadSystem
import BulkheadWire
import Glibc
import SystemPackage

/// Another container for a media file, made by libavformat in a process of its own: what it reads may be anything, and is
/// never read in this process.
enum Remux {
    /// What libavformat calls the containers that names end with.
    private static let formats = ["mkv": "matroska", "mov": "mov", "ts": "mpegts"]

    /// The container that `path` asks for; nil for one that there is not.
    static func format(of path: String) -> String? {
        formats[path.split(separator: ".").last.map { $0.lowercased() } ?? ""]
    }

    /// Has the file of `source` put into that of `target`, both of which are open, and waits until it is done.
    /// - Throws: what the process says, or how it ended.
    static func run(_ source: Int32, of path: String, to target: Int32, as format: String) throws(BroadcastError) {
        let programs = try Programs.named(nil)
        let launch = programs.launch(.source)
        guard lseek(source, 0, SEEK_SET) == 0 else {
            throw BroadcastError(.input, "\(path) can't be read from its beginning")
        }
        // It is in this process's group: whoever interrupts the export interrupts both.
        var run = ProgramRun(launch.path, ["--remux", format], environment: launch.environment)
        run.leadsGroup = false
        run.input = .descriptor(source)
        run.output = .descriptor(target)
        let end: ProgramEnd
        do throws(Errno) { end = try run.run(keeping: .errors(mostBytes: 4096)) } catch {
            throw BroadcastError(
                .internal, "\(launch.path) could not be started: \(String(cString: strerror(error.rawValue)))",
                advice: "see whether bulkhead is installed whole")
        }
        guard !end.isSuccess else { return }
        throw BroadcastError(
            .input,
            "\(path) can't be put into another container: "
                + EventLine.clean(end.lastLine ?? "its reader ended with \(end.cause)"),
            advice: "where it is torn, bulkhead recording repair makes a whole one of it")
    }
}
