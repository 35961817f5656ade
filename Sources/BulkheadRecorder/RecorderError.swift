/// Why a recorder process can't go on: the master has broken the schema's rules.
enum RecorderError: Error, Hashable, CustomStringConvertible {
    case notOpened
    case openedTwice
    case descriptorMissing
    case unexpectedDescriptor

    var description: String {
        switch self {
        case .notOpened: "the master sent media before it said where to"
        case .openedTwice: "the master named two tasks"
        case .descriptorMissing: "the master named a device without its descriptor"
        case .unexpectedDescriptor: "the master sent a descriptor with a message that takes none"
        }
    }
}
