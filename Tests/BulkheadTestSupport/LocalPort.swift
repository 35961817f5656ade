import Foundation

/// Ports of this machine.
package enum LocalPort {
    /// Whether a socket of this machine listens at `port`; to try it would take the only connection.
    package static func isListening(on port: Int) -> Bool {
        let table = (try? String(contentsOfFile: "/proc/net/tcp", encoding: .utf8)) ?? ""
        let digits = String(port, radix: 16, uppercase: true)
        let local = ":" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        return table.split(separator: "\n").contains { line in
            let fields = line.split(separator: " ")
            return fields.count > 3 && fields[1].hasSuffix(local) && fields[3] == "0A"
        }
    }
}
