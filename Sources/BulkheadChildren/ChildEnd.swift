package import BulkheadSystem
import Glibc
package import SystemPackage

/// Why a child can't be started.
package enum ChildLaunchError: Error, CustomStringConvertible {
    case programMissing(path: String)
    case programNotExecutable(path: String, Errno)
    case system(Errno)

    package var description: String {
        switch self {
        case .programMissing(let path): "there is no program \(path)"
        case .programNotExecutable(let path, let errno): "\(path) can't be run: \(errno)"
        case .system(let errno): "no process can be started: \(errno)"
        }
    }
}

/// How a child's work came to its end.
package struct ChildEnd: Hashable, Sendable {
    package enum Cause: Hashable, Sendable, CustomStringConvertible {
        case exited(ChildExit)
        /// A child that was started by hand has closed its socket.
        case disconnected
        /// The master has ended it, for this reason.
        case dismissed(String)
        /// Its program speaks another schema than this master: both are named.
        case otherVersion(String)
        /// The master needed it no longer.
        case released

        package var description: String {
            switch self {
            case .exited(let exit): exit.description
            case .disconnected: "disconnected"
            case .dismissed(let reason), .otherVersion(let reason): reason
            case .released: "no longer needed"
            }
        }

        /// The child ended by a fault of its own or by its deadline, and not because it was killed from outside.
        package var isItsOwn: Bool {
            switch self {
            case .exited(.signaled(SIGKILL)), .exited(.signaled(SIGTERM)), .exited(.signaled(SIGINT)), .disconnected,
                .otherVersion, .released:
                false
            case .exited, .dismissed: true
            }
        }

        /// Starting it again would not help: its program must be installed anew.
        package var isOtherVersion: Bool { if case .otherVersion = self { true } else { false } }
    }

    package let cause: Cause
    /// What it had written to its standard error, at most the last 4 KiB.
    package let standardErrorTail: String

    package init(cause: Cause, standardErrorTail: String = "") {
        self.cause = cause
        self.standardErrorTail = standardErrorTail
    }
}
