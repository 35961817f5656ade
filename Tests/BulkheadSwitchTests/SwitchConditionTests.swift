import BulkheadModel
import BulkheadSwitch
import Testing

@Suite(.timeLimit(.minutes(1))) struct SwitchConditionTests {
    static let words: [(String, SwitchCondition, String)] = [
        ("no-data 1s", SwitchCondition(.noData, milliseconds: 1000), "no-data 1s"),
        ("no-data 250ms", SwitchCondition(.noData, milliseconds: 250), "no-data 250ms"),
        ("off-air 2s", SwitchCondition(.offAir, milliseconds: 2000), "off-air 2s"),
        (
            "fps < 80% for 3s", SwitchCondition(.framesPerSecond(below: .percent(80)), milliseconds: 3000),
            "fps < 80% for 3s"
        ),
        (
            "FPS<24 for 1m30s", SwitchCondition(.framesPerSecond(below: .number(24)), milliseconds: 90_000),
            "fps < 24 for 90s"
        ),
        (
            "bitrate < 50% for 5s", SwitchCondition(.bitrate(below: .percent(50)), milliseconds: 5000),
            "bitrate < 50% for 5s"
        ),
        (
            " bitrate  <  1.5M for 5s ", SwitchCondition(.bitrate(below: .number(1_500_000)), milliseconds: 5000),
            "bitrate < 1500k for 5s"
        ),
        ("failures > 3 in 30s", SwitchCondition(.failures(moreThan: 3), milliseconds: 30_000), "failures > 3 in 30s"),
        ("drops>30 in 10s", SwitchCondition(.drops(moreThan: 30), milliseconds: 10_000), "drops > 30 in 10s"),
        (
            "report missing 3 periods", SwitchCondition(.reportMissing(periods: 3), milliseconds: 0),
            "report missing 3 periods"
        ),
        (
            "report missing 1 period", SwitchCondition(.reportMissing(periods: 1), milliseconds: 0),
            "report missing 1 period"
        ),
        ("black 5s", SwitchCondition(.black, milliseconds: 5000), "black 5s"),
        ("silence 10s", SwitchCondition(.silence, milliseconds: 10_000), "silence 10s"),
        ("queue > 3s", SwitchCondition(.queue(longerThanMilliseconds: 3000), milliseconds: 0), "queue > 3s"),
        (
            "queue > 1500ms for 2s", SwitchCondition(.queue(longerThanMilliseconds: 1500), milliseconds: 2000),
            "queue > 1500ms for 2s"
        ),
    ]

    @Test(arguments: words)
    func conditionIsReadAndWritten(text: String, condition: SwitchCondition, written: String) throws {
        #expect(try SwitchCondition(text) == condition)
        #expect("\(condition)" == written)
        #expect(try SwitchCondition("\(condition)") == condition)
    }

    static let wrong: [(String, String)] = [
        ("", "is no condition"), ("fsp < 80% for 3s", "is no condition"), ("no-data", "it ends where a time"),
        ("no-data 1", "\"1\" is no time"), ("no-data -1s", "\"-1s\" is no time"), ("no-data 25h", "is no time"),
        ("no-data 1s 2s", "\"2s\" does"), ("fps < 80%", "it ends where \"for\" is due"),
        ("fps > 80% for 3s", "\">\" stands where \"<\" is due"), ("fps < 0% for 3s", "no share from 1% to 100%"),
        ("fps < 101% for 3s", "no share"), ("fps < -5 for 3s", "is not a rate"), ("fps < 0 for 3s", "is not a rate"),
        ("fps < inf for 3s", "is not a rate"), ("bitrate < fast for 5s", "is not a rate"),
        ("failures > x in 30s", "no number from 0 to 1000"), ("failures > 99999999999999999999 in 30s", "no number"),
        ("failures > 3 for 30s", "\"for\" stands where \"in\" is due"),
        ("report missing 0 periods", "no number from 1 to 1000"),
        ("report missing 3", "it ends where \"periods\" is due"), ("report late 3 periods", "\"late\" stands"),
        ("queue > 3", "is no time"), ("queue > 3s for", "it ends where a time"),
        (String(repeating: "<", count: 1000), "is no condition"),
    ]

    @Test(arguments: wrong) func wrongWordsAreToldInOneLine(text: String, part: String) {
        do {
            let condition = try SwitchCondition(text)
            Issue.record("\(text) was read as \(condition)")
        } catch {
            #expect(error.kind == .usage)
            #expect(error.problem.contains(part), "\(error.problem)")
            #expect(!error.advice.isEmpty)
            #expect("\(error)".count < 400 && !"\(error)".contains("\n"))
        }
    }
}
