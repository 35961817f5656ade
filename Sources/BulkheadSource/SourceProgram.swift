import BulkheadChildRuntime
import BulkheadFrames
import BulkheadMedia
import BulkheadSystem
import BulkheadWire
import Glibc

/// The program `bulkhead-source`: opens one input for the master and delivers its pictures and sound.
package enum SourceProgram {
    /// Runs to the end of the conversation; the result is the exit code.
    package static func run() -> CInt {
        ChildProgram.run(
            .source, purpose: "Opens one input for bulkhead: a file, an address, a device, a test picture.",
            secondStep: { SourceCell.enter(for: InputAddress("test", inputFormat: "")) }
        ) { socket in
            do throws(SourceStop) { try play(MasterLink(socket)) } catch {
                switch error {
                case .closed: throw WireSocketError.closedByPeer
                case .broken: throw error
                }
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
        _ = SourceCell.enter(for: address)
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
}

/// Why an input did not come to be open.
enum OpenFailure: Error {
    case refused(Refusal)
    case stopped(SourceStop)
}
