package import BulkheadModel
package import BulkheadSwitch
import BulkheadSystem
import Glibc
import NIOCore
import NIOPosix
import SystemPackage

/// What the switch's control socket takes, one JSON object a line.
package struct SwitchRequest: Codable, Hashable, Sendable {
    package enum Word: String, Codable, Hashable, Sendable { case status, mode }

    package let request: Word
    /// Of `mode`.
    package let mode: SwitchMode?

    package init(_ request: Word, mode: SwitchMode? = nil) {
        self.request = request
        self.mode = mode
    }
}

/// What it answers.
package struct SwitchReply: Codable, Hashable, Sendable {
    package enum Word: String, Codable, Hashable, Sendable { case status, done, failed }

    package let reply: Word
    package var status: SwitchStatus?
    package var error: BroadcastError?
}

/// A switch at one moment.
package struct SwitchStatus: Codable, Hashable, Sendable {
    package let name: String
    /// The way at work, or being started.
    package let way: Way
    package let phase: SwitchMachine.Phase
    package let mode: SwitchMode
    /// The condition that the way at work meets; missing for none.
    package var abnormal: SwitchCondition?
    /// What the systems said last; missing where they have said nothing.
    package var push: WayReport?
    package var pull: WayReport?
    package var backup: WayReport?
    /// How long the last switch took; missing before the first.
    package var last: SwitchTimes?
    package var pid: Int32
}

/// The socket at which commands come.
final class SwitchControl: Sendable {
    private let channel: any Channel
    private let path: String

    /// - Throws: kind `control`: the path can't be used.
    init(
        path: String, onRequest: @escaping @Sendable (SwitchRequest, @escaping @Sendable (SwitchReply) -> Void) -> Void
    ) async throws(BroadcastError) {
        self.path = path
        try Self.prepare(path)
        // Nobody else may connect, from the first moment on.
        let mask = umask(0o177)
        defer { umask(mask) }
        do {
            channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(LineHandler(onRequest))
                    }
                }
                .bind(unixDomainSocketPath: path).get()
        } catch {
            throw Self.unusable(path, "\(error)")
        }
    }

    func stop() async {
        try? await channel.close()
        unlink(path)
    }

    private static func unusable(_ path: String, _ problem: String) -> BroadcastError {
        BroadcastError(
            code: .addressUnusable, ["address": "unix:\(path)"], "unix:\(path) can't be listened at: \(problem)",
            advice: "name another path")
    }

    /// Makes the folder for this user alone, and removes what a dead switch has left.
    private static func prepare(_ path: String) throws(BroadcastError) {
        guard path.utf8.count <= LocalSocket.maximumPathByteCount else {
            throw BroadcastError(
                code: .addressTooLong, ["address": "unix:\(path)"], "unix:\(path) is too long for a socket",
                advice: "use a path of at most \(LocalSocket.maximumPathByteCount) bytes")
        }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            let folder = String(path[..<slash])
            var information = stat()
            if mkdir(folder, 0o700) != 0, errno != EEXIST {
                throw unusable(path, "its folder can't be made: \(Errno(rawValue: errno))")
            }
            guard stat(folder, &information) == 0, information.st_uid == getuid() || information.st_uid == 0 else {
                throw unusable(path, "its folder is another user's")
            }
        }
        var information = stat()
        guard lstat(path, &information) == 0 else { return }
        guard information.st_mode & S_IFMT == S_IFSOCK else { throw unusable(path, "something else is there") }
        do {
            let connection = try LocalSocket.connect(to: path)
            connection.close()
        } catch {
            unlink(path)
            return
        }
        throw BroadcastError(
            code: .addressInUse, ["address": "unix:\(path)"], "a switch listens at unix:\(path) already",
            advice: "end it, or give this one another name")
    }
}

private final class LineHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let longestLine = 4096
    private let onRequest: @Sendable (SwitchRequest, @escaping @Sendable (SwitchReply) -> Void) -> Void
    private var line: [UInt8] = []

    init(_ onRequest: @escaping @Sendable (SwitchRequest, @escaping @Sendable (SwitchReply) -> Void) -> Void) {
        self.onRequest = onRequest
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        line += unwrapInboundIn(data).readableBytesView
        while let end = line.firstIndex(of: 0x0A) {
            take(line[..<end], context.channel)
            line.removeFirst(end + 1)
        }
        guard line.count <= Self.longestLine else { return context.close(promise: nil) }
    }

    private func take(_ line: ArraySlice<UInt8>, _ channel: any Channel) {
        let answer: @Sendable (SwitchReply) -> Void = { reply in
            channel.writeAndFlush(ByteBuffer(bytes: JSONLine.encode(reply)), promise: nil)
        }
        guard let request = try? JSONLine.decode(SwitchRequest.self, from: line),
            request.request != .mode || request.mode != nil
        else {
            let error = BroadcastError(.control, "the line is no request of a switch")
            return answer(SwitchReply(reply: .failed, error: error))
        }
        onRequest(request, answer)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// Asks a switch that runs.
package enum SwitchClient {
    private static let patienceMilliseconds: Int32 = 3000

    /// - Throws: kind `control`: no switch is there, or it refuses.
    package static func ask(_ request: SwitchRequest, at path: String) throws(BroadcastError) -> SwitchReply {
        let address = "unix:\(path)"
        let socket: OwnedDescriptor
        do { socket = try LocalSocket.connect(to: path) } catch {
            throw BroadcastError(
                .control, "no switch listens at \(address): \(error)", advice: "start one, or name its socket")
        }
        let reply = exchange(request, socket.rawValue)
        socket.close()
        guard let reply else {
            throw BroadcastError(code: .noAnswer, "the switch at \(address) does not answer")
        }
        if let error = reply.error { throw error }
        return reply
    }

    private static func exchange(_ request: SwitchRequest, _ socket: CInt) -> SwitchReply? {
        let line = JSONLine.encode(request)
        guard line.withUnsafeBytes({ Glibc.write(socket, $0.baseAddress, $0.count) }) == line.count else { return nil }
        var incoming: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while incoming.count <= JSONLine.maximumByteCount {
            var interest = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            guard poll(&interest, 1, patienceMilliseconds) == 1 else { return nil }
            let count = Glibc.read(socket, &chunk, chunk.count)
            guard count > 0 else { return nil }
            incoming += chunk[..<count]
            guard let end = incoming.firstIndex(of: 0x0A) else { continue }
            return try? JSONLine.decode(SwitchReply.self, from: incoming[..<end])
        }
        return nil
    }
}
