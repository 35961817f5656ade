/// Why a chat process can't go on.
enum ChatError: Error, Hashable, CustomStringConvertible {
    case configuredTwice
    case libraryUnusable(String)

    var description: String {
        switch self {
        case .configuredTwice: "the master sent the connections twice"
        case .libraryUnusable(let problem): "libcurl can't be used: \(problem)"
        }
    }
}
