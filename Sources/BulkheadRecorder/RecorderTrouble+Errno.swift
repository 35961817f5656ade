import BulkheadWire
import Glibc
import SystemPackage

extension RecorderTrouble.Kind {
    /// What an error of writing says of the disk.
    init(_ error: Errno) {
        switch error.rawValue {
        case ENOSPC: self = .full
        case EDQUOT: self = .quota
        case EFBIG: self = .tooLarge
        case EIO, ENODEV, ENXIO, EUCLEAN: self = .broken
        case EROFS: self = .readOnly
        case ESTALE, ENOTCONN, EHOSTDOWN: self = .gone
        case EMFILE, ENFILE, ENOMEM: self = .ownResources
        default: self = .other
        }
    }

    /// The same of making a file.
    init(making error: Errno) {
        let kind = Self(error)
        self = kind == .other ? .notCreated : kind
    }

    /// It goes on where it stopped when the trouble is over: nothing is torn by it.
    var mayPass: Bool {
        switch self {
        case .full, .quota, .ownResources: true
        default: false
        }
    }
}
