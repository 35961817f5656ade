import BulkheadNotifier
import Glibc

@main struct Main {
    static func main() { exit(NotifierProgram.run()) }
}
