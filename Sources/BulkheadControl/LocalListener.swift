package import BulkheadModel
package import BulkheadSystem
import CBulkheadLinux
import Glibc
import SystemPackage

/// A socket in the file system that answers only this user, or a group. It lives on the reactor's thread.
package final class LocalListener {
    private let path: String
    private let reactor: Reactor
    /// Made by this listener; nil where it was there already.
    private let ownFolder: String?
    private var listener: OwnedDescriptor?
    private var token: Reactor.Token?
    private let trusted: TrustedChildren?
    private let group: UInt32?

    /// Listens at `path`. Its folder is made, for this user alone, where there is none; a socket that a dead master left
    /// is taken over.
    /// - Parameters:
    ///   - group: whose members may connect as well, as the socket's mode lets them; nil for none.
    ///   - letsOthersPass: a folder that is made lets other users reach sockets in it, and see no names.
    ///   - trusted: children that may connect, which others may not; nil for none.
    ///   - onStranger: called with each connection that is refused, because it is another user's, or that of a child.
    ///   - onConnection: called with each connection of the same user, of root or of the group.
    package init(
        path: String, group: UInt32? = nil, letsOthersPass: Bool = false, on reactor: Reactor,
        trusting trusted: TrustedChildren? = nil,
        onStranger: @escaping @Sendable (PeerCredentials) -> Void = { _ in },
        onConnection: @escaping @Sendable (consuming OwnedDescriptor, PeerCredentials) -> Void
    ) throws(BroadcastError) {
        self.path = path
        self.reactor = reactor
        self.trusted = trusted
        self.group = group
        let folderMode: mode_t = letsOthersPass ? 0o711 : 0o700
        ownFolder = try Self.prepareFolder(of: path, mode: folderMode)
        do {
            try Self.clear(path)
            let listener = try Self.listen(at: path, group: group, folderMode: folderMode)
            token = try reactor.watch(listener.rawValue) { [bound = ReactorBound(self, reactor)] _ in
                bound.value.accept(onConnection, onStranger)
            }
            self.listener = consume listener
        } catch {
            if let ownFolder { rmdir(ownFolder) }
            if let error = error as? BroadcastError { throw error }
            if let group, error as? Errno == .notPermitted {
                throw BroadcastError(
                    code: .addressUnusable, ["address": "unix:\(path)"],
                    "unix:\(path) can't be given to group \(group), of which this user is no member",
                    advice: "name one of this user's groups")
            }
            throw BroadcastError(
                code: .addressUnusable, ["address": "unix:\(path)"], "unix:\(path) can't be listened at: \(error)")
        }
    }

    /// Listens at `path`, in a folder that another master may be about to remove with its last socket.
    private static func listen(at path: String, group: UInt32?, folderMode: mode_t) throws -> OwnedDescriptor {
        do { return try LocalSocket.listen(at: path, group: group) } catch Errno.noSuchFileOrDirectory {
            _ = try prepareFolder(of: path, mode: folderMode)
            return try LocalSocket.listen(at: path, group: group)
        }
    }

    /// Ends listening and removes the socket.
    package func close() {
        guard listener != nil else { return }
        if let token { reactor.unwatch(token) }
        token = nil
        listener.take()?.close()
        unlink(path)
        // Stays as long as another master has a socket in it.
        if let ownFolder { rmdir(ownFolder) }
    }

    private func accept(
        _ onConnection: @Sendable (consuming OwnedDescriptor, PeerCredentials) -> Void,
        _ onStranger: @Sendable (PeerCredentials) -> Void
    ) {
        // Those beyond wait for the next turn: others need the thread, too.
        for _ in 0..<Self.mostAccepted where listener != nil {
            let accepted: OwnedDescriptor?
            // Out of descriptors, or a peer that has gone again: the next one may have more luck.
            do { accepted = try takeOne() } catch {
                // The connection that waits would wake the thread again and again.
                if error == .tooManyOpenFiles || error == .tooManyOpenFilesInSystem { rest() }
                return
            }
            guard let connection = accepted else { return }
            guard let peer = try? PeerCredentials(of: connection) else {
                connection.close()
                continue
            }
            // Root could do everything in this process's name anyway. A child of its own that connects has been taken over.
            // Whom a group's socket has let in is of the group.
            guard group != nil || peer.uid == getuid() || peer.uid == 0,
                !peer.isOwnChild || trusted?.contains(peer.pid) == true
            else {
                connection.close()
                onStranger(peer)
                continue
            }
            onConnection(connection, peer)
        }
    }

    /// Looks away for a moment: a descriptor may be free then.
    private func rest() {
        guard let token else { return }
        reactor.change(token, to: [])
        let bound = ReactorBound(self, reactor)
        reactor.schedule(at: .now.advanced(by: Self.pause)) {
            if let token = bound.value.token { bound.value.reactor.change(token, to: .readable) }
        }
    }

    private static let pause = Duration.milliseconds(100)
    private static let mostAccepted = 16

    private func takeOne() throws(Errno) -> OwnedDescriptor? {
        guard let descriptor = listener?.rawValue else { return nil }
        return try LocalSocket.accept(descriptor)
    }

    /// Makes the folder of `path` where there is none, and gives its path then.
    private static func prepareFolder(of path: String, mode: mode_t) throws(BroadcastError) -> String? {
        guard path.utf8.count <= LocalSocket.maximumPathByteCount else {
            throw BroadcastError(
                code: .addressTooLong, ["address": "unix:\(path)"],
                "unix:\(path) is too long for a socket (\(path.utf8.count) bytes)",
                advice: "use a path of at most \(LocalSocket.maximumPathByteCount) bytes")
        }
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return nil }
        let folder = String(path[..<slash])
        var information = stat()
        if stat(folder, &information) == 0 { return nil }
        if mkdir(folder, mode) == 0 {
            // Without what the umask takes.
            if mode & 0o077 != 0 { chmod(folder, mode) }
            return folder
        }
        guard errno == EEXIST else {
            throw BroadcastError(
                code: .addressUnusable, ["address": "unix:\(path)"],
                "the folder \(folder) can't be made: \(Errno(rawValue: errno))", advice: "name another one")
        }
        return nil
    }

    /// Whether something else than a socket is at `path`.
    static func isOccupied(_ path: String) -> Bool {
        var information = stat()
        return stat(path, &information) == 0 && information.st_mode & S_IFMT != S_IFSOCK
    }

    /// Removes the socket of a master that is no more.
    private static func clear(_ path: String) throws(BroadcastError) {
        var information = stat()
        guard lstat(path, &information) == 0 else { return }
        guard information.st_mode & S_IFMT == S_IFSOCK else {
            throw BroadcastError(
                code: .addressNotSocket, ["address": "unix:\(path)"], "\(path) is there already, and is no socket",
                advice: "name another path")
        }
        do {
            let connection = try LocalSocket.connect(to: path)
            let pid = (try? PeerCredentials(of: connection).pid).map { " with process id \($0)" } ?? ""
            connection.close()
            throw BroadcastError(
                code: .addressInUse, ["address": "unix:\(path)"], "a master\(pid) listens at unix:\(path) already",
                advice: "attach to it, stop it, or name another path")
        } catch let error as BroadcastError {
            throw error
        } catch Errno.connectionRefused {
            unlink(path)
        } catch Errno.resourceTemporarilyUnavailable {
            throw BroadcastError(
                code: .addressInUse, ["address": "unix:\(path)"],
                "a process that takes no connections listens at unix:\(path) already",
                advice: "end it, or name another path")
        } catch {
            // Another user's, or no descriptor is free: nothing says that its master is dead.
            throw BroadcastError(
                code: .addressUnusable, ["address": "unix:\(path)"],
                "unix:\(path) is there already and can't be asked: \(error)")
        }
    }
}
