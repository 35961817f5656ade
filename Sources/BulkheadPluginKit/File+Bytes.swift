import Glibc

extension File {
    /// The file's content.
    /// - Parameter limit: in bytes; a longer file is refused.
    /// - Throws: a ``PluginError`` that names the file and the reason.
    public func bytes(limit: Int = 64 << 20) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure }
            if count == 0 { return content }
            content += piece[..<count]
            guard content.count <= limit else { throw PluginError("the file \(path) is over \(limit) bytes long") }
        }
    }

    private var failure: PluginError {
        PluginError("the file \(path) can't be read: \(String(cString: strerror(errno)))")
    }
}
