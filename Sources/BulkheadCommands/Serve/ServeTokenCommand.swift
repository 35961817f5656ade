import ArgumentParser
import BulkheadHTTP
import BulkheadModel
import Glibc
import SystemPackage

/// `bulkhead serve token`: makes what lets somebody publish or play one stream for a while.
struct ServeTokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make a token with which somebody may publish or play one stream for a while.",
        discussion: """
            Prints what is put behind the stream's name, or the whole address with --url. The secret is the first line of \
            the file that the server was given by --publish-secret-file or --play-secret-file.
            """)

    @Argument(help: ArgumentHelp("publish or play.", valueName: "action"))
    var action: String

    @Argument(help: ArgumentHelp("The stream: its application and name, such as live/show.", valueName: "stream"))
    var stream: String

    @Option(help: ArgumentHelp("The file with the secret.", valueName: "file"))
    var secretFile: String

    @Option(name: .customLong("for"), help: ArgumentHelp("How long it holds.", valueName: "time"))
    var span = "1h"

    @Option(help: ArgumentHelp("The only IP address from which it may be used.", valueName: "address"))
    var address: String?

    @Option(
        help: ArgumentHelp(
            "Print this address with the token: http://HOST/live/show.mp4, rtmp://HOST/live/show.",
            valueName: "url"))
    var url: String?

    func run() throws {
        guard let action = AccessToken.Action(rawValue: action) else {
            throw BroadcastError(.usage, "a token is to publish or to play", advice: "write publish or play")
        }
        guard let seconds = TimeSpan(span)?.seconds, (1...31_536_000).contains(seconds) else {
            throw BroadcastError(.usage, "--for wants a time from 1s to 365d", advice: "write 2h, or 30m")
        }
        let name = try RelayWords.stream(stream)
        guard let slash = name.lastIndex(of: "/") else { return }
        let text: String
        do throws(Errno) { text = try SmallFile.text(at: secretFile, limit: 65_536) } catch {
            throw BroadcastError(.usage, "the secret \(secretFile) can't be read: \(error.phrase)")
        }
        let secret = text.split(whereSeparator: \.isNewline).map { $0.utf8.filter { $0 != 0x20 && $0 != 0x09 } }
            .first { !$0.isEmpty }
        guard let secret, secret.count >= 16 else {
            throw BroadcastError(
                .usage, "the secret \(secretFile) has fewer than 16 characters",
                advice: "make one: head -c 24 /dev/urandom | base64")
        }
        let expires = Int64(time(nil)) + Int64(seconds)
        let query = AccessToken.query(
            action, app: String(name[..<slash]), name: String(name[name.index(after: slash)...]), expires: expires,
            address: address, secret: secret)
        guard let query else {
            throw BroadcastError(.usage, "that stream can have no token", advice: "name it otherwise")
        }
        print(url.map { $0 + ($0.contains("?") ? "&" : "?") + query } ?? query)
    }
}
