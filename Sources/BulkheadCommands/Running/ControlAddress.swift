import BulkheadControl
import BulkheadMaster
package import BulkheadModel
import Glibc
import SystemPackage

/// Where masters can be reached: paths of local sockets.
package enum ControlAddress {
    /// The path in `unix:PATH`, absolute.
    /// - Throws: kind `usage`, naming `flag`.
    package static func path(from address: String, flag: String) throws(BroadcastError) -> String {
        guard address.hasPrefix("unix:"), address.count > "unix:".count else {
            throw BroadcastError(
                code: .masterAddress, "\(flag) \(address) is no address of a master", advice: "write \(flag) unix:PATH")
        }
        let path = FilePaths.absolute(String(address.dropFirst("unix:".count)))
        guard path.utf8.count <= 107 else {
            throw BroadcastError(
                code: .masterAddress,
                "the path of \(flag) is longer than the 107 bytes that a local socket's name may have",
                advice: "choose a shorter one")
        }
        return path
    }

    /// Where the master of process `pid` listens when nothing else is said.
    /// - Throws: kind `control` when somebody else has taken the folder's name.
    package static func standard(pid: Int32) throws(BroadcastError) -> String {
        let folder = folder
        guard access(folder, F_OK) != 0 || isOwnFolder(folder) else {
            throw BroadcastError(
                code: .addressUnusable, ["address": folder], "the folder \(folder) is not this user's alone",
                advice: "remove it, or name a path: --control unix:PATH")
        }
        return "\(folder)/\(pid).sock"
    }

    /// `$XDG_RUNTIME_DIR/bulkhead`, or `/tmp/bulkhead-UID` where there is no such directory for this user.
    package static var folder: String {
        if let runtime = getenv("XDG_RUNTIME_DIR").map({ String(cString: $0) }), runtime.hasPrefix("/"),
            isOwnFolder(runtime)
        {
            return runtime + "/bulkhead"
        }
        return "/tmp/bulkhead-\(getuid())"
    }

    /// All folders in which a master of this user may listen: a service has another environment than a shell.
    package static var folders: [String] {
        var folders = [folder]
        for other in ["/run/user/\(getuid())/bulkhead", "/tmp/bulkhead-\(getuid())"] where !folders.contains(other) {
            folders.append(other)
        }
        return folders
    }

    /// The one master of this user that can be reached at a standard path.
    /// - Throws: kind `control` when there is none; kind `usage` when there are several.
    package static func findRunning() throws(BroadcastError) -> String {
        let paths = folders.flatMap(running)
        switch paths.count {
        case 0:
            let others = othersSockets()
            let hint =
                others.isEmpty ? "" : ", but others listen at \(others.map { "unix:\($0)" }.joined(separator: ", "))"
            throw BroadcastError(
                code: .noneRunning, "no broadcast of this user is running" + hint,
                advice: "if it listens elsewhere, say where: --attach unix:PATH")
        case 1: return paths[0]
        default:
            let list = paths.map { "unix:\($0)" }.joined(separator: ", ")
            throw BroadcastError(
                code: .severalMasters, "\(paths.count) masters are running", advice: "choose one with --attach: \(list)"
            )
        }
    }

    /// Sockets of other users' masters, where this user may see them: root may ask them, and is told of them. None is
    /// connected to unasked.
    private static func othersSockets() -> [String] {
        let own = Set(folders)
        let candidates =
            FilePaths.names(in: "/run/user").map { "/run/user/\($0)/bulkhead" }
            + FilePaths.names(in: "/tmp").filter { $0.hasPrefix("bulkhead-") }.map { "/tmp/\($0)" }
        return candidates.filter { !own.contains($0) }.flatMap { folder in
            FilePaths.names(in: folder).filter { $0.hasSuffix(".sock") }.map { "\(folder)/\($0)" }
        }
    }

    /// The sockets in `folder` at which a master answers. Those that dead masters have left are removed.
    package static func running(in folder: String) -> [String] {
        guard isOwnFolder(folder) else { return [] }
        var running: [String] = []
        for name in FilePaths.names(in: folder) where name.hasSuffix(".sock") {
            let path = "\(folder)/\(name)"
            if (try? ControlClient(path: path)) != nil {
                running.append(path)
            } else if let pid = Int32(name.dropLast(".sock".count)), pid > 0, kill(pid, 0) != 0, errno == ESRCH {
                unlink(path)
            }
        }
        return running
    }

    /// How long a master may be silent, and again when it is asked for a sign of life.
    static let patienceSeconds = 3
    /// How long it may take until an input has been opened: a source has time-outs of its own.
    static let openingPatienceSeconds = 40

    /// Asks the master at `attach`, or the one that runs, and returns its answer; nil when it went away without one.
    /// - Parameter trustsOwner: root that names a master gives it what may hold a key, whoever runs it: a service has a user of
    ///   its own.
    /// - Throws: what the master refuses with, among others.
    static func reply(
        to request: ControlRequest, attach: String?, trustsOwner: Bool = false
    ) throws(BroadcastError) -> ControlReply? {
        let named = try attach.map { (address) throws(BroadcastError) in
            try Self.path(from: address, flag: "--attach")
        }
        let path: String
        if let named { path = named } else { path = try findRunning() }
        var information = stat()
        let isOwnersToo = trustsOwner && named != nil && getuid() == 0 && lstat(path, &information) == 0
        let client = try ControlClient(path: path, owner: isOwnersToo ? information.st_uid : getuid())
        client.limitWaiting(toSeconds: request.takesTime ? openingPatienceSeconds : patienceSeconds)
        try client.send(request)
        while let reply = try client.receive() {
            switch reply {
            case .event: continue
            case .failed(let error): throw error
            default: return reply
            }
        }
        return nil
    }

    /// Asks for something to be done, and returns when it is.
    static func ask(_ request: ControlRequest, attach: String?) throws(BroadcastError) {
        guard try reply(to: request, attach: attach) != nil else {
            throw BroadcastError(code: .connectionClosed, "the master closed the connection without an answer")
        }
    }

    /// Whether `path` is a folder that belongs to this user and that no other one can write to: in any other, somebody
    /// else could pose as the master.
    private static func isOwnFolder(_ path: String) -> Bool {
        var information = stat()
        return lstat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
            && information.st_uid == getuid() && information.st_mode & 0o022 == 0
    }
}

extension ControlRequest {
    /// It is answered only when an input has been opened.
    fileprivate var takesTime: Bool {
        switch self {
        case .input(.add), .input(.reopen), .saveReplay, .reload: true
        case .foresee(let request): request.takesTime
        default: false
        }
    }
}
