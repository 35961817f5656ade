import BulkheadSystem

/// An X display on this machine: `:0`, `:0.1`, `unix:0`.
struct DisplayName: Hashable {
    private static let folder = "/tmp/.X11-unix"
    private let number: UInt16

    /// Nil for displays of other machines, and for what is no display's name.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), ["", "unix"].contains(text[..<colon]),
            let number = UInt16(text[text.index(after: colon)...].prefix { $0 != "." })
        else { return nil }
        self.number = number
    }

    /// Whether a server listens there. Whether it lets this user in, only libX11 could tell.
    var answers: Bool { LocalSocket.answers(at: "\(Self.folder)/X\(number)") }

    /// The names of the displays of this machine that answer.
    static var local: [String] {
        FilePaths.names(in: folder).compactMap { name in
            guard name.hasPrefix("X"), let display = DisplayName(":" + name.dropFirst()), display.answers else {
                return nil
            }
            return ":\(display.number)"
        }
    }
}

extension LocalSocket {
    /// Whether somebody who lets this user in listens at `path`.
    static func answers(at path: String) -> Bool {
        guard let socket = try? connect(to: path) else { return false }
        socket.close()
        return true
    }
}
