import ArgumentParser
import BulkheadCommands
import BulkheadMaster
import BulkheadMedia
import BulkheadModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct ConfigurationFileTests {
    /// The long flags that the help of `bulkhead broadcast` lists, without the negated ones.
    static let flags: [String] = BroadcastCommand.helpMessage(columns: 200).split(separator: "\n").compactMap { line in
        guard line.hasPrefix("  -"), let start = line.firstRange(of: "--")?.upperBound else { return nil }
        return String(line[start...].prefix { $0.isLetter || $0 == "-" })
    }

    /// These concern the command line itself.
    static let withoutKey: Set<String> = ["config", "help", "version", "dry-run"]

    /// Looking for what it resembles would take minutes.
    @Test(.timeLimit(.minutes(1))) func aKeyOfAMillionCharactersIsRefusedAtOnce() {
        let error = #expect(throws: BroadcastError.self) {
            try ConfigurationFile.words(in: "? " + String(repeating: "k", count: 1_000_000), named: "test.yaml")
        }
        #expect(error?.problem.hasSuffix("begins with \"\(String(repeating: "k", count: 40))\"") == true)
    }

    @Test func everyFlagHasItsKeyAndEveryKeyItsFlag() {
        let flags = Set(Self.flags).subtracting(Self.withoutKey)
        #expect(flags == Set(BroadcastKey.allCases.map(\.rawValue)).subtracting(["input"]))
    }

    @Test(arguments: BroadcastKey.allCases)
    func aKeyMeansWhatItsFlagMeans(key: BroadcastKey) throws {
        let value = key == .to ? "rtmp://a/b/c" : "17"
        let yaml = key.isSwitch ? "\(key.rawValue): true" : "\(key.rawValue): \(value)"
        let arguments =
            key == .input ? [value] : key.isSwitch ? ["--\(key.rawValue)"] : ["--\(key.rawValue)", value]
        let fromFile = try ConfigurationFile.words(in: yaml, named: "test.yaml")
        #expect(fromFile.keys == [key])
        #expect(try BroadcastOptions.parse(arguments).words == fromFile)
    }

    @Test(arguments: BroadcastKey.allCases.filter(\.isList))
    func aListIsAFlagGivenSeveralTimes(key: BroadcastKey) throws {
        let values = key == .to ? ["rtmp://a/b/c", "file:d.flv"] : ["one", "two"]
        let yaml = "\(key.rawValue):\n" + values.map { "  - \($0)\n" }.joined()
        let arguments = values.flatMap { key == .input ? [$0] : ["--\(key.rawValue)", $0] }
        #expect(
            try BroadcastOptions.parse(arguments).words == ConfigurationFile.words(in: yaml, named: "test.yaml"))
    }

    @Test func flagsWinOverTheFile() throws {
        let file = try ConfigurationFile.words(
            in: "size: 720p\nfps: 25\nloop: true\nto: [file:a.flv, file:b.flv]", named: "test.yaml")
        let flags = try BroadcastOptions.parse(["--fps", "30", "--no-loop", "--to", "file:c.flv"]).words
        let words = flags.filled(from: file)
        #expect(words[try #require(BroadcastKey(rawValue: "size"))] == ["720p"])
        #expect(words[try #require(BroadcastKey(rawValue: "fps"))] == ["30"])
        #expect(words[.loop] == ["false"])
        #expect(words[.to] == ["file:c.flv"])
    }

    @Test(arguments: [
        ("sise: 720p", "test.yaml, line 1: there is no key \"sise\"; did you mean \"size\"?"),
        (
            "fps: 30\nvideo_bitrate: 6M",
            "test.yaml, line 2: there is no key \"video_bitrate\"; did you mean \"video-bitrate\"?"
        ),
        ("stream-key: abc", "test.yaml, line 1: there is no key \"stream-key\"; did you mean \"stream-key-file\"?"),
        ("fps: [30, 25]", "test.yaml, line 1: \"fps\" takes one value, this is a list; keep one of them"),
        ("loop: 17", "test.yaml, line 1: \"loop\" is either true or false; mend it there"),
        ("to: {url: a}", "test.yaml, line 1: \"to\" takes a value or a list; mend it there"),
        ("- a", "test.yaml holds no keys; write one key a line, such as \"size: 1280x720\""),
    ])
    func mistakesAreNamedWithTheirPlace(yaml: String, message: String) {
        let error = #expect(throws: BroadcastError.self) { try ConfigurationFile.words(in: yaml, named: "test.yaml") }
        #expect(error?.description == message)
        #expect(error?.kind == .usage)
    }

    /// Values are read later than keys, and by the code that reads flags; what is wrong with them has its place all the same.
    @Test(arguments: [
        ("fps: 30\nvideo-bitrate: much", "test.yaml, line 2: video-bitrate \"much\""),
        ("fps: 1000\nsize: 720p", "test.yaml, line 1: fps \"1000\""),
        ("size: 720p\nslate: /nonexistent.png", "test.yaml, line 2: --slate \"/nonexistent.png\" can't be read"),
        ("plugin: [\"border,width\"]", "test.yaml, line 1: "),
        ("input: /nonexistent.mp4", "test.yaml, line 1: "),
    ])
    func wrongValueIsNamedWithItsPlace(yaml: String, beginning: String) throws {
        let file = try ConfigurationFile.words(in: yaml, named: "test.yaml")
        let flags = try BroadcastOptions.parse(
            yaml.contains("input:") ? ["--to", "file:a.flv"] : ["test", "--to", "file:a.flv"])
        let error = #expect(throws: BroadcastError.self) { try BroadcastPlan(flags.words.filled(from: file)) }
        #expect(error?.description.hasPrefix(beginning) == true, "\(error?.description ?? "")")
    }

    @Test func wrongFlagIsAFlagBesideAFile() throws {
        let file = try ConfigurationFile.words(in: "fps: 30", named: "test.yaml")
        let flags = try BroadcastOptions.parse(["test", "--to", "file:a.flv", "--fps", "much"])
        let error = #expect(throws: BroadcastError.self) { try BroadcastPlan(flags.words.filled(from: file)) }
        #expect(error?.description.hasPrefix("--fps \"much\"") == true)
    }

    @Test(arguments: ["fps: 30\nfps: 25", "a: [", "\tfps: 30", "to: *nowhere"])
    func brokenYAMLIsRefusedWithTheFilesName(yaml: String) {
        let error = #expect(throws: BroadcastError.self) { try ConfigurationFile.words(in: yaml, named: "test.yaml") }
        #expect(error?.description.contains("test.yaml") == true)
        #expect(error?.kind == .usage)
    }

    @Test(arguments: ["", "# nothing\n", "~", "fps:"])
    func nothingIsSetByNothing(yaml: String) throws {
        #expect(try ConfigurationFile.words(in: yaml, named: "test.yaml").keys.isEmpty)
    }

    @Test func aMissingFileIsNamed() {
        let error = #expect(throws: BroadcastError.self) { try ConfigurationFile.words(at: "/nonexistent/b.yaml") }
        #expect(
            error?.description
                == "the configuration file /nonexistent/b.yaml can't be read: no such file or directory; "
                + "check --config")
    }

    // MARK: inputs

    private static func settings(_ yaml: String) throws -> BroadcastSettings {
        let file = try ConfigurationFile.words(in: yaml, named: "test.yaml")
        return try BroadcastPlan(BroadcastOptions.parse(["--to", "file:a.flv"]).words.filled(from: file)).settings
    }

    @Test func inputsHaveNamesTracksAndStrips() throws {
        let list = """
            inputs:
              - test,name=cam
              - name: guest
                input: test
                audio: 2
                gain: -6
                pan: left
                mute: true
                delay: 80ms
                duck: {under: cam, depth: 10, release: 2s}
              - test
            """
        let inputs = try Self.settings(list).inputs
        #expect(inputs.map(\.name) == ["cam", "guest", nil] && inputs.map(\.url) == ["test", "test", "test"])
        #expect(inputs.map { $0.strip == nil } == [true, false, true])
        let strip = try #require(inputs[1].strip)
        #expect(strip.gain == -6 && strip.pan == -1 && strip.isMuted && strip.delaySeconds == 0.08)
        #expect(strip.ducking?.under == "cam" && strip.ducking?.depthDecibels == 10)
        #expect(strip.ducking?.releaseSeconds == 2 && inputs[1].audio == .number(2))
        let map = """
            inputs:
              cam: test
              guest: {input: test, audio: 2, gain: -6, pan: left, mute: true, delay: 80ms, duck: "cam,depth=10,release=2s"}
            """
        #expect(try Self.settings(map).inputs == Array(inputs[..<2]))
    }

    @Test func scenesAreAListOrAMap() throws {
        let inputs = "inputs: {cam: test, guest: test}\n"
        let list = try #require(
            try Self.settings(
                inputs + "scenes:\n  - {name: both, layout: grid, inputs: [cam, guest]}\n  - {name: one, items: [cam]}"
            ).scenes)
        #expect(list.map(\.name) == ["both", "one"] && list.map(\.items.count) == [2, 1])
        let map = try Self.settings(
            inputs + "scenes:\n  both: {layout: grid, inputs: [cam, guest]}\n  one: {items: [cam]}"
        ).scenes
        #expect(map == list)
    }

    @Test func inputsOnTheCommandLineWin() throws {
        let file = try ConfigurationFile.words(in: "inputs: {cam: test}", named: "test.yaml")
        let words = try BroadcastOptions.parse(["test", "--to", "file:a.flv"]).words.filled(from: file)
        #expect(try BroadcastPlan(words).settings.inputs.map(\.name) == [nil])
    }

    @Test(arguments: [
        ("inputs: 7", "line 1: \"inputs\" is a list of inputs"),
        ("inputs:\n  - [test]", "line 2: this is no input"),
        ("inputs:\n  - {name: a}", "line 2: the input has no address"),
        ("inputs:\n  a: {input: test, name: b}", "line 2: the input has a name already"),
        ("inputs:\n  a:\n    input: test\n    gian: 3", "line 4: an input has no key \"gian\""),
        ("inputs:\n  a:\n    input: test\n    gain: 60", "line 4: gain \"60\" is out of range"),
        ("inputs:\n  a:\n    input: test\n    audio: klingon", "line 4: audio=klingon is no track"),
        ("inputs:\n  a: {input: test, duck: {depth: 3}}", "line 2: \"duck\" names no input"),
        ("inputs:\n  a: test\n  b: {input: test, duck: c}", "line 3: b is to make room for c, which is no other input"),
        ("inputs:\n  - test,name=a\n  - {name: A, input: test}", "line 3: two inputs are called A"),
        ("inputs:\n  grid: test", "line 2: \"grid\" is no name of an input"),
        ("inputs:\n  a: /nonexistent.mp4", "line 2: there is no file /nonexistent.mp4"),
        ("inputs: [test]\ninput: test", "line 2: inputs stand under \"input\" and under \"inputs\""),
        ("inputs: {a: test}\nscenes:\n  - name: A", "line 3: A is the name of an input"),
        ("inputs: [test]\nscenes:\n  - name: grid", "line 3: grid is the name of a layout"),
        ("inputs: [test]\nscenes:\n  - name: s\n  - name: S", "line 4: there is a scene S already"),
        ("inputs: [test]\nscenes:\n  - name: 12", "line 3: 12 is a number"),
        ("inputs: [test]\nscenes: 7", "line 2: \"scenes\" is a list of scenes"),
        ("inputs: {a: test}\nscenes:\n  s: {name: t, items: [a]}", "line 3: the scene has a name already"),
        ("inputs: {a: test}\nscenes:\n  s: {items: [a]}\n  S: {items: [a]}", "line 4: there is a scene S already"),
    ])
    func mistakesInInputsAreNamedWithTheirLine(yaml: String, message: String) {
        let error = #expect(throws: BroadcastError.self) { try Self.settings(yaml) }
        #expect(error?.description.hasPrefix("test.yaml, \(message)") == true, "\(error?.description ?? "")")
    }
}
