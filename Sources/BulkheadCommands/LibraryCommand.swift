package import ArgumentParser
import BulkheadChildren
import BulkheadModel
import BulkheadSystem

/// `bulkhead library`: becomes the program `bulkhead-library`, which reads the words behind it.
package struct LibraryCommand: ParsableCommand {
    private static let executableName = "bulkhead-library"

    package static let configuration = CommandConfiguration(
        commandName: "library", abstract: "Keep recordings, find them, and serve them to players.",
        discussion: """
            bulkhead library serve --folder FOLDER is a whole library with a page to watch recordings on; node, centre and \
            tracker are its parts, for many machines. bulkhead library --help lists its commands.
            """)

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("The library's command and its flags.", valueName: "arguments"))
    var words: [String] = []

    package init() {}

    package func run() throws {
        let path = Programs.find().path(of: Self.executableName)
        let error = ProcessImage.become(path, arguments: words)
        throw BroadcastError(starting: "the library (\(path))", error)
    }
}
