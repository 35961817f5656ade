package import BulkheadModel
import BulkheadSystem
import CBulkheadLinux
import Glibc
import SystemPackage

/// A client's side of a control socket. Calls wait, but never for one direction alone: what the master says is read
/// while a request is written.
package final class ControlClient {
    private let path: String
    private let socket: CInt
    private var incoming: [UInt8] = []
    private var isGreeted = false
    /// The master has closed the connection.
    private var isAtEnd = false
    /// -1 for no limit.
    private var patienceMilliseconds: Int32 = -1
    /// The master was asked for a sign of life, and has not said anything since.
    private var isProbing = false
    /// The user whose master it is; nil for one of the owner's.
    private let foreignOwner: UInt32?
    /// The number of the requests that only ask for a sign of life.
    private static let probeID = -1

    /// More than a master ever lets wait for a client.
    private static let mostIncoming = 64 << 20

    /// Connects to `path` and sends the greeting.
    /// - Parameters:
    ///   - path: of the master's socket.
    ///   - owner: the user that the master must belong to; nothing is sent to another one, as requests may hold a key.
    ///   - mayAskOthers: another user's master may be asked what holds no key, as root may, and as a group may at its socket.
    /// - Throws: kind `control`: no master is there, or one of another user.
    package init(
        path: String, owner: UInt32 = getuid(), mayAskOthers: Bool? = nil
    ) throws(BroadcastError) {
        self.path = path
        let address = "unix:\(path)"
        let peer: PeerCredentials
        do {
            let connection = try LocalSocket.connect(to: path)
            do {
                peer = try PeerCredentials(of: connection)
                try connection.setNonblocking(true)
            } catch {
                connection.close()
                throw error
            }
            socket = connection.release()
        } catch {
            switch error {
            case Errno.connectionRefused where LocalListener.isOccupied(path):
                throw BroadcastError(
                    code: .addressNotSocket, ["address": address], "\(path) is no socket",
                    advice: "name the path of a master's control socket")
            case Errno.noSuchFileOrDirectory, Errno.connectionRefused:
                throw BroadcastError(code: .noMaster, ["address": address], "no master listens at \(address)")
            case Errno.permissionDenied where ControlRole(ofSocketAt: path) != nil:
                throw BroadcastError(
                    code: .foreignMaster, ["address": address], "\(address) is for the members of a group",
                    advice: "have the user of the broadcast name a group of yours")
            case Errno.permissionDenied:
                throw BroadcastError(
                    code: .foreignMaster, ["address": address], "the master at \(address) belongs to another user")
            default:
                throw
                    BroadcastError(
                        code: .notReached, ["address": address], "\(address) can't be connected to: \(error)")
            }
        }
        foreignOwner = peer.uid == owner ? nil : peer.uid
        if !(mayAskOthers ?? (getuid() == 0 || ControlRole(ofSocketAt: path) != nil)) { try checkOwner() }
        do { try write(JSONLine.encode(ControlGreeting())) } catch  where error.code == .connectionClosed {
            // A master that turned this client away has said why: whoever asks next hears it.
        }
    }

    deinit { _ = bulkhead_close(socket) }

    /// From now on calls throw when the master has neither said nor taken anything for so long, and does not answer when
    /// it is asked for its status either: what was asked for may take longer.
    package func limitWaiting(toSeconds seconds: Int) {
        patienceMilliseconds = Int32(clamping: seconds.multipliedReportingOverflow(by: 1000).partialValue)
    }

    /// Sends a request.
    /// - Parameter id: comes back with each reply to the request.
    /// - Throws: kind `control`: the master is gone, or is another user's and must not learn a key.
    package func send(_ request: ControlRequest, id: Int? = nil) throws(BroadcastError) {
        if request.mayHoldKey { try checkOwner() }
        try write(JSONLine.encode(ControlLine(request, id: id)))
    }

    /// The next reply; nil when the master has closed the connection.
    package func receive() throws(BroadcastError) -> ControlReply? { try receiveLine()?.content }

    /// The next reply with the number of its request; nil when the master has closed the connection.
    package func receiveLine() throws(BroadcastError) -> ControlLine<ControlReply>? {
        if !isGreeted {
            guard let line = try nextLine() else { return nil }
            let version = (try? JSONLine.decode(ControlGreeting.self, from: line))?.version
            guard version == ControlGreeting.currentVersion else {
                throw .otherVersion(client: ControlGreeting.currentVersion, master: version)
            }
            isGreeted = true
        }
        while let line = try nextLine() {
            if let piece = ProgramPiece(line: line) { return ControlLine(.program(piece.bytes)) }
            let reply: ControlLine<ControlReply>
            do { reply = try JSONLine.decode(ControlLine<ControlReply>.self, from: line) } catch {
                throw BroadcastError(code: .unreadableReply, "the master answered with what this version can't read")
            }
            if reply.id != Self.probeID { return reply }
        }
        return nil
    }

    private func nextLine() throws(BroadcastError) -> [UInt8]? {
        var scanned = 0
        while true {
            if let end = incoming[scanned...].firstIndex(of: 0x0A) {
                defer { incoming.removeFirst(end + 1) }
                return Array(incoming[..<end])
            }
            scanned = incoming.count
            if isAtEnd { return nil }
            try wait(forRoom: false)
        }
    }

    private func checkOwner() throws(BroadcastError) {
        guard let foreignOwner else { return }
        throw BroadcastError(
            code: .foreignMaster, ["address": "unix:\(path)", "uid": "\(foreignOwner)"],
            "the master at unix:\(path) belongs to another user (uid \(foreignOwner)); nothing was sent to it")
    }

    private func write(_ line: [UInt8]) throws(BroadcastError) {
        var sent = 0
        while sent < line.count {
            let taken = line.withUnsafeBytes { bytes in
                bulkhead_send(socket, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, -1)
            }
            switch taken {
            case 1...: sent += taken
            case -Int(EINTR): continue
            case -Int(EAGAIN): try wait(forRoom: true)
            default: throw lastWord
            }
        }
    }

    /// Waits until the master has said something, which is taken, or, `forRoom`, has taken something.
    private func wait(forRoom: Bool) throws(BroadcastError) {
        var interest = pollfd(
            fd: socket, events: Int16((isAtEnd ? 0 : POLLIN) | (forRoom ? POLLOUT : 0)), revents: 0)
        let count = poll(&interest, 1, patienceMilliseconds)
        if count < 0, errno == EINTR { return }
        if count == 0, !forRoom, !isProbing {
            isProbing = true
            return try send(.status, id: Self.probeID)
        }
        guard count != 0 else {
            throw BroadcastError(code: .noAnswer, "the master at unix:\(path) does not answer")
        }
        if interest.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 { try read() }
        if isAtEnd, forRoom { throw lastWord }
    }

    private func read() throws(BroadcastError) {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(socket, &chunk, chunk.count, 0)
        if count < 0, errno == EINTR || errno == EAGAIN { return }
        guard count > 0 else { return isAtEnd = true }
        isProbing = false
        incoming.append(contentsOf: chunk[..<count])
        guard incoming.count <= Self.mostIncoming else {
            throw BroadcastError(code: .unreadableReply, "the master sends a line without an end")
        }
    }

    /// Why nothing is taken any more: what the master said last, which stays to be received, or that it has hung up.
    private var lastWord: BroadcastError {
        var before = -1
        while !isAtEnd, before != incoming.count {
            before = incoming.count
            do { try read() } catch { break }
        }
        for line in incoming.split(separator: 0x0A) {
            let reply = try? JSONLine.decode(ControlLine<ControlReply>.self, from: Array(line))
            if case .failed(let error)? = reply?.content { return error }
        }
        return BroadcastError(code: .connectionClosed, "the master at unix:\(path) has closed the connection")
    }
}
