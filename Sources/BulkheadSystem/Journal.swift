import Glibc

/// The journal of systemd, which keeps what services write: a line that begins with a number in angle brackets has that priority.
///
/// - SeeAlso: sd-daemon(3), and JOURNAL_STREAM in systemd.exec(5).
package enum Journal {
    /// How grave a line is, as in syslog(3).
    package enum Priority: Int, Sendable {
        case error = 3
        case warning = 4
        case notice = 5
        /// What need not be read, such as the status from time to time.
        case information = 6

        /// What such a line begins with.
        package var prefix: String { "<\(rawValue)>" }
    }

    /// The journal reads what is written to `descriptor`.
    package static func reads(_ descriptor: CInt) -> Bool {
        reads(descriptor, getenv("JOURNAL_STREAM").map { String(cString: $0) })
    }

    /// - Parameter stream: device and inode of the journal's socket, with a colon between them; nil where there is no journal.
    package static func reads(_ descriptor: CInt, _ stream: String?) -> Bool {
        guard let stream else { return false }
        let numbers = stream.split(separator: ":", omittingEmptySubsequences: false).map { UInt64($0) }
        var facts = stat()
        // A shell that a service starts hands the variable on, whatever it puts in place of the descriptor.
        return numbers.count == 2 && fstat(descriptor, &facts) == 0
            && numbers == [UInt64(facts.st_dev), UInt64(facts.st_ino)]
    }
}
