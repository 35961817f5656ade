import BulkheadChildRuntime
import BulkheadSystem
import BulkheadWire
import CBulkheadLinux
import Foundation
import SystemPackage

/// Looks at one library in a process of its own, which may die of it.
struct Enumerator: Sendable {
    /// How `bulkhead-plugin-host` is started; the arguments are replaced.
    let launch: ChildLaunch
    /// What a library may take for all that is asked of it.
    let patience: Duration
    /// The most plugins of one library that are listed.
    private static let maximumListingCount = 4096

    /// What goes to the library's process: where programs and libraries are, and nothing else of the user's.
    private static let variables = [
        "PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "XDG_RUNTIME_DIR", "TMPDIR", "SWIFT_BACKTRACE",
    ]

    /// The plugins of the library at `path`, or why there are none. Takes a thread, since a child dies with the thread
    /// that has started it.
    func listings(of path: String, kind: PluginDescription.Kind) async throws(PluginCatalogError) -> [PluginListing] {
        let result: Result<[PluginListing], PluginCatalogError> = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    returning: Result { () throws(PluginCatalogError) in try look(at: path, kind: kind) })
            }
        }
        return try result.get()
    }

    private func look(at path: String, kind: PluginDescription.Kind) throws(PluginCatalogError) -> [PluginListing] {
        var launch = launch
        launch.arguments = ["--enumerate", path]
        launch.environment = launch.environment.filter { Self.variables.contains($0.key) }
        let running: Running
        do throws(Errno) { running = try Running.start(launch) } catch {
            throw .noEnumerator(reason: "\(launch.path) can't be started: \(error)")
        }
        let talk = listen(to: running.socket, path: path, kind: kind)
        let exit = running.end(waiting: !talk.isLate)
        return talk.listings(exit: exit, path: path, kind: kind, patience: patience)
    }

    /// The process, and this end of its socket.
    private struct Running: ~Copyable {
        let socket: WireSocket
        private let child: LaunchedChild

        private init(_ socket: WireSocket, _ child: consuming LaunchedChild) {
            self.socket = socket
            self.child = child
        }

        static func start(_ launch: ChildLaunch) throws(Errno) -> Running {
            let pair = try SocketPair()
            // A library may print what it likes.
            let nowhere = OwnedDescriptor(adopting: try Errno.check(open("/dev/null", O_RDWR | O_CLOEXEC)))
            let socket = WireSocket(try pair.ours.duplicate())
            let child = try launch.start(socket: pair.theirs, standardError: nowhere)
            nowhere.close()
            pair.close()
            return Running(socket, child)
        }

        /// Ends the process, and tells how it has ended. Where it has closed the socket it is about to end by itself,
        /// and is given a moment for that.
        consuming func end(waiting: Bool) -> ChildExit? {
            if waiting { _ = bulkhead_wait_readable(child.pidfd.rawValue, 1000) }
            child.signal(SIGKILL)
            // Killed, it ends at once.
            _ = bulkhead_wait_readable(child.pidfd.rawValue, 10_000)
            let exit = try? child.reap()
            child.close()
            return exit
        }
    }

    /// What an enumerator has told until it came to an end.
    private struct Talk {
        var listings: [PluginListing] = []
        var lastCall = PluginBreadcrumb.Call.none
        var isFinished = false
        var isLate = false
        var breach: String?

        /// The listings, with what went wrong in the end.
        func listings(
            exit: ChildExit?, path: String, kind: PluginDescription.Kind, patience: Duration
        ) -> [PluginListing] {
            guard !isFinished else { return listings }
            let place = lastCall == .none ? "before its library was opened" : lastCall.description
            let problem =
                if let breach {
                    "it has interfered with the process that looks at it: \(breach)"
                } else if isLate {
                    "it hung \(place): it was not done after \(patience.components.seconds) s"
                } else if case .signaled(let signal)? = exit {
                    "it crashed \(place): \(ChildExit.signaled(signal))"
                } else {
                    "it ended the process \(place): \(exit.map { "\($0)" } ?? "no exit code")"
                }
            // Nothing that such a library has said of itself is of use.
            return [PluginListing(path: path, kind: kind, problem: problem)]
        }
    }

    private func listen(to socket: WireSocket, path: String, kind: PluginDescription.Kind) -> Talk {
        var talk = Talk()
        let end = MonotonicTime.now.advanced(by: patience)
        while talk.listings.count < Self.maximumListingCount {
            let milliseconds = end.since(.now) / 1_000_000
            guard milliseconds > 0 else {
                talk.isLate = true
                return talk
            }
            do throws(WireSocketError) {
                guard
                    let received = try socket.receive(
                        EnumeratorReply.self, timeoutMilliseconds: CInt(clamping: milliseconds))
                else { continue }
                switch received.message {
                case .calling(let call): talk.lastCall = call
                case .plugin(var plugin):
                    // Where it lies and how it is called is not for the library to say.
                    plugin.path = path
                    plugin.identity = PluginIdentity.of(
                        kind: plugin.kind, path: path, label: plugin.label, name: plugin.name)
                    talk.listings.append(PluginListing(plugin))
                case .refused(_, let label, let refusal):
                    talk.listings.append(
                        PluginListing(path: path, kind: kind, label: label, problem: refusal.description))
                case .finished:
                    talk.isFinished = true
                    return talk
                }
            } catch {
                if case .closedByPeer = error { return talk }
                talk.breach = "\(error)"
                return talk
            }
        }
        talk.isFinished = true
        return talk
    }
}
