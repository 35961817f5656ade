import ArgumentParser
import BulkheadCommands
import BulkheadModel
import Testing

/// Names of broadcasts, and going on with one.
@Suite(.timeLimit(.minutes(1))) struct ResumeWordsTests {
    private static func plan(_ arguments: [String]) throws -> BroadcastPlan {
        try BroadcastPlan(BroadcastOptions.parse(arguments).words)
    }

    private static func failure(_ arguments: [String]) throws -> BroadcastError? {
        do {
            _ = try plan(arguments)
            return nil
        } catch let error as BroadcastError { return error }
    }

    private static let broadcast = ["test", "--to", "rtmp://127.0.0.1/live/key"]

    @Test func aNameKeepsABroadcast() throws {
        let plan = try Self.plan(Self.broadcast + ["--name", "evening-2.a_b"])
        #expect(plan.settings.name == "evening-2.a_b" && plan.settings.resume == nil)
        #expect(try Self.plan(Self.broadcast).settings.name == nil)
    }

    @Test func aBroadcastIsResumedByItsNameAlone() throws {
        let plan = try Self.plan(["--resume", "evening", "--control", "unix:/tmp/c", "--json"])
        #expect(plan.settings.name == "evening" && plan.settings.resume == ResumeWish())
        #expect(plan.controlPath == "/tmp/c" && plan.isJSON && plan.settings.inputs.isEmpty)
        let fresh = try Self.plan(["--resume", "evening", "--resume-timeline", "fresh"])
        #expect(fresh.settings.resume == ResumeWish(timeline: .fresh))
        let attached = try Self.plan(["--resume", "evening", "--attach", "unix:/tmp/m"])
        #expect(attached.mode == .attach(path: "/tmp/m"))
    }

    @Test func oneLineStartsItAndResumesIt() throws {
        let plan = try Self.plan(Self.broadcast + ["--name", "evening", "--resume-if-interrupted"])
        #expect(plan.settings.resume == ResumeWish(mayStart: true) && plan.settings.inputs.count == 1)
    }

    /// A file that is gone, settings that fit no more: of an interrupted broadcast only the name counts.
    @Test func anInterruptedBroadcastNeedsNoSettingsThatHold() throws {
        let line = [
            "/nowhere/b.mp4", "--name", "evening", "--resume-if-interrupted", "--video-bitrate", "much", "--control",
            "unix:/tmp/c", "--mode", "selected", "--only", "plugins",
        ]
        #expect(try Self.failure(line) != nil)
        let words = try BroadcastOptions.parse(line).words
        let plan = try #require(try ResumeWords.plan(resuming: words) { $0 == "evening" })
        #expect(plan.settings.name == "evening" && plan.settings.resume == ResumeWish(mayStart: false))
        #expect(plan.controlPath == "/tmp/c" && plan.settings.inputs.isEmpty)
        #expect(try ResumeWords.plan(resuming: words) { _ in false } == nil)
        let unasked = try BroadcastOptions.parse(["/nowhere/b.mp4", "--name", "evening"]).words
        #expect(try ResumeWords.plan(resuming: unasked) { _ in true } == nil)
        // What is said of the resuming must be right.
        let wrong = try BroadcastOptions.parse(line + ["--resume-timeline", "new"]).words
        #expect(throws: BroadcastError.self) { try ResumeWords.plan(resuming: wrong) { _ in true } }
    }

    static let wrong: [(words: [String], told: [String])] = [
        (["--resume", "evening", "test"], ["INPUT", "--name evening --resume-if-interrupted"]),
        (["--resume", "evening", "--video-bitrate", "3M", "--size", "320x180"], ["--size, --video-bitrate"]),
        (["--resume", "evening", "--name", "evening"], ["--name"]),
        (["--resume", "../evening"], ["--resume", "no name of a broadcast"]),
        (["--resume", ""], ["--resume", "no name of a broadcast"]),
        (["--resume", "evening", "--resume-timeline", "new"], ["--resume-timeline", "continue or fresh"]),
        (broadcast + ["--name", "a b"], ["--name", "no name of a broadcast"]),
        (broadcast + ["--resume-if-interrupted"], ["--name NAME"]),
        (broadcast + ["--name", "a", "--resume-timeline", "fresh"], ["nothing is resumed"]),
    ]

    @Test(arguments: wrong) func whatIsWrongIsSaidInOneLine(words: [String], told: [String]) throws {
        let error = try #require(try Self.failure(words))
        #expect(error.kind == .usage)
        for word in told { #expect("\(error)".contains(word), "\(error)") }
    }
}
