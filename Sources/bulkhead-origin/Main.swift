import BulkheadOrigin
import Glibc

@main struct Main {
    static func main() async { exit(await OriginProgram.run()) }
}
