import ArgumentParser
import BulkheadCommands
import BulkheadMaster
import BulkheadModel
import BulkheadSelection
import Testing

/// Destinations with several servers, as flags and in a file.
@Suite(.timeLimit(.minutes(1))) struct LinkWordsTests {
    /// As the program itself reads a command line.
    private static func destinations(_ arguments: String...) throws -> [DestinationSettings] {
        let words = try BroadcastOptions.parse(BulkheadCommand.joiningAlternatives(["test"] + arguments)).words
        return try BroadcastPlan(words).settings.destinations
    }

    private static func destinations(yaml: String) throws -> [DestinationSettings] {
        var words = try BroadcastOptions.parse(["test"]).words
        words = words.filled(from: try ConfigurationFile.words(in: yaml, named: "test.yaml"))
        return try BroadcastPlan(words).settings.destinations
    }

    @Test func alternativesBelongToTheDestinationBeforeThem() throws {
        let found = try Self.destinations(
            "--to", "rtmp://a/x/1", "--or", "rtmp://b/x/2", "--or=rtmp://c/x/3", "--to", "file:/tmp/f.flv", "--to",
            "rtmp://d/x/4", "--or", "rtmp://e/x/5", "--rule", "latency", "--backfill", "2.5")
        #expect(
            found.map { $0.servers.map(\.url) } == [
                ["rtmp://a/x/1", "rtmp://b/x/2", "rtmp://c/x/3"], ["file:/tmp/f.flv"],
                ["rtmp://d/x/4", "rtmp://e/x/5"],
            ])
        #expect(found[0].rule == .latency && found[2].rule == .latency)
        #expect(found.allSatisfy { $0.backfillSeconds == 2.5 && !$0.isRedundant })
    }

    @Test func limitsOfPlatformsAreOfAllLinksOrOne() throws {
        let found = try Self.destinations(
            "--to", "rtmp://a/x/1", "--to", "file:/tmp/f.flv", "--link-watch", "bitrate > 6M for 10s, keyframes > 4s")
        #expect(found[0].watch.map { "\($0)" } == ["bitrate > 6M for 10s", "keyframes > 4s"])
        #expect(found[1].watch == [])
        let own = try Self.destinations(
            yaml: """
                link-watch: keyframes > 4s
                links:
                  - {server: rtmp://a/x/1, watch: "size > 1280x720 for 2s"}
                  - {server: rtmp://b/x/2, watch: off}
                  - rtmp://c/x/3
                """)
        #expect(own.map { $0.watch.map { "\($0)" } } == [["size > 1280x720 for 2s"], [], ["keyframes > 4s"]])
    }

    @Test(arguments: ["black 5s", "loudness off -23 by 2 for 10s", "bitrate", ""])
    func whatIsNoLimitOfAPlatformIsRefused(words: String) {
        let error = #expect(throws: BroadcastError.self) {
            try Self.destinations("--to", "rtmp://a/x/1", "--link-watch", words)
        }
        #expect(error?.kind == .usage && error?.description.contains("--link-watch") == true)
    }

    @Test func inputsMayStandBehindAlternatives() throws {
        let words = try BroadcastOptions.parse(
            BulkheadCommand.joiningAlternatives(["--to", "rtmp://a/x/1", "--or", "rtmp://b/x/2", "test"])
        ).words
        #expect(words[.input] == ["test"])
    }

    @Test func redundantDestinationsNeedTwoServers() throws {
        #expect(try Self.destinations("--to", "rtmp://a/x/1", "--or", "rtmp://b/x/2", "--redundant")[0].isRedundant)
        let error = #expect(throws: BroadcastError.self) {
            try Self.destinations("--to", "rtmp://a/x/1", "--redundant")
        }
        #expect(error?.kind == .usage && error?.description.contains("--or") == true)
    }

    @Test func fileSaysMoreOfLinks() throws {
        let found = try Self.destinations(
            yaml: """
                to: rtmp://z/x/9
                backfill: 3
                links:
                  - name: main
                    rule: weighted
                    backfill: 0
                    servers:
                      - server: rtmp://a/live2
                        key: "a?b&c=d#e/f"
                        weight: 3
                      - server: rtmps://b/app/key
                        priority: 2
                  - name: pair
                    redundant: true
                    servers: [rtmp://c/x/1, rtmp://d/x/2]
                  - file:/tmp/show.flv
                  - server: rtmp://e/app
                    key: "?k=1"
                """)
        #expect(found.map(\.name) == ["", "main", "pair", "", ""])
        #expect(found[1].streamKey == "a?b&c=d#e/f" && found[1].url == "rtmp://a/live2" && found[1].weight == 3)
        #expect(found[1].alternatives.map(\.priority) == [2])
        #expect(found[1].rule == .weighted && found[1].backfillSeconds == 0)
        #expect(found[2].isRedundant && found[2].backfillSeconds == 3)
        #expect(found[3].isFile)
        #expect(found[4].streamKey == "?k=1")
    }

    @Test func flagsWinOverTheFilesLinks() throws {
        let file = try ConfigurationFile.words(in: "links: [rtmp://a/x/1]\nor: rtmp://b/x/2", named: "test.yaml")
        let words = try BroadcastOptions.parse(["test", "--to", "rtmp://c/x/3"]).words.filled(from: file)
        #expect(try BroadcastPlan(words).settings.destinations == [DestinationSettings(url: "rtmp://c/x/3")])
    }

    @Test func keysFromElsewhereGoToAllServersWithoutOne() throws {
        let words = try BroadcastOptions.parse(
            BulkheadCommand.joiningAlternatives(
                ["test", "--to", "rtmp://a/app", "--or", "rtmp://b/app/own", "--or", "rtmp://c/app"])
        ).words
        let found = try BroadcastPlan(words, environmentKey: "secret").settings.destinations
        #expect(found[0].servers.map(\.streamKey) == ["secret", "", "secret"])
    }

    @Test(arguments: [
        (["--to", "rtmp://a/x/1", "--to", "rtmp://b/x/1", "--or", "file:/tmp/a.flv"], "can't choose between a file"),
        (["--to", "file:/tmp/a.flv", "--or", "rtmp://b/x/1"], "can't choose between a file"),
        (["--to", "rtmp://a/x/1", "--or", "http://b/x/1"], "begins with http://"),
        (["--to", "rtmp://a/x/1", "--rule", "best"], "priority, latency, weighted, round-robin, sticky"),
        (["--to", "rtmp://a/x/1", "--backfill", "61"], "0 to 60 seconds"),
        (["--to", "rtmp://a/x/1", "--or", "rtmp://b/x"], "has no stream key"),
        (["--or", "rtmp://b/x/1"], "--or needs the destination"),
    ])
    func mistakesAreRefusedInOneLine(arguments: [String], phrase: String) throws {
        let words = try BroadcastOptions.parse(BulkheadCommand.joiningAlternatives(["test"] + arguments)).words
        let error = #expect(throws: BroadcastError.self) { try BroadcastPlan(words) }
        let line = error.map { BulkheadCommand.failure($0) } ?? ""
        #expect(error?.kind == .usage && line.contains(phrase) && !line.contains("\n"), "\(line)")
    }

    @Test(arguments: [
        ("links: rtmp://a/x/1", "is a list"), ("links: [{rule: priority}]", "has no server"),
        ("links: [{servers: [{key: 1}]}]", "has no address"), ("links: [[a]]", "neither an address nor keys"),
        ("links: [{server: rtmp://a/x/1, colour: red}]", "no key \"colour\""),
        ("links: [{server: rtmp://a/x, key: a, key-file: b}]", "keep one of them"),
        ("links: [{server: rtmp://a/x/1, weight: 0}]", "1 to 1000"),
        ("links: [{server: rtmp://a/x/1, redundant: maybe}]", "true or false"),
        ("links: [{server: rtmp://a/x/1, rule: best}]", "it takes priority"),
    ])
    func mistakesInAFileAreRefusedInOneLine(yaml: String, phrase: String) throws {
        let error = #expect(throws: BroadcastError.self) { try Self.destinations(yaml: yaml) }
        let line = error.map { BulkheadCommand.failure($0) } ?? ""
        #expect(error?.kind == .usage && line.contains(phrase) && !line.contains("\n"), "\(line)")
    }

    /// A destination of an older application's broadcast lacks what is new.
    @Test func oldDestinationsAreRead() throws {
        let json = #"{"url":"rtmp://a/x","streamKey":"k","tlsAuthorityFile":""}"#
        let read = try JSONLine.decode(DestinationSettings.self, from: Array(json.utf8))
        #expect(read == DestinationSettings(url: "rtmp://a/x", streamKey: "k"))
    }
}
