import BulkheadModel
import BulkheadTestSupport
import Testing

/// docs/plugins.md: each plugin of the chain has a name of its own.
@Suite(.timeLimit(.minutes(1))) struct PluginNameTests {
    /// Whatever is chosen: names that were given stay, every name is there once, and naming again changes nothing.
    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func everyChainHasUniqueNames(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let identities = ["frei0r:glow", "glow", "/opt/libGlow.so", "ladspa:1", "/l/gate.so#glow", "glow-2", "x/"]
        for _ in 0..<300 {
            var given: Set<String> = []
            let choices = (0..<Int.random(in: 0...8, using: &random)).map { _ in
                var choice = PluginChoice(identities[Int.random(in: identities.indices, using: &random)])
                let name = ["", "", "glow", "glow-2", "glow-3", "1"][Int.random(in: 0..<6, using: &random)]
                if given.insert(name).inserted { choice.name = name }
                return choice
            }
            let named = try PluginChoice.named(choices, besides: ["taken"])
            #expect(Set(named.map(\.name)).count == named.count && !named.contains { $0.name.isEmpty })
            for (before, after) in zip(choices, named) {
                #expect(before.name.isEmpty || before.name == after.name)
                var renamed = before
                renamed.name = after.name
                #expect(after == renamed)
            }
            #expect(try PluginChoice.named(named) == named)
        }
    }

    @Test func nameGivenTwiceIsNamed() {
        let choices = [PluginChoice("a", name: "logo"), PluginChoice("b", name: "logo")]
        let error = #expect(throws: BroadcastError.self) { try PluginChoice.named(choices) }
        #expect(error?.code == .pluginNameTwice && error?.parameters == ["name": "logo"])
    }

    @Test(arguments: [
        ("/l/gate.so#", "gate.so#"), ("#", "#"), ("frei0r:", "plugin"), ("/opt/lib.so", "lib"), ("/opt/libx.so", "x"),
        ("/opt/X.SO", "x.so"), ("Frei0r:Glow", "glow"), ("a:b/c", "c"), ("/", "plugin"),
    ]) func namesOfStrangeIdentities(identity: String, name: String) {
        #expect(PluginChoice(identity).shortName == name)
    }
}

@Suite(.timeLimit(.minutes(1))) struct PartDecodingTests {
    private func part(_ line: String) throws -> Part { try JSONLine.decode(Part.self, from: Array(line.utf8)) }

    @Test func rolesAndDutiesOfAnotherVersionArePassedOver() throws {
        #expect(try part(#"{"role":"teleporter","id":3,"name":"tape"}"#).role == .unknown)
        let encoder = try part(#"{"role":"encoder","id":3,"name":"encoder","duty":"understudy","mood":"good"}"#)
        #expect(encoder.role == .encoder && encoder.duty == nil && encoder.id == 3)
    }

    @Test(arguments: [
        "{}", #"{"role":"encoder","name":"encoder"}"#, #"{"role":"encoder","id":"7","name":"encoder"}"#,
        #"{"id":7,"name":"encoder"}"#, #"{"role":"encoder","id":7}"#, #"{"role":"encoder","id":1.5,"name":"encoder"}"#,
    ]) func whatIsNoPartIsRefused(line: String) { #expect(throws: DecodingError.self) { try part(line) } }

    @Test func childrenAreThoseThatHaveAProcess() {
        #expect(
            Part.Role.allCases.filter(\.isChild)
                == [.encoder, .source, .slateEncoder, .pluginHost, .mixer, .recorder, .notifier, .chat, .origin, .srt])
    }

    @Test func rolesOfEventsAreWords() {
        #expect(
            Part.Role.allCases.map(\.rawValue) == [
                "master", "timeline", "encoder", "source", "slate-encoder", "plugin-host", "mixer", "recorder",
                "notifier", "chat", "origin", "srt", "plugin", "link", "recording", "viewer", "server", "reporter",
                "room", "channel", "switch", "output", "timetable",
                "unknown",
            ])
    }
}

@Suite(.timeLimit(.minutes(1))) struct JSONLineTests {
    @Test func lineHasSortedKeysAndOneEnd() {
        #expect(
            String(decoding: JSONLine.encode(["b": "x/y", "a": "\n"]), as: UTF8.self)
                == "{\"a\":\"\\n\",\"b\":\"x/y\"}\n")
        #expect(JSONLine.text(["b": 1, "a": 2]) == #"{"a":2,"b":1}"#)
    }

    /// JSON has no such number: there is no line rather than a wrong one.
    @Test(arguments: [Double.nan, .infinity, -.infinity]) func whatJSONLacksGivesNoLine(number: Double) {
        #expect(JSONLine.encode([number]).isEmpty && JSONLine.text([number]) == nil)
    }
}
