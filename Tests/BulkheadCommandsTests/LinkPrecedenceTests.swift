import ArgumentParser
import BulkheadCommands
import BulkheadMedia
import BulkheadModel
import BulkheadSelection
import BulkheadTestSupport
import Foundation
import Testing

/// What a link says for itself in a file is more than what is said for all links: docs/links.md.
@Suite(.timeLimit(.minutes(1))) struct LinkPrecedenceTests {
    private static func destinations(_ arguments: [String] = [], yaml: String) throws -> [DestinationSettings] {
        let words = try BroadcastOptions.parse(BulkheadCommand.joiningAlternatives(["test"] + arguments)).words
        let file = try ConfigurationFile.words(in: yaml, named: "test.yaml")
        return try BroadcastPlan(words.filled(from: file)).settings.destinations
    }

    private static let own = """
        links:
          - name: own
            rule: priority
            backfill: 10s
            redundant: false
            servers: [rtmp://a/x/1, rtmp://b/x/2]
          - name: plain
            servers: [rtmp://c/x/1, rtmp://d/x/2]
        """

    /// Also where a link asks for what is the standard.
    @Test func linksOwnWordsStayAlsoWhereTheyAreTheStandard() throws {
        let found = try Self.destinations(yaml: "rule: latency\nbackfill: 3\nredundant: true\n" + Self.own)
        #expect(found.map(\.rule) == [.priority, .latency])
        #expect(found.map(\.backfillSeconds) == [10, 3])
        #expect(found.map(\.isRedundant) == [false, true])
    }

    @Test func flagsAreForLinksThatSayNothing() throws {
        let found = try Self.destinations(
            ["--rule", "sticky", "--backfill", "0", "--redundant"], yaml: Self.own)
        #expect(found.map(\.rule) == [.priority, .sticky])
        #expect(found.map(\.backfillSeconds) == [10, 0] && found.map(\.isRedundant) == [false, true])
    }

    @Test func standardsHoldWhereNothingIsSaid() throws {
        let found = try Self.destinations(yaml: Self.own)
        #expect(found.allSatisfy { $0.rule == .priority && $0.backfillSeconds == 10 && !$0.isRedundant })
        #expect(found.map(\.name) == ["own", "plain"])
    }

    /// Destinations of `to` stand before those of `links`, and have no words of their own.
    @Test func destinationsOfToHaveTheWordsForAll() throws {
        let found = try Self.destinations(yaml: "to: rtmp://z/x/1\nrule: weighted\n" + Self.own)
        #expect(found.map(\.rule) == [.weighted, .priority, .weighted])
    }

    /// A file takes what is given to it: it is never redundant.
    @Test func filesAreNotRedundant() throws {
        let yaml = """
            redundant: true
            links:
              - file:/tmp/a.flv
              - servers: [rtmp://a/x/1, rtmp://b/x/2]
            """
        #expect(try Self.destinations(yaml: yaml).map(\.isRedundant) == [false, true])
    }

    @Test(arguments: [
        ("rule: best\n", "--rule \"best\" is no rule"), ("backfill: 61\n", "0 to 60 seconds"),
        ("backfill: soon\n", "0 to 60 seconds"),
    ]) func wordsForAllAreCheckedAlsoWhereNoLinkTakesThem(yaml: String, phrase: String) {
        let links = "links: [{server: rtmp://a/x/1, rule: sticky, backfill: 1}]"
        let error = #expect(throws: BroadcastError.self) { try Self.destinations(yaml: yaml + links) }
        #expect(error?.kind == .usage && error?.description.contains(phrase) == true)
    }

    // MARK: order of words

    @Test(
        arguments: [
            (["--to", "a", "--or", "b", "test"], ["--to", "a", "--to", "|b", "test"]),
            (["--to=a", "--or=b", "--or", "c"], ["--to=a", "--to", "|b", "--to", "|c"]),
            (["--or", "b", "--to", "a"], ["--or", "b", "--to", "a"]), (["--to", "a", "--or"], ["--to", "a", "--or"]),
            (["--to", "a", "--or", "--rule", "sticky"], ["--to", "a", "--or", "--rule", "sticky"]),
            (["--to", "a", "--", "--or", "b"], ["--to", "a", "--", "--or", "b"]), ([], []),
            (["--tone", "a", "--or", "b"], ["--tone", "a", "--or", "b"]),
        ] as [([String], [String])])
    func alternativesKeepTheirDestination(arguments: [String], joined: [String]) {
        #expect(BulkheadCommand.joiningAlternatives(arguments) == joined)
    }

    // MARK: words that look alike

    @Test(arguments: [
        ("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("same", "same", 0), ("sise", "size", 1),
        ("flaw", "lawn", 2), ("é", "e", 1),
    ]) func distancesAreThoseOfLevenshtein(one: String, other: String, distance: Int) {
        #expect(one.editDistance(to: other) == distance && other.editDistance(to: one) == distance)
    }

    /// A key with one letter wrong leads to the key, also where it is the last one.
    @Test(arguments: ["video-bitrate", "stream-key-file", "plugin-isolation", "input", "duration"])
    func mistypedKeysLeadToTheKey(key: String) {
        for index in [key.index(after: key.startIndex), key.index(before: key.endIndex)] {
            var mistyped = key
            mistyped.replaceSubrange(index...index, with: "q")
            let error = #expect(throws: BroadcastError.self) {
                try ConfigurationFile.words(in: "# a comment\n\(mistyped): 1", named: "c.yaml")
            }
            #expect(error?.advice == "did you mean \"\(key)\"?", "\(mistyped)")
            #expect(error?.problem == "c.yaml, line 2: there is no key \"\(mistyped)\"")
        }
    }
}

