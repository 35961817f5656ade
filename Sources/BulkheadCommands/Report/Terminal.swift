import Glibc

/// What is known about the terminal that standard error is, if it is one.
struct Terminal: Hashable {
    let hasColours: Bool

    /// Nil when standard error is no terminal, or one that can't go back to a line's start.
    static func standardError() -> Terminal? {
        let type = getenv("TERM").map { String(cString: $0) } ?? ""
        guard isatty(STDERR_FILENO) == 1, type != "dumb" else { return nil }
        // https://no-color.org: present and not empty.
        let refusesColours = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
        return Terminal(hasColours: !refusesColours)
    }

    /// Whether this process is in the terminal's foreground at this moment: a shell's `bg` and `&` put it elsewhere.
    var isForeground: Bool {
        let group = tcgetpgrp(STDERR_FILENO)
        return group < 0 || group == getpgrp()
    }

    /// Columns at this moment: the window may change its size at any time.
    var width: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
