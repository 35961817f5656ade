import BulkheadWire
import Glibc

/// What can be said of a library's file without loading it.
enum LibraryFile {
    #if arch(x86_64)
        private static let machine = 62
        private static let machineName = "x86-64"
    #elseif arch(arm64)
        private static let machine = 183
        private static let machineName = "AArch64"
    #endif

    /// ELF's numbers of machines, for people.
    private static let machines = [
        2: "SPARC", 3: "x86", 8: "MIPS", 20: "PowerPC", 21: "PowerPC", 22: "S/390", 40: "ARM", 62: "x86-64",
        183: "AArch64", 243: "RISC-V", 258: "LoongArch",
    ]

    /// Sees that `path` is a 64-bit little-endian ELF shared library for this machine.
    /// - SeeAlso: elf(5), Elf64_Ehdr.
    /// - Throws: a refusal that says what the file is instead.
    static func check(_ path: String) throws(Refusal) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT, ENOTDIR: throw Refusal(.notFound, "there is no file at \(path)")
            case EACCES, EPERM: throw Refusal(.accessDenied, "the file at \(path) may not be read")
            default: throw Refusal(.other, "the file at \(path) can't be opened: \(String(cString: strerror(errno)))")
            }
        }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            throw Refusal(.notLibrary, "\(path) isn't a file")
        }
        var header = [UInt8](repeating: 0, count: 20)
        let count = read(descriptor, &header, header.count)
        guard count == header.count, header.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else {
            throw Refusal(.notLibrary, "\(path) isn't a shared library (it is no ELF file)")
        }
        let type = Int(header[16]) | Int(header[17]) << 8
        let theirs = Int(header[18]) | Int(header[19]) << 8
        guard header[4] == 2, header[5] == 1, theirs == machine else {
            let name = machines[theirs] ?? "machine \(theirs)"
            throw Refusal(
                .notLibrary,
                "\(path) was built for \(name)\(header[4] == 1 ? " (32 bits)" : ""), but this host takes libraries for "
                    + "\(machineName) (64 bits)")
        }
        guard type == 3 else { throw Refusal(.notLibrary, "\(path) is an ELF file, but not a shared library") }
    }
}
