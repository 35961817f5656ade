import BulkheadPluginHost
import Glibc

@main struct Main {
    static func main() { exit(PluginHostProgram.run()) }
}
