import BulkheadModel
import Testing

@Suite(.timeLimit(.minutes(2))) struct PluginChoiceTests {
    @Test(arguments: [
        ("frei0r:glow", "glow"), ("ladspa:1423", "1423"), ("invert", "invert"), ("/opt/libBorder.so", "border"),
        ("/opt/mine.so", "mine"), ("/usr/lib/ladspa/gate_1410.so#gate", "gate"), ("/opt/.so", ".so"), ("", "plugin"),
    ])
    func nameIsTheLastPartOfTheIdentity(identity: String, name: String) {
        #expect(PluginChoice(identity).shortName == name)
    }

    @Test func namesAreMadeUnique() throws {
        let choices = [PluginChoice("frei0r:glow"), PluginChoice("frei0r:glow"), PluginChoice("a", name: "glow-2")]
        #expect(try PluginChoice.named(choices).map(\.name) == ["glow", "glow-3", "glow-2"])
        #expect(try PluginChoice.named([PluginChoice("glow")], besides: ["glow"]).map(\.name) == ["glow-2"])
        #expect(throws: BroadcastError.self) { try PluginChoice.named([PluginChoice("a", name: "x")], besides: ["x"]) }
    }
}
