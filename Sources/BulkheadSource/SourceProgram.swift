import BulkheadFrames
import BulkheadMedia
import BulkheadSystem
package import BulkheadWire
import Glibc

/// The program `bulkhead-source`: opens one input for the master and delivers its pictures and sound.
package enum SourceProgram {
    /// Runs the program.
    ///
    /// Without arguments it talks to the master on descriptor 3 until that socket ends. `--version` prints the version.
    /// - Returns: the exit code; 0 when the master has closed the connection, 64 for arguments it does not know.
    package static func run(_ arguments: [String]) -> CInt {
        switch arguments.dropFirst() {
        case []: break
        case ["--version"]:
            print("bulkhead-source \(BulkheadVersion.build)")
            return 0
        default:
            complain("usage: bulkhead-source [--version]; the master starts it with a socket on descriptor 3")
            return 64
        }
        var information = stat()
        guard fstat(WireSocket.inheritedDescriptor, &information) == 0, information.st_mode & S_IFMT == S_IFSOCK else {
            complain("descriptor 3 is no socket: bulkhead starts this program, it isn't started by hand")
            return 64
        }
        return serve(WireSocket(OwnedDescriptor(adopting: WireSocket.inheritedDescriptor)))
    }

    /// Holds the conversation on `socket` to its end.
    package static func serve(_ socket: WireSocket) -> CInt {
        do { try socket.greet(as: .source) } catch {
            if case .closedByPeer = error { return 0 }
            complain(error.description)
            return 1
        }
        do throws(SourceStop) {
            try play(MasterLink(socket))
            return 0
        } catch {
            switch error {
            case .closed: return 0
            case .broken(let phrase):
                complain(phrase)
                return 1
            }
        }
    }

    private static func play(_ link: MasterLink) throws(SourceStop) {
        let settings = try link.receiveSettings()
        let player: any Player
        do throws(OpenFailure) { player = try open(settings, link: link) } catch {
            switch error {
            case .stopped(let stop): throw stop
            case .refused(let refusal): try link.send(.failed(refusal))
            }
            try rest(link)
            return
        }
        while true {
            try link.pump(waiting: false)
            switch try player.step() {
            case .progressed: continue
            case .idle: try link.pump(waiting: true)
            case .ended:
                try link.send(.ended)
                try rest(link)
            case .failed(let refusal):
                try link.send(.failed(refusal))
                try rest(link)
            }
        }
    }

    private static func open(_ settings: SourceSettings, link: MasterLink) throws(OpenFailure) -> any Player {
        guard let pool = link.pool, Int(pool.shape.slotByteCount) >= settings.canvas.layout.byteCount else {
            throw .refused(Refusal(.settings, "the pool's slots are too small for pictures of \(settings.canvas)"))
        }
        let address = InputAddress(settings.url, inputFormat: settings.inputFormat)
        do throws(SourceStop) {
            if case .test = address.kind {
                let player = TestPlayer(settings, link: link)
                try link.send(.opened(player.description))
                return player
            }
        } catch { throw .stopped(error) }
        let input = try MediaInput(address, settings: settings, link: link)
        let player = try InputPlayer(input, settings: settings, link: link)
        do throws(SourceStop) { try link.send(.opened(input.description)) } catch { throw .stopped(error) }
        return player
    }

    /// Nothing is left to do but to wait until the master closes the socket.
    private static func rest(_ link: MasterLink) throws(SourceStop) {
        while true { try link.pump(waiting: true) }
    }

    private static func complain(_ phrase: String) {
        let line = "bulkhead-source: \(phrase)\n"
        _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    }
}

/// Why an input did not come to be open.
enum OpenFailure: Error {
    case refused(Refusal)
    case stopped(SourceStop)
}
