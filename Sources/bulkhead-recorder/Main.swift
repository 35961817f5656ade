import BulkheadRecorder
import Glibc

@main struct Main {
    static func main() { exit(RecorderProgram.run()) }
}
