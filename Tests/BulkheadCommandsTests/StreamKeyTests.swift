import ArgumentParser
import BulkheadCommands
import BulkheadMaster
import BulkheadModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct StreamKeyTests {
    private func keys(_ arguments: [String], environment: String? = nil) throws -> [String] {
        let words = try BroadcastOptions.parse(["test"] + arguments).words
        return try BroadcastPlan(words, environmentKey: environment).settings.destinations.map(\.streamKey)
    }

    @Test func aFilesKeyGoesToWhereNoneIs() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("s3cret?x=1\n", to: "key")
        #expect(try keys(["--to", "rtmp://a/live", "--stream-key-file", file]) == ["s3cret?x=1"])
        #expect(
            try keys(["--to", "rtmp://a/live/own", "rtmp://b/live", "rtmp://c/live/", "--stream-key-file", file])
                == ["", "s3cret?x=1", "s3cret?x=1"])
    }

    /// "#" says that the address is all application: it has no key, or a file has it.
    @Test func addressThatEndsWithAHashNeedsNoKey() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("key", to: "key")
        #expect(try keys(["--to", "rtmp://a/stream#"]) == [""])
        #expect(try keys(["--to", "rtmp://a/app/instance#", "--stream-key-file", file]) == ["key"])
    }

    @Test func severalFilesGoInOrder() throws {
        let folder = try TemporaryFolder()
        let first = try folder.write("one\r\n", to: "first")
        let second = try folder.write("two", to: "second")
        #expect(
            try keys([
                "--to", "rtmp://a/live", "file:/tmp/o.flv", "rtmp://b/live", "--stream-key-file", first,
                "--stream-key-file", second,
            ]) == ["one", "", "two"])
    }

    @Test func theEnvironmentFillsWhatIsLeft() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("file", to: "key")
        #expect(try keys(["--to", "rtmp://a/live"], environment: "env") == ["env"])
        #expect(try keys(["--to", "rtmp://a/live/own"], environment: "env") == [""])
        #expect(try keys(["--to", "rtmp://a/live", "--stream-key-file", file], environment: "env") == ["file"])
    }

    @Test(arguments: [
        (["--to", "rtmp://a/live"], "has no stream key"),
        (["--to", "rtmp://a/live/own", "--stream-key-file", "/dev/null"], "a key for no destination"),
        (["--to", "rtmp://a/live", "--stream-key-file", "/dev/null"], "does not hold one line"),
        (["--to", "rtmp://a/live", "--stream-key-file", "/nonexistent"], "no such file or directory"),
        (
            ["--to", "rtmp://a/x", "rtmp://b/x", "rtmp://c/x", "--stream-key-file", "/a", "--stream-key-file", "/b"],
            "2 stream key files for 3 destinations"
        ),
    ])
    func aKeyThatIsNotThereIsAMistake(arguments: [String], phrase: String) throws {
        let error = #expect(throws: BroadcastError.self) { try keys(arguments) }
        #expect(error?.kind == .usage)
        #expect(error?.problem.contains(phrase) == true, "\(error?.problem ?? "")")
    }

    /// Whatever is wrong with a command, its one line shows no key.
    @Test(arguments: [
        ["--to", "rmtp://a/live/SECRET"], ["--to", "SECRET://a/live"].map { $0.lowercased() },
        ["--to", "rtmp://a:99999/live/SECRET"], ["--to", "rtmp://user:SECRET@a/live/SECRET", "--fps", "0"],
        ["--to", "rtmp://a/live/SECRET", "--fps", "0"], ["--to", "rtmp://a/live/SECRET", "--mode", "selected"],
        ["--to", "rtmp://a/live/SECRET", "--stream-key-file", "/dev/null"], ["--to", "https://a/SECRET"],
        ["--to", "rtmp:/a/live/SECRET"],
    ])
    func errorsShowNoKey(arguments: [String]) throws {
        let error = #expect(throws: BroadcastError.self) { try keys(arguments, environment: "SECRET") }
        let line = try BulkheadCommand.failure(#require(error))
        #expect(!line.contains("SECRET"))
    }

    /// A destination among the inputs is most likely one whose --to was forgotten.
    @Test func aDestinationWithoutItsFlagIsNotShown() throws {
        let words = try BroadcastOptions.parse(["test", "rtmp://a/live/SECRET"]).words
        let error = #expect(throws: BroadcastError.self) { try BroadcastPlan(words) }
        #expect(error?.description.contains("SECRET") == false)
        #expect(error?.advice.contains("--to") == true)
    }
}
