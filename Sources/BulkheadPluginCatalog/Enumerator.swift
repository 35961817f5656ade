import BulkheadChildRuntime
import BulkheadChildren
import BulkheadSystem
import BulkheadWire
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
    /// What one library may say of itself, in bytes; the longest that are known have a tenth of it.
    private static let mostBytes = 1 << 20

    /// What goes to the library's process: where programs and libraries are, and nothing else of the user's.
    private static let variables = [
        "PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "XDG_RUNTIME_DIR", "TMPDIR", "SWIFT_BACKTRACE",
    ]

    /// The plugins of the library at `path`, or why there are none.
    func listings(of path: String, kind: PluginDescription.Kind) async throws(PluginCatalogError) -> [PluginListing] {
        try await BlockingChild.onThread {
            Result { () throws(PluginCatalogError) in try look(at: path, kind: kind) }
        }.get()
    }

    private func look(at path: String, kind: PluginDescription.Kind) throws(PluginCatalogError) -> [PluginListing] {
        var launch = launch
        launch.arguments = ["--enumerate", path]
        launch.environment = launch.environment.filter { Self.variables.contains($0.key) }
        let talk: Talk
        let end: BlockingChild.End
        do throws(Errno) {
            let child = try BlockingChild(mute: launch)
            let socket: OwnedDescriptor
            do throws(Errno) { socket = try child.socket.duplicate() } catch {
                _ = child.end(.atOnce)
                throw error
            }
            talk = listen(to: WireSocket(socket), path: path, kind: kind)
            // One that has closed the socket is about to end by itself, and its exit code says why.
            end = child.end(talk.isLate ? .atOnce : .disconnected)
        } catch {
            throw .noEnumerator(reason: "\(launch.path) can't be started: \(error)")
        }
        return talk.listings(exit: end.exit, path: path, kind: kind, patience: patience)
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
        socket.limitMessages(to: Self.mostBytes)
        let end = MonotonicTime.now.advanced(by: patience)
        while talk.listings.count < Self.maximumListingCount {
            guard socket.receivedByteCount <= Self.mostBytes else {
                talk.breach = "it says more than \(Self.mostBytes >> 20) MiB of itself"
                return talk
            }
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
