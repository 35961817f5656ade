import BulkheadCommands
import Glibc

@main struct Main {
    static func main() async { exit(await BulkheadCommand.run()) }
}
