import BulkheadEncoder
import Glibc

@main struct Main {
    static func main() { exit(EncoderProgram.run()) }
}
