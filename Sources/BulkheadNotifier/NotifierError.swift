import SystemPackage

/// Why a notifier process can't go on.
enum NotifierError: Error, Hashable, CustomStringConvertible {
    case notConfigured
    case configuredTwice
    case targetUnknown(UInt8)
    case libraryUnusable(String)
    case pipeMissing(Errno)
    case kindsDiffer

    var description: String {
        switch self {
        case .notConfigured: "the master sent a notice before it sent the addresses"
        case .configuredTwice: "the master sent the addresses twice"
        case .targetUnknown(let target): "the master named address \(target), which it hasn't sent"
        case .pipeMissing(let errno): "it has no pipe: \(errno)"
        case .kindsDiffer: "the master sent addresses of several kinds"
        case .libraryUnusable(let problem): "libcurl can't be used: \(problem)"
        }
    }
}
