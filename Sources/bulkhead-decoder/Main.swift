import BulkheadDecoder
import Glibc

@main struct Main {
    static func main() { exit(DecoderProgram.run()) }
}
