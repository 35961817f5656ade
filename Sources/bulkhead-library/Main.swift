import BulkheadLibrary
import Glibc

@main struct Main {
    static func main() async { exit(await LibraryProgram.run()) }
}
