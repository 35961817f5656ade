import BulkheadSource
import Glibc

@main struct Main {
    static func main() { exit(SourceProgram.run()) }
}
