import BulkheadControlRoom
import Glibc

@main struct Main {
    static func main() async { exit(await ControlRoomProgram.run()) }
}
