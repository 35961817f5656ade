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
        let words = Array(ProgramArguments.all.dropFirst())
        if words.first == "--remux" { return RemuxProgram.run(Array(words.dropFirst())) }
        if words.first == "--poster" { return PosterProgram.run(Array(words.dropFirst())) }
        return ChildProgram.run(
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
            try link.sendThumbnailIfWanted()
            switch try player.step() {
            case .progressed: continue
            case .idle: try link.pump(waiting: true)
            case .ended:
                // Once its process is gone, nobody can be asked for one.
                try link.sendThumbnail()
                try link.send(.ended)
                try rest(link)
            case .failed(let refusal):
                try link.send(.failed(refusal))
                try rest(link)
            }
        }
    }

    private static func open(_ settings: SourceSettings, link: MasterLink) throws(OpenFailure) -> any Player {
        if let card = settings.card {
            _ = SourceCell.enter(for: card)
            return try draw(CardDrawing(card, summary: "card"), link: link)
        }
        let address = InputAddress(settings.url, inputFormat: settings.inputFormat)
        _ = SourceCell.enter(for: address, files: settings.playlist.files)
        switch address.kind {
        case .test where settings.copies, .color where settings.copies, .title where settings.copies:
            throw .refused(Refusal(.notCopied, "\(address.name) is drawn, and there is nothing to copy"))
        case .test: return TestPlayer(try agree(on: TestPlayer.description, link), link: link)
        case .color(let color): return try draw(ColorDrawing(color), link: link)
        case .title(let words): return try draw(CardDrawing(Card(.title, words), summary: "title"), link: link)
        case .file, .standardInput, .network, .device: break
        }
        if settings.copies { return try copy(address, settings, link) }
        let playlist = try Playlist(address, settings: settings, link: link)
        return try InputPlayer(playlist, settings: try agree(on: playlist.description, link), link: link)
    }

    /// Passes the packets of an input on as they are.
    private static func copy(
        _ address: InputAddress, _ settings: SourceSettings, _ link: MasterLink
    ) throws(OpenFailure) -> any Player {
        guard ListedFiles.entries(of: address) == nil else {
            throw .refused(Refusal(.notCopied, "\(address.name) is a list of files, which can't be copied"))
        }
        let input = try MediaInput(address, settings: settings, link: link)
        let streams = try CopiedStreams(input)
        do throws(SourceStop) {
            try link.send(.opened(input.description))
            try link.receiveCopy()
        } catch { throw .stopped(error) }
        return try CopyPlayer(input, settings: settings, streams: streams, link: link)
    }

    private static func draw(_ drawing: any Drawing, link: MasterLink) throws(OpenFailure) -> any Player {
        if let remark = drawing.remark {
            do throws(SourceStop) { try link.send(.notice(remark)) } catch { throw .stopped(error) }
        }
        return DrawingPlayer(drawing, try agree(on: drawing.description, link), link: link)
    }

    /// Tells the master what the input is, and learns what is to be made of it.
    private static func agree(
        on description: SourceDescription, _ link: MasterLink
    ) throws(OpenFailure) -> SourceSettings {
        do throws(SourceStop) {
            try link.send(.opened(description))
            return try link.receivePlay()
        } catch { throw .stopped(error) }
    }

    /// Nothing is left to do but to wait until the master closes the socket.
    private static func rest(_ link: MasterLink) throws(SourceStop) {
        while true {
            try link.pump(waiting: true)
            try link.sendThumbnailIfWanted()
        }
    }
}

/// Why an input did not come to be open.
enum OpenFailure: Error {
    case refused(Refusal)
    case stopped(SourceStop)
}
