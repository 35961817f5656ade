import BulkheadChatFormats
import BulkheadTestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct IRCMessageTests {
    @Test func aLineIsRead() throws {
        let message = try #require(
            IRCMessage(
                line: #"@id=7;display-name=Ann\sB;+x=a\:b\\\r\n\q;flag :ann!a@h.example PRIVMSG #room :hi all"#[...]))
        #expect(message.command == "PRIVMSG")
        #expect(message.nick == "ann")
        #expect(message.parameters == ["#room", "hi all"])
        #expect(message.tags["display-name"] == "Ann B")
        #expect(message.tags["+x"] == "a;b\\\r\nq")
        #expect(message.tags["flag"] == "")
    }

    /// Lines that servers really send.
    @Test(arguments: [
        ("BATCH :-1", "BATCH", ["-1"]),
        (":s 366 n #room :End of /NAMES list.", "366", ["n", "#room", "End of /NAMES list."]),
        ("ping  :x", "PING", ["x"]), (":s CAP * LS * :a b", "CAP", ["*", "LS", "*", "a b"]),
        ("JOIN #a ", "JOIN", ["#a"]),
        ("PRIVMSG #a :", "PRIVMSG", ["#a", ""]), ("@a=1   :p   CMD   x  :y z ", "CMD", ["x", "y z "]),
    ])
    func shapesOfLines(line: String, command: String, parameters: [String]) throws {
        let message = try #require(IRCMessage(line: line[...]))
        #expect(message.command == command && message.parameters == parameters)
    }

    @Test(arguments: ["", " ", ":only", "@only=1", "@a=1 :p", "!", ":p ü"])
    func whatHasNoCommandIsNoMessage(line: String) { #expect(IRCMessage(line: line[...]) == nil) }

    @Test func theLastOfRepeatedTagsCountsAndALoneBackslashVanishes() throws {
        let message = try #require(IRCMessage(line: "@a=1;a=2;b=x\\;=3 PING"[...]))
        #expect(message.tags == ["a": "2", "b": "x"])
    }

    @Test func aCommentGivesNoOrders() {
        let message = IRCMessage("PRIVMSG", ["#a b", "hello\r\nQUIT :bye\0"])
        #expect(message.line == "PRIVMSG #ab :helloQUIT :bye\r\n")
        #expect(IRCMessage("NICK", ["", ":x"]).line == "NICK * ::x\r\n")
    }

    @Test(arguments: 1...5) func whatIsWrittenIsReadBack(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        func word(_ letters: String, _ count: ClosedRange<Int>) -> String {
            String(
                (0..<Int.random(in: count, using: &random)).map { _ in letters.randomElement(using: &random) ?? "a" })
        }
        for _ in 0..<300 {
            var tags: [String: String] = [:]
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                tags[word("abc/-+", 1...6)] = word("a b;\\\r\n:字", 0...8)
            }
            let message = IRCMessage(
                word("ABC", 1...6),
                (0..<Int.random(in: 0...3, using: &random)).map { _ in word("abc#", 1...6) }
                    + [word("a b:字", 0...12)], tags: tags, prefix: word("ann!@", 0...6))
            let line = message.line.dropLast()
            #expect(message.line.hasSuffix("\r\n"))
            #expect(IRCMessage(line: line) == message || IRCMessage(line: line.dropLast()) == message)
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct LineReaderTests {
    @Test func linesAreTheSameHoweverTheyAreCut() {
        let bytes = Array("one\r\ntwo\n\r\n\nthr\u{00E9}e 字\r\nrest".utf8)
        for size in 1...bytes.count {
            var reader = LineReader()
            var lines: [String] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                lines += reader.take(bytes[start..<min(start + size, bytes.count)])
            }
            #expect(lines == ["one", "two", "thrée 字"])
        }
    }

    @Test func aLineThatIsTooLongIsCutAndTheNextIsWhole() {
        var reader = LineReader(limit: 8)
        let lines = reader.take(Array("0123456789abcdef\nshort\n".utf8))
        #expect(lines == ["01234567", "short"])
        #expect(reader.cutCount == 1)
    }

    @Test func endlessBytesCostNoMemory() {
        var reader = LineReader(limit: 16)
        for _ in 0..<100 {
            let lines = reader.take([UInt8](repeating: 0x41, count: 10_000))
            #expect(lines.isEmpty)
        }
        let last = reader.take([0x0A])
        #expect(last == [String(repeating: "A", count: 16)])
    }
}
