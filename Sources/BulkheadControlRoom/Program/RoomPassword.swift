import BulkheadSystem
import Glibc

/// Why the control room can't start: one lowercase phrase with what to do.
struct StartError: Error, Hashable, CustomStringConvertible {
    let description: String
    /// It stays wrong until somebody changes the settings, or their files.
    private let isOfSettings: Bool

    init(_ description: String, isOfSettings: Bool = true) {
        self.description = description
        self.isOfSettings = isOfSettings
    }

    /// That of all commands for settings that are wrong, where it is one: a service manager does not try it again.
    var exitCode: CInt { isOfSettings ? 64 : EXIT_FAILURE }
}

/// The password of the control room, in a file of the user's alone.
enum RoomPassword {
    private static let longestFile = 1024
    /// A shorter one can be tried out.
    private static let shortest = 8

    /// The password in the file at `path`: its first line.
    static func read(_ path: String) throws(StartError) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            throw StartError("the password file \(path) can't be opened: \(String(cString: strerror(errno)))")
        }
        defer { _ = close(file) }
        var information = stat()
        guard fstat(file, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            throw StartError("\(path) is no file: name one that holds the password")
        }
        guard information.st_mode & 0o077 == 0 else {
            throw StartError("others may read the password file \(path): run chmod 600 on it")
        }
        var bytes = [UInt8](repeating: 0, count: longestFile + 1)
        let count = Glibc.read(file, &bytes, bytes.count)
        guard count >= 0, count <= longestFile,
            let text = String(validating: bytes[..<count], as: UTF8.self)
        else { throw StartError("the password file \(path) holds no short text: write one line into it") }
        let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        guard line.count >= shortest else {
            throw StartError(
                "the password in \(path) has fewer than \(shortest) characters: choose a longer one")
        }
        return line
    }

    /// The file of the user's own, which is made where there is none.
    static func own() throws(StartError) -> (path: String, password: String) {
        let folder = try stateFolder() + "/bulkhead"
        if mkdir(folder, 0o700) != 0, errno != EEXIST {
            throw StartError("the folder \(folder) can't be made: \(String(cString: strerror(errno)))")
        }
        let path = folder + "/control-password"
        if access(path, F_OK) != 0 {
            let letters = Array("abcdefghijkmnpqrstuvwxyz23456789")
            let word = String((0..<20).map { _ in letters[Int.random(in: letters.indices)] })
            do throws(WholeFile.Failure) { try WholeFile.write(Array((word + "\n").utf8), to: path) } catch {
                throw StartError("the password \(path) can't be written: \(String(cString: strerror(error.errno)))")
            }
        }
        return (path, try read(path))
    }

    private static func stateFolder() throws(StartError) -> String {
        if let state = getenv("XDG_STATE_HOME").map({ String(cString: $0) }), state.hasPrefix("/") {
            _ = mkdir(state, 0o700)
            return state
        }
        guard let home = getenv("HOME").map({ String(cString: $0) }), home.hasPrefix("/") else {
            throw StartError(
                "it is not known where the password is kept: set HOME, or name a file with --password-file")
        }
        for folder in [home + "/.local", home + "/.local/state"] { _ = mkdir(folder, 0o700) }
        return home + "/.local/state"
    }
}
