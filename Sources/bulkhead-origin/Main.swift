import BulkheadOrigin
import Glibc

@main struct Main {
    static func main() { exit(OriginProgram.run()) }
}
