import BulkheadChildRuntime
import BulkheadWire
import Glibc

/// `bulkhead-source --remux FORMAT`: puts the MP4 file that is its standard input into another container, which becomes its
/// standard output. Both are files that are open already: behind the walls of its cell it can open none.
enum RemuxProgram {
    /// - Returns: the exit code.
    static func run(_ words: [String]) -> CInt {
        let name = Role.source.executableName
        guard let format = words.first, words.count == 1 else {
            ChildProgram.say("\(name): --remux needs the name of a container, such as matroska")
            return ChildProgram.usage
        }
        _ = Cell.enter(.remuxing)
        LibavLog.start()
        let (source, target) = (
            DescriptorFile(STDIN_FILENO, isWritten: false), DescriptorFile(STDOUT_FILENO, isWritten: true)
        )
        do throws(Remuxer.Failure) {
            try Remuxer.copy(source, to: target, as: format)
            return ChildProgram.success
        } catch {
            ChildProgram.say("\(error)")
            return ChildProgram.failure
        }
    }
}
