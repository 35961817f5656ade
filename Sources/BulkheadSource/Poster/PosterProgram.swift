import BulkheadChildRuntime
import BulkheadWire
import Glibc

/// `bulkhead-source --poster MILLISECONDS [jpeg|png WIDTH HEIGHT]`: one picture of the MP4 file that is its standard input, which
/// becomes its standard output; as a JPEG for lists, or one that fits into a size, where 0 is for as it is. It decodes what may come from a stranger, and so it has these two open files and nothing else, as `--remux` has.
enum PosterProgram {
    /// - Returns: the exit code.
    static func run(_ words: [String]) -> CInt {
        guard let milliseconds = words.first.flatMap({ Int64($0) }), milliseconds >= 0,
            let form = words.count == 1 ? Poster.Form() : Poster.Form(Array(words.dropFirst()))
        else {
            ChildProgram.say(
                "\(Role.source.executableName): --poster needs a time in milliseconds, or also jpeg or png, a width and a height"
            )
            return ChildProgram.usage
        }
        _ = Cell.enter(.remuxing)
        LibavLog.start()
        let source = DescriptorFile(STDIN_FILENO, isWritten: false)
        let target = DescriptorFile(STDOUT_FILENO, isWritten: true)
        do throws(Poster.Failure) {
            try Poster.make(of: source, at: milliseconds, as: form, to: target)
            return ChildProgram.success
        } catch {
            ChildProgram.say("\(error)")
            return ChildProgram.failure
        }
    }
}
