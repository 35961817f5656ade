import BulkheadCommands
import BulkheadModel
import Foundation
import Testing

/// `--notify`, `--on-event` and `--log-file`.
@Suite(.timeLimit(.minutes(1))) struct NoticeWordsTests {
    private static let broadcast = ["test", "--to", "rtmp://127.0.0.1/live/key"]

    private static func targets(_ flags: String...) throws -> [NoticeTarget] {
        let settings = try BroadcastPlanTests.plan(all: broadcast + flags).settings
        try settings.checkRanges()
        // As another process and a later one get them.
        let line = JSONLine.encode(settings)
        #expect(try JSONLine.decode(BroadcastSettings.self, from: line).notices == settings.notices)
        return settings.notices ?? []
    }

    @Test func eachKindHasItsOptions() throws {
        let folder = NSTemporaryDirectory()
        let targets = try Self.targets(
            "--log-file", "\(folder)/show.log,size=2MB,keep=9,level=warning",
            "--on-event", "mail -s \"a, b=c\" me,level=error,for=60s,repeat=5m,rate=30/1m,timeout=10s,name=pager",
            "--notify", "https://h/x,summary=08:00")
        #expect(targets.map(\.kind) == [.http, .command, .file])
        #expect(targets.map(\.name) == ["h", "pager", "show.log"])
        let command = targets[1]
        #expect(command.url == "mail -s \"a, b=c\" me" && command.level == .error)
        #expect(command.rule.holdSeconds == 60 && command.rule.repeatSeconds == 300 && command.rule.limitSeconds == 10)
        #expect(command.rule.rate == NoticeRule.Rate(count: 30, seconds: 60))
        #expect(targets[0].rule.summary?.minutes == 480)
        #expect(targets[2].rule.fileByteCount == 2_000_000 && targets[2].rule.keptFiles == 9)
        #expect(targets[2].level == .warning)
    }

    @Test func aFileIsToldOfAllUnlessItIsSaidOtherwise() throws {
        let target = try #require(try Self.targets("--log-file", "\(NSTemporaryDirectory())/a.log").first)
        #expect(target.level == .notice && target.wants("encoder.ready", .notice))
    }

    @Test(arguments: [
        (["--on-event", "  "], "a command of the shell"), (["--on-event", "x,for=0s"], "for=0s"),
        (["--on-event", "x,repeat=8d"], "repeat=8d"), (["--on-event", "x,rate=30"], "30/1m"),
        (["--on-event", "x,rate=0/1m"], "rate=0/1m"), (["--on-event", "x,timeout=11m"], "timeout=11m"),
        (["--on-event", "x,summary=25:00"], "summary=25:00"), (["--notify", "http://h/SECRET,for=x"], "for=x"),
        (["--log-file", "/nowhere/a.log"], "no folder /nowhere"), (["--log-file", "/tmp"], "is no file"),
        (["--log-file", "/dev/null"], "is no file"), (["--log-file", "/tmp/a.log,size=1"], "size=1"),
        (["--log-file", "/tmp/a.log,keep=1000"], "keep=1000"),
        (["--log-file", "/tmp/a.log", "--log-file", "/tmp/a.log,keep=1"], "twice"),
        (Array(repeating: ["--on-event", "x"], count: 17).flatMap { $0 }, "17 times"),
    ])
    func whatIsNoTargetIsRefused(flags: [String], words: String) throws {
        let error = try BroadcastPlanTests.failure(Self.broadcast + flags)
        #expect(
            error?.kind == .usage && error?.problem.appending(error?.advice ?? "").contains(words) == true,
            "\(error?.problem ?? "none")")
        #expect(error?.problem.contains("SECRET") != true)
    }

    /// What an older version has kept of a broadcast names no kind.
    @Test func anOlderTargetIsOneOfHTTP() throws {
        let text = #"{"url":"https://h/x","name":"h","level":"error","codes":[]}"#
        let target = try JSONLine.decode(NoticeTarget.self, from: text.utf8)
        #expect(target == NoticeTarget(url: "https://h/x", level: .error))
    }

    /// What would never be told, or be told to the wrong address, is refused.
    @Test func whatWouldDoNothingIsRefused() throws {
        for (flag, word, words) in [
            ("--notify", "https://h/SECRET,events=link.lots", "no event is called link.lots"),
            ("--on-event", "/bin/page,events=link.lost+nobody.*", "no event is called nobody.*"),
            ("--notify", "https://h/SECRET,size=3MB", "size= is for another kind of target"),
            ("--log-file", "/tmp/x.log,for=3s", "for= is for another kind of target"),
            ("--on-event", "/bin/page,level=error,level=warning", "level= stands there twice"),
        ] {
            let error = try BroadcastPlanTests.failure(Self.broadcast + [flag, word])
            #expect(error?.problem.contains(words) == true, "\(error?.problem ?? "")")
            #expect(error?.problem.contains("SECRET") != true)
        }
        let flags = ["--on-event", "/bin/page,events=encoder.died+*.ended+output.*", "--on-event", "/bin/x y=4,size=3"]
        #expect(try BroadcastPlanTests.plan(all: Self.broadcast + flags).settings.notices?.count == 2)
    }
}
