import BulkheadSRTLink
import Glibc

@main struct Main {
    static func main() { exit(SRTProgram.run()) }
}
