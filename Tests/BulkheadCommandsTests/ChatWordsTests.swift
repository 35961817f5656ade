import BulkheadCommands
import BulkheadDanmaku
import BulkheadModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct ChatWordsTests {
    private func target(_ word: String) throws -> ChatTarget { try #require(try ChatWords.targets([word]).first) }

    @Test func addressesAreRead() throws {
        let secure = try target("ircs://irc.example/room,nick=ann,or=backup.example:7000,name=main")
        #expect(secure.dialect == .irc && secure.channel == "room" && secure.nick == "ann" && secure.name == "main")
        #expect(
            secure.servers == [
                .init(host: "irc.example", port: 6697, isSecure: true),
                .init(host: "backup.example", port: 7000, isSecure: true),
            ])
        let plain = try target("irc://[::1]:6000/%23room")
        #expect(plain.servers == [.init(host: "::1", port: 6000, isSecure: false)] && plain.channel == "room")
        #expect(plain.nick.hasPrefix("bulkhead"))
        let twitch = try target("twitch:Ann")
        #expect(twitch.dialect == .twitch && twitch.channel == "ann" && twitch.nick.hasPrefix("justinfan"))
        #expect(twitch.servers == [.init(host: "irc.chat.twitch.tv", port: 6697, isSecure: true)])
        let local = try target("lines:unix:/run/bridge.sock")
        #expect(
            local.dialect == .lines && local.servers.first?.host == "/run/bridge.sock" && local.name == "bridge.sock")
        let bridge = try target("lines:127.0.0.1:7000/ann")
        #expect(bridge.channel == "ann" && bridge.servers == [.init(host: "127.0.0.1", port: 7000, isSecure: false)])
    }

    @Test func aPasswordComesFromAFile() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("abc\n", to: "token")
        #expect(try target("twitch:ann,nick=Ann,password-file=\(path)").password == "oauth:abc")
        #expect(try target("ircs://h/r,account=ann,password-file=\(path)").password == "abc")
    }

    @Test(arguments: [
        "", "ann", "irc://host", "irc://host/", "irc://host:0/a", "irc://host:99999/a", "ircs:///a", "twitch:",
        "lines:host", "lines:host:x", "irc://h/a b", "irc://u@h/a", "irc://h/a,name=", "irc://h/a,or=",
        "irc://h/a,tls-ca=/nonexistent",
    ])
    func whatIsNoChatIsToldInOneLine(word: String) {
        #expect {
            try ChatWords.targets([word])
        } throws: { error in
            guard let error = error as? BroadcastError else { return false }
            return error.kind == .usage && !error.problem.contains("\n")
        }
    }

    @Test func twoOfOneNameAreToldApart() {
        #expect(throws: BroadcastError.self) { try ChatWords.targets(["twitch:ann", "ircs://h/ann"]) }
    }
}
