import Glibc

extension LibraryFile {
    private static let mostHeaders = 128
    private static let mostDynamicBytes = 1 << 16
    private static let longestRunPath = 4096

    /// The folders where the library at `path` says that others are which it needs: its DT_RUNPATH or DT_RPATH, with
    /// `$ORIGIN` filled in. Relative ones are left out; of what makes no sense there are none.
    /// - SeeAlso: elf(5), Elf64_Phdr and Elf64_Dyn; ld.so(8).
    static func searchFolders(of path: String) -> [String] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        let file = ELFBytes(descriptor: descriptor)
        guard let header = file.bytes(at: 0, count: 64), header.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]),
            number(header, 54, 2) == 56
        else { return [] }
        let count = Int(number(header, 56, 2))
        guard count <= mostHeaders, let headers = file.bytes(at: number(header, 32, 8), count: count * 56) else {
            return []
        }
        let segments = (0..<count).map { Array(headers[($0 * 56)..<($0 * 56 + 56)]) }
        guard let dynamic = segments.first(where: { number($0, 0, 4) == 2 }),
            let entries = file.bytes(
                at: number(dynamic, 8, 8), count: Int(clamping: min(number(dynamic, 32, 8), UInt64(mostDynamicBytes))))
        else { return [] }
        var names: UInt64?
        var runPath: UInt64?
        for start in stride(from: 0, to: entries.count - 15, by: 16) {
            let value = number(entries, start + 8, 8)
            switch number(entries, start, 8) {
            case 5: names = value  // DT_STRTAB, an address
            case 29: runPath = value  // DT_RUNPATH
            case 15: runPath = runPath ?? value  // DT_RPATH
            default: break
            }
        }
        guard let names, let runPath, let place = offset(of: names &+ runPath, in: segments),
            let bytes = file.bytes(at: place, count: longestRunPath, orLess: true)
        else { return [] }
        let origin = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self).split(separator: ":")
            .map { String($0).replacing("${ORIGIN}", with: origin).replacing("$ORIGIN", with: origin) }
            .filter { $0.hasPrefix("/") }
    }

    /// Where in the file the byte lies that is loaded at `address`.
    private static func offset(of address: UInt64, in segments: [[UInt8]]) -> UInt64? {
        for segment in segments where number(segment, 0, 4) == 1 {  // PT_LOAD
            let (distance, isBefore) = address.subtractingReportingOverflow(number(segment, 16, 8))
            guard !isBefore, distance < number(segment, 32, 8) else { continue }
            return number(segment, 8, 8) &+ distance
        }
        return nil
    }

    private static func number(_ bytes: [UInt8], _ start: Int, _ count: Int) -> UInt64 {
        (0..<count).reduce(0) { $0 | UInt64(bytes[start + $1]) << UInt64($1 * 8) }
    }

    private struct ELFBytes {
        let descriptor: CInt

        func bytes(at offset: UInt64, count: Int, orLess: Bool = false) -> [UInt8]? {
            guard let place = off_t(exactly: offset), count > 0 else { return nil }
            var bytes = [UInt8](repeating: 0, count: count)
            let taken = pread(descriptor, &bytes, count, place)
            guard taken == count || (orLess && taken > 0) else { return nil }
            return Array(bytes.prefix(taken))
        }
    }
}
