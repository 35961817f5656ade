package import BulkheadChildRuntime
import BulkheadSystem
import BulkheadWire
import Glibc
import Synchronization

/// A recorder's side of the conversation with the master. This thread listens, and answers how much is written; it never
/// waits for the disk, which another one does.
package final class RecorderService {
    private let socket: WireSocket
    private let entersCell: Bool
    private let state = RecorderState()
    private let line = RequestLine()
    private var scribe: ThreadBound<FileScribe>?
    /// How long what is under way may take when the master has hung up.
    private static let patience = Duration.milliseconds(500)

    /// A recorder that has said hello on `socket`.
    /// - Parameter entersCell: it is a process of its own, and gives up all but the folder that it writes to.
    package init(_ socket: WireSocket, entersCell: Bool) {
        self.socket = socket
        self.entersCell = entersCell
    }

    /// Serves until the socket ends.
    /// - Throws: always in the end: `WireSocketError.closedByPeer` when all went well.
    package func run() throws {
        defer { end() }
        let voice = try socket.voice()
        var device: OwnedDescriptor?
        defer { device.take()?.close() }
        while true {
            guard var received = try socket.receive(RecorderRequest.self) else { continue }
            let descriptor = received.descriptor.take()
            if case .device = received.message {
                device.take()?.close()
                guard let descriptor else { throw RecorderError.descriptorMissing }
                device = consume descriptor
                continue
            }
            if let descriptor {
                descriptor.close()
                throw RecorderError.unexpectedDescriptor
            }
            switch received.message {
            case .device: break
            case .open(let task):
                guard scribe == nil else { throw RecorderError.openedTwice }
                try open(task, device.take(), voice)
            case .measure(let token): voice.send(RecorderReply.measured(state.measure(token: token)))
            case .picture(_, let picture, _):
                socket.reach(picture)
                try hand(received.message)
            case .configure, .sound, .track, .loss, .note, .comment, .room, .finish: try hand(received.message)
            }
        }
    }

    private func open(_ task: RecorderTask, _ device: consuming OwnedDescriptor?, _ voice: WireVoice) throws {
        let isDevice = device != nil
        if entersCell {
            let folder = task.path.lastIndex(of: "/").map { $0 == task.path.startIndex ? "/" : task.path[..<$0] }
            _ = RecorderCell.enter(folder: String(folder ?? "."), device: isDevice)
        }
        voice.send(RecorderReply.ready)
        let scribe = ThreadBound(SerialThread()) { [state] in FileScribe(task, state, voice) }
        self.scribe = scribe
        let raw = device.take()?.release() ?? -1
        scribe.run { $0.open(device: raw >= 0 ? OwnedDescriptor(adopting: raw) : nil) }
        let watch = PathWatch(task, state, voice)
        SerialThread().run { watch.run() }
    }

    /// Gives the writing thread something to do.
    private func hand(_ request: RecorderRequest) throws {
        guard let scribe else { throw RecorderError.notOpened }
        guard line.append(request) else { return }
        scribe.run { [line] in $0.take(line.takeAll()) }
    }

    private func end() {
        state.isOver = true
        guard let scribe else { return }
        scribe.run { $0.abandon() }
        scribe.drain(within: Self.patience)
    }
}

/// What has come and waits for the writing thread, which takes all of it at once. The master bounds it: it gives no more
/// before so much is written.
private final class RequestLine: Sendable {
    private let waiting = Mutex<[RecorderRequest]>([])

    /// - Returns: whether it is the first that waits.
    func append(_ request: RecorderRequest) -> Bool {
        waiting.withLock { waiting in
            waiting.append(request)
            return waiting.count == 1
        }
    }

    func takeAll() -> [RecorderRequest] {
        waiting.withLock { waiting in
            defer { waiting.removeAll() }
            return waiting
        }
    }
}
