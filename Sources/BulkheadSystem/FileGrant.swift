import CBulkheadLinux
package import SystemPackage

/// One file or folder that a process may still touch, as it is meant: of which kind it is, and who has named it.
package struct FileGrant: Hashable, Sendable {
    /// Which kinds of file are meant.
    package struct Kinds: OptionSet, Hashable, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        package static let file = Kinds(rawValue: BULKHEAD_KIND_FILE.rawValue)
        package static let folder = Kinds(rawValue: BULKHEAD_KIND_FOLDER.rawValue)
        /// Devices, FIFOs and sockets.
        package static let other = Kinds(rawValue: BULKHEAD_KIND_OTHER.rawValue)
        package static let any: Kinds = [.file, .folder, .other]
    }

    /// Why a file is not granted.
    package enum Problem: Error, Hashable, CustomStringConvertible {
        case missing
        /// A folder where a file is meant: all below it would go with it.
        case isFolder
        case isNoFolder
        case isOther
        /// A link on the way that leads where nobody has meant it to lead.
        case isLink
        case system(Errno)

        package var description: String {
            switch self {
            case .missing: "it is not there"
            case .isFolder: "it is a folder"
            case .isNoFolder: "it is no folder"
            case .isOther: "it is neither a file nor a folder"
            case .isLink: "a link leads away from its folder"
            case .system(let errno): "\(errno)"
            }
        }
    }

    package var access: Landlock.Access
    package var kinds: Kinds
    /// What ``path`` lies in, without a link on the way; empty where a person or this program has named the path, whose
    /// links are followed.
    package var folder: String
    package var path: String
    /// A person counts on it: that it is not granted is told.
    package var isTold = false

    /// A path that a person or this program has named.
    package init(_ access: Landlock.Access, _ kinds: Kinds, named path: String) {
        self.access = access
        self.kinds = kinds
        folder = ""
        self.path = path
    }

    /// What lies in `folder`, put there by somebody else: no link is followed.
    package init(_ access: Landlock.Access, _ kinds: Kinds, _ name: String, in folder: String) {
        self.access = access
        self.kinds = kinds
        self.folder = folder
        path = name
    }

    /// A descriptor that stands for it, and for nothing else: not for reading.
    func open() throws(Problem) -> OwnedDescriptor {
        let kinds = CInt(kinds.rawValue)
        let result =
            folder.isEmpty
            ? bulkhead_open_meant(nil, FileName.bytes(path), kinds)
            : bulkhead_open_meant(FileName.bytes(folder), FileName.bytes(path), kinds)
        guard result < 0 else { return OwnedDescriptor(adopting: result) }
        switch Errno(rawValue: -result) {
        case .noSuchFileOrDirectory: throw .missing
        case .isDirectory: throw .isFolder
        case .notDirectory: throw .isNoFolder
        case .invalidArgument: throw .isOther
        case .tooManySymbolicLinkLevels, .improperLink: throw .isLink
        case let errno: throw .system(errno)
        }
    }

    /// Keeps it open as long as this process lives, where it is there.
    package func hold() { _ = try? open().release() }
}
