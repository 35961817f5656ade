import BulkheadChildRuntime
import BulkheadWire
import Glibc

/// `bulkhead-source --poster MILLISECONDS`: one picture of the MP4 file that is its standard input, as a JPEG that becomes its
/// standard output. It decodes what may come from a stranger, and so it has these two open files and nothing else, as `--remux` has.
enum PosterProgram {
    /// - Returns: the exit code.
    static func run(_ words: [String]) -> CInt {
        guard words.count == 1, let milliseconds = Int64(words[0]), milliseconds >= 0 else {
            ChildProgram.say("\(Role.source.executableName): --poster needs a time in milliseconds")
            return ChildProgram.usage
        }
        _ = Cell.enter(.remuxing)
        LibavLog.start()
        let source = DescriptorFile(STDIN_FILENO, isWritten: false)
        let target = DescriptorFile(STDOUT_FILENO, isWritten: true)
        do throws(Poster.Failure) {
            try Poster.make(of: source, at: milliseconds, to: target)
            return ChildProgram.success
        } catch {
            ChildProgram.say("\(error)")
            return ChildProgram.failure
        }
    }
}
