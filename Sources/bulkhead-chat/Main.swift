import BulkheadChat
import Glibc

@main struct Main {
    static func main() { exit(ChatProgram.run()) }
}
