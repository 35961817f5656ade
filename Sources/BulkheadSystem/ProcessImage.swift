import Glibc
package import SystemPackage

/// A process that goes on as another program.
package enum ProcessImage {
    /// Becomes the program at `path`, with the same standard descriptors and environment, and with no signal blocked.
    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - signals: ignored until the program says what it does with them.
    /// - Returns: why that was not possible; else never.
    package static func become(_ path: String, arguments: [String], ignoring signals: [CInt] = []) -> Errno {
        for number in signals { signal(number, SIG_IGN) }
        // A thread of a pool may have blocked them.
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
        words.append(nil)
        execv(path, &words)
        let error = Errno(rawValue: errno)
        for word in words { free(word) }
        return error
    }
}
