import BulkheadMixer
import Glibc

@main struct Main {
    static func main() { exit(MixerProgram.run()) }
}
