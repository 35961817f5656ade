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

    @Test func platformsHaveServersOfTheirOwn() throws {
        let douyu = try target("douyu:288016,name=dy,or=backup.example:9000")
        #expect(douyu.dialect == .douyu && douyu.channel == "288016" && douyu.name == "dy" && douyu.nick.isEmpty)
        #expect(douyu.servers.map(\.port) == [8601, 8602, 12601, 12602, 9000])
        #expect(douyu.servers.first?.host == "danmuproxy.douyu.com" && douyu.servers.allSatisfy { !$0.isSecure })
        #expect(
            try target("douyu://127.0.0.1:8000/5").servers == [.init(host: "127.0.0.1", port: 8000, isSecure: false)])
        let folder = try TemporaryFolder()
        let keys = try folder.write("AK\r\n\n SECRET\nABCDEF\n", to: "bilibili")
        let bilibili = try target("bilibili:1234567890,password-file=\(keys)")
        #expect(bilibili.dialect == .bilibili && bilibili.channel == "1234567890")
        #expect(bilibili.password == "AK SECRET ABCDEF" && bilibili.secrets == ["AK", "SECRET", "ABCDEF"])
        #expect(bilibili.servers == [.init(host: "live-open.biliapi.com", port: 443, isSecure: true)])
        let key = try folder.write("Bearer ya29.x\n", to: "youtube")
        let youtube = try target("youtube://localhost:8443/6p_JM-I7FUg,password-file=\(key)")
        #expect(youtube.dialect == .youtube && youtube.channel == "6p_JM-I7FUg" && youtube.name == "6p_JM-I7FUg")
        #expect(youtube.servers == [.init(host: "localhost", port: 8443, isSecure: true)])
        #expect(youtube.password == "Bearer ya29.x" && youtube.secrets == ["ya29.x"])
        #expect(try target("youtube:\(String(repeating: "C", count: 60)),password-file=\(key)").name == "youtube")
        let short = try folder.write("AK\nSECRET\n", to: "short")
        #expect(throws: BroadcastError.self) { try target("bilibili:1,password-file=\(short)") }
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
        "irc://h/a,tls-ca=/nonexistent", "douyu:", "douyu:ann", "douyu:0", "douyu://h", "douyu:///5", "douyu://h/",
        "douyu://[::1/5", "irc://[::1/a",
        "douyu:99999999999999999999", "bilibili:5", "youtube:6p_JM-I7FUg", "youtube:a b", "youtube:a/b",
        "youtube:a,password-file=/nonexistent", "twitch://127.0.0.1:19000/room", "twitch:https://twitch.tv/ann",
        "twitch:ann/b",
        "twitch:a b", "lines:unix:", "irc://h/a,nick=a b", "irc://h/a,nick=",
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
