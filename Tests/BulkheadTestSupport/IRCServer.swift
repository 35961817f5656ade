import Foundation
import Glibc
import Testing

/// InspIRCd, which keeps the last lines of `#room` and replays them to whoever joins.
package final class IRCServer {
    package let port: Int
    private let process: RunningProcess
    private let folder: URL

    /// - Parameter lines: how many lines are kept.
    package init(keeping lines: Int = 500) async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("ircd-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        port = try FreePort.take()
        let modules = [
            "cap", "ircv3", "ircv3_batch", "ircv3_servertime", "ircv3_ctctags", "ircv3_msgid", "ircv3_echomessage",
            "chanhistory", "permchannels",
        ]
        let configuration =
            """
            <server name="irc.test" description="test" network="Test">
            <admin name="test" nick="test" email="test@example.org">
            <bind address="127.0.0.1" port="\(port)" type="clients">
            <connect allow="*" timeout="60" threshold="2000" commandrate="2000000" fakelag="no" hardsendq="4194304"
             softsendq="2097152" recvq="262144" localmax="4000" globalmax="4000" maxchans="10" resolvehostnames="no" useident="no">
            <performance somaxconn="128" quietbursts="yes">
            <log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="\(folder.path)/log">
            <chanhistory maxlines="\(lines)" prefixmsg="no">
            <permchannels channel="#room" modes="PntH \(lines):1h">
            <options syntaxhints="no" defaultmodes="nt">
            """ + "\n" + modes(modules)
        let path = folder.appendingPathComponent("inspircd.conf").path
        try Data(configuration.utf8).write(to: URL(fileURLWithPath: path))
        process = try RunningProcess(
            "/usr/sbin/inspircd", ["--config", path, "--nofork", "--nopid"] + (getuid() == 0 ? ["--runasroot"] : []))
        let port = port
        try #require(await eventually(within: .seconds(20)) { IRCClient(port: port) != nil })
    }

    deinit { try? FileManager.default.removeItem(at: folder) }
}

private func modes(_ modules: [String]) -> String {
    modules.map { "<module name=\"\($0)\">\n" }.joined()
}

/// One who speaks in an IRC channel: blocking, for one thread.
package final class IRCClient {
    private let descriptor: CInt

    /// Nil where nobody listens.
    package init?(port: Int) {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(clamping: port)).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        var time = timeval(tv_sec: 20, tv_usec: 0)
        _ = setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        // `deinit` closes it: it runs here as well.
        guard result == 0 else { return nil }
    }

    deinit { close(descriptor) }

    package func send(_ line: String) {
        let bytes = Array((line + "\r\n").utf8)
        _ = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
    }

    /// Joins `#room`; false where that takes too long.
    package func join(as nick: String) -> Bool {
        send("NICK \(nick)")
        send("USER \(nick) 0 * :\(nick)")
        guard wait(for: " 376 ", or: " 422 ") else { return false }
        send("JOIN #room")
        return wait(for: " 366 ", or: " 366 ")
    }

    package func say(_ text: String) { send("PRIVMSG #room :\(text)") }

    private func wait(for one: String, or other: String) -> Bool {
        var text = ""
        var bytes = [UInt8](repeating: 0, count: 4096)
        while !text.contains(one), !text.contains(other) {
            let count = recv(descriptor, &bytes, bytes.count, 0)
            guard count > 0 else { return false }
            text += String(decoding: bytes[..<count], as: UTF8.self)
            if let ping = text.range(of: "PING :"), let end = text[ping.upperBound...].firstIndex(of: "\r\n") {
                send("PONG :\(text[ping.upperBound..<end])")
                text.removeSubrange(ping)
            }
        }
        return true
    }
}