/// Entries of `plugins` in a file say the same as the words of `--plugin`, whatever stands in them.
@Suite(.timeLimit(.minutes(1))) struct PluginEntryTests {
    @Test(arguments: [1, 2, 3] as [UInt64]) func anyTextSurvivesAFileAndAWord(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let pieces = ["a", ",", "\"", "'", "\\", "=", "@", " ", "é", "\\n", "#", ": ", "{", "]", "\n", "\t", "|"]
        func text() -> String {
            (0..<Int.random(in: 0...6, using: &random)).map { _ in
                pieces[Int.random(in: pieces.indices, using: &random)]
            }.joined()
        }
        for _ in 0..<200 {
            let parameters = ["first": text(), "second": text(), "x-y": text()]
            let identity = "p" + text().filter { $0 != "/" && $0 != " " } + "p"
            // A text in JSON is a text in YAML's double quotes.
            let entry = try JSONEncoder().encode(Entry(plugin: identity, name: "n", parameters: parameters))
            let words = try ConfigurationFile.words(
                in: "plugins: [" + String(decoding: entry, as: UTF8.self) + "]", named: "c.yaml")
            let choice = try PluginWord.choice(try #require(words[.plugin].first), folder: "/")
            #expect(choice == PluginChoice(identity, name: "n", parameters: parameters, folder: "/"))
        }
    }

    private struct Entry: Encodable {
        let plugin: String
        let name: String
        let parameters: [String: String]
    }

    @Test(
        arguments: [
            ("8ms", 8000), ("0.5s", 500_000), ("10s", 10_000_000), ("100us", 100), ("0.1ms", 100), ("1", 1_000_000),
        ] as [(String, UInt32)])
    func deadlinesAreRead(text: String, microseconds: UInt32) throws {
        #expect(try PluginWord.deadline(text) == microseconds)
    }

    @Test(arguments: ["", "ms", "99us", "11s", "-1ms", "nan", "inf", "1h", "8 ms ms"])
    func otherDeadlinesAreRefused(text: String) {
        let error = #expect(throws: BroadcastError.self) { try PluginWord.deadline(text) }
        #expect(error?.kind == .usage && error?.advice.contains("0.1ms to 10s") == true)
    }

    @Test(
        arguments: [("256M", 256), ("1G", 1024), ("0.5G", 512), ("512", 512), ("1024G", 1_048_576), ("64m", 64)]
            as [(String, UInt32)])
    func memoryIsRead(text: String, mebibytes: UInt32) throws { #expect(try PluginWord.memory(text) == mebibytes) }

    @Test(arguments: ["", "G", "0.5M", "1025G", "-1G", "lots", "1T", "inf", "nanM"])
    func otherMemoryIsRefused(text: String) {
        let error = #expect(throws: BroadcastError.self) { try PluginWord.memory(text) }
        #expect(error?.kind == .usage && error?.advice.contains("1M to 1024G") == true)
    }

    @Test(arguments: [("logo", true), ("a.b-c_9", true), ("", false), ("a b", false), ("ä", false), ("a/b", false)])
    func namesInTheChainArePlain(name: String, isFine: Bool) {
        if isFine {
            #expect(throws: Never.self) { try PluginWord.chainName(name) }
        } else {
            #expect(throws: BroadcastError.self) { try PluginWord.chainName(name) }
        }
        #expect(throws: BroadcastError.self) { try PluginWord.chainName(String(repeating: "a", count: 65)) }
    }

    // MARK: mistakes with their place

    @Test(arguments: [
        ("\n\nplugins: 3", "c.yaml, line 3: \"plugins\" takes a list"),
        ("plugins: [{name: x}]", "c.yaml, line 1: an entry of \"plugins\" names no plugin"),
        ("fps: 30\nplugins: [{plugin: a, colour: b}]", "c.yaml, line 2: there is no \"colour\" for a plugin"),
        ("plugins: [{plugin: a, parameters: {\"a,b\": 1}}]", "c.yaml, line 1: \"a,b\" is no parameter of a plugin"),
        ("plugins: [{plugin: [a]}]", "c.yaml, line 1: \"plugin\" of a plugin takes one value"),
        ("plugin: a\nplugins: [b]", "c.yaml, line 2: plugins stand under \"plugin\" already"),
    ]) func mistakesInEntriesHaveALine(yaml: String, problem: String) {
        let error = #expect(throws: BroadcastError.self) { try ConfigurationFile.words(in: yaml, named: "c.yaml") }
        #expect(error?.kind == .usage && error?.problem == problem)
    }
}

/// Every mistake in a link of a file is told with its line.
@Suite(.timeLimit(.minutes(1))) struct LinkPlaceTests {
    @Test(arguments: [
        ("links: 3", 1), ("fps: 30\nlinks:\n  - rtmp://a/x/1\n  - [a]", 4),
        ("links:\n  - name: main\n    servers:\n      - {key: 1}", 4),
        ("links:\n  - name: main\n    servers: rtmp://a/x/1", 3),
        ("links:\n  - server: rtmp://a/x/1\n    colour: red", 3),
        ("links:\n  - server: rtmp://a/x/1\n    redundant: maybe", 3), ("links:\n  - server: [rtmp://a/x/1]", 2),
        ("links:\n  - rule: sticky", 2), ("links:\n  - server: rtmp://a/x/1\n    weight: {a: b}", 3),
    ]) func mistakesHaveALine(yaml: String, line: Int) throws {
        let error = #expect(throws: BroadcastError.self) {
            let words = try ConfigurationFile.words(in: yaml, named: "c.yaml")
            return try BroadcastPlan(try BroadcastOptions.parse(["test"]).words.filled(from: words))
        }
        #expect(
            error?.kind == .usage && error?.problem.hasPrefix("c.yaml, line \(line): ") == true,
            "\(String(describing: error))")
    }

    @Test(arguments: [
        "weight: 0", "weight: 1001", "weight: much", "priority: -1", "priority: 1001", "backfill: 1h", "rule: Priority",
        "name: \"a\\nb\"", "name: \(String(repeating: "n", count: 41))",
    ]) func valuesOutsideTheirRangeNameTheLink(entry: String) throws {
        let words = try ConfigurationFile.words(
            in: "# first\nlinks:\n  - server: rtmp://a/x/1\n    \(entry)", named: "c.yaml")
        let error = #expect(throws: BroadcastError.self) {
            try BroadcastPlan(try BroadcastOptions.parse(["test"]).words.filled(from: words))
        }
        #expect(
            error?.kind == .usage && error?.problem.hasPrefix("c.yaml, line 3: ") == true,
            "\(String(describing: error))")
    }
}
