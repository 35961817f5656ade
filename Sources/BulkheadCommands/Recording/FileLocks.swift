import Glibc

/// Which files a process holds locked, as the kernel lists them. Asking for a lock would be in the way of a recorder
/// that wants it at that moment.
enum FileLocks {
    /// Whether a process has locked the open file `descriptor` by flock(2): a recorder that writes it.
    static func isLocked(_ descriptor: Int32) -> Bool {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, let text = try? SmallFile.text(at: "/proc/locks", limit: 4 << 20) else {
            return false
        }
        return lists(text, device: facts.st_dev, inode: facts.st_ino)
    }

    /// Lines such as `1: FLOCK  ADVISORY  WRITE 4711 fe:00:123456 0 EOF`, with the device in hexadecimal digits.
    static func lists(_ text: String, device: UInt, inode: UInt) -> Bool {
        // How Linux puts the two numbers of a device into one.
        let major = device >> 8 & 0xFFF | device >> 32 & ~0xFFF
        let minor = device & 0xFF | device >> 12 & ~0xFF
        return text.split(separator: "\n").contains { line in
            let words = line.split(separator: " ")
            guard words.count >= 6, words[1] == "FLOCK", words[3] == "WRITE" else { return false }
            let numbers = words[5].split(separator: ":")
            return numbers.count == 3 && UInt(numbers[0], radix: 16) == major
                && UInt(numbers[1], radix: 16) == minor && UInt(numbers[2]) == inode
        }
    }
}
