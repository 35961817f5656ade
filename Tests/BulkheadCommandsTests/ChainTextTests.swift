import BulkheadCommands
import BulkheadMaster
import BulkheadModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct ChainTextTests {
    @Test(
        arguments: [
            (
                PluginStatus(
                    name: "glow", plugin: "frei0r:glow", parameters: ["blur": "0.3"], state: .working,
                    microsecondsPerFrame: 312, calls: 9, pid: 7),
                "glow: working, frei0r:glow,blur=0.3, 0.31 ms a frame, process 7", nil
            ),
            (
                PluginStatus(
                    name: "bad", plugin: "/opt/mine.so", state: .quarantined, failures: 2, misses: 1, deaths: 1,
                    secondsLeft: 4.2),
                "bad: quarantined for 5 s, mine.so, failed 2 times, late once, ended its host once",
                "bad quarantined for 5 s"
            ),
            (
                PluginStatus(name: "bad", plugin: "bad", state: .refused, problem: "no such\u{1B} thing"),
                "bad: refused (no such  thing), bad", "bad refused (no such  thing)"
            ),
            (PluginStatus(name: "a", plugin: "b", state: .off), "a: off, b", "a off"),
        ] as [(PluginStatus, String, String?)])
    func pluginsAreToldInALine(plugin: PluginStatus, line: String, trouble: String?) {
        #expect(ChainText.line(plugin) == line)
        #expect(ChainText.trouble(plugin) == trouble)
    }
}
