import BulkheadChildRuntime
import BulkheadSystem
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Testing

/// The real program with targets on this machine, and this test as its master.
@Suite(.timeLimit(.minutes(2))) struct LocalTargetTests {
    private typealias Notifier = ChildUnderTest<NotifierReply>

    private static func notifier(_ addresses: [NoticeAddress]) throws -> Notifier {
        let child = try Notifier(.notifier, variables: ["BULKHEAD_SECRET=x", "HOME=/nowhere"])
        try child.send(NotifierRequest.configure(addresses, origin: "o"))
        #expect(try answer(child) == .ready)
        return child
    }

    /// The next answer that is no sign of life.
    private static func answer(_ child: Notifier) throws -> NotifierReply {
        while true {
            let reply = try child.reply()
            if reply != .alive { return reply }
        }
    }

    private static func notice(_ number: UInt64, text: String = "main: lost") -> Notice {
        let body =
            #"{"alarm":{"repetition":2,"seconds":65.2,"state":"lasting"},"data":{"level":"warning","part":{"id":1,"name":"main","role":"link"}},"origin":"o","text":"\#(text)","timestamp":"2026-11-30T08:00:00.000Z","type":"link.lost"}"#
        return Notice(number: number, id: "o-\(number)", body: Array(body.utf8))
    }

    private static func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

    // MARK: commands

    @Test func aCommandIsGivenTheNoticeAndNothingOfOurs() throws {
        let folder = try TemporaryFolder()
        let output = folder.path("out")
        // The numbers of its descriptors, without that of the folder that is being read.
        let command = "cat; env; ls /proc/self/fd | tr '\\n' ' '"
        let child = try Self.notifier([.init(.command, url: "{ \(command); } > \(output)", limitMilliseconds: 20_000)])
        let notice = Self.notice(7)
        try child.send(NotifierRequest.notice(notice, targets: [0]))
        #expect(try Self.answer(child) == .settled(number: 7, target: 0, .delivered, text: ""))
        let text = Self.text(output)
        #expect(text.hasPrefix(String(decoding: notice.body, as: UTF8.self)))
        for line in [
            "BULKHEAD_EVENT=link.lost", "BULKHEAD_LEVEL=warning", "BULKHEAD_PART=main", "BULKHEAD_ROLE=link",
            "BULKHEAD_TEXT=main: lost", "BULKHEAD_STATE=lasting", "BULKHEAD_SECONDS=65", "BULKHEAD_REPETITION=2",
            "BULKHEAD_NOTICE=o-7", "BULKHEAD_ORIGIN=o", "HOME=/nowhere",
        ] { #expect(text.contains(line + "\n"), "\(line)") }
        #expect(!text.contains("BULKHEAD_SECRET") && !text.contains("SWIFT_BACKTRACE"))
        #expect(text.hasSuffix("0 1 2 3 "), "\(text.suffix(40))")
    }

    @Test(arguments: [
        ("echo no route >&2; exit 3", "it ended with exit code 3: no route"), ("kill -9 $$", "it ended with SIGKILL"),
        ("printf 'a\\nb\\033[1m\\n\\n'; exit 1", "it ended with exit code 1: b [1m"),
        ("/nowhere/program", "exit code 127: /bin/sh: 1: /nowhere/program: not found"),
        ("yes x | head -c 10000000; exit 2", "exit code 2: x"),
    ])
    func whyACommandFailedIsSaid(command: String, words: String) throws {
        let child = try Self.notifier([.init(.command, url: command, limitMilliseconds: 20_000)])
        try child.send(NotifierRequest.notice(Self.notice(0), targets: [0]))
        guard case .settled(0, 0, .refused, let text) = try Self.answer(child) else {
            Issue.record("it is not refused")
            return
        }
        #expect(text.contains(words), "\(text)")
    }

    @Test func aCommandMayAskToBeRunAgain() throws {
        let folder = try TemporaryFolder()
        let file = folder.path("ran")
        let child = try Self.notifier([
            .init(.command, url: "test -e \(file) || { touch \(file); echo busy; exit 75; }", limitMilliseconds: 20_000)
        ])
        try child.send(NotifierRequest.notice(Self.notice(0), targets: [0]))
        #expect(try Self.answer(child) == .trouble(target: 0, text: "it asks to be run again: busy"))
        #expect(try Self.answer(child) == .settled(number: 0, target: 0, .delivered, text: ""))
    }

    /// Neither its own time nor that of what it has started is without end, and nobody else waits for it.
    @Test func aCommandThatHangsIsEndedAndHoldsNobodyUp() throws {
        let folder = try TemporaryFolder()
        let pids = folder.path("pids")
        let child = try Self.notifier([
            .init(.command, url: "sleep 1000 & echo $! $$ > \(pids); wait", limitMilliseconds: 1500),
            .init(.command, url: "true", limitMilliseconds: 20_000),
        ])
        try child.send(NotifierRequest.notice(Self.notice(0), targets: [0, 1]))
        #expect(try Self.answer(child) == .settled(number: 0, target: 1, .delivered, text: ""))
        #expect(
            try Self.answer(child)
                == .settled(
                    number: 0, target: 0, .refused, text: "it was ended, because it ran for more than 1 s"))
        expectGone(try Self.numbers(pids))
    }

    @Test func whatACommandLeavesRunningEndsWithIt() throws {
        let folder = try TemporaryFolder()
        let pids = folder.path("pids")
        let child = try Self.notifier([
            .init(.command, url: "sleep 1000 & echo $! $$ > \(pids)", limitMilliseconds: 20_000)
        ])
        try child.send(NotifierRequest.notice(Self.notice(0), targets: [0]))
        #expect(try Self.answer(child) == .settled(number: 0, target: 0, .delivered, text: ""))
        expectGone(try Self.numbers(pids))
    }

    /// SIGKILL leaves the notifier no time for anything.
    @Test func aCommandDoesNotOutliveItsNotifier() throws {
        let folder = try TemporaryFolder()
        let pids = folder.path("pids")
        let child = try Self.notifier([
            .init(.command, url: "sleep 1000 & echo $! $$ > \(pids); wait", limitMilliseconds: 600_000)
        ])
        try child.send(NotifierRequest.notice(Self.notice(0), targets: [0]))
        #expect(eventuallyOnThisThread(within: .seconds(20)) { Self.text(pids).hasSuffix("\n") })
        let numbers = try Self.numbers(pids)
        #expect(numbers.count == 2)
        _ = kill(child.pid, SIGKILL)
        _ = try child.waitForExit()
        expectGone(numbers)
    }

    private static func numbers(_ path: String) throws -> [Int32] {
        text(path).split { $0.isWhitespace }.compactMap { Int32($0) }
    }

    private func expectGone(_ pids: [Int32]) {
        #expect(!pids.isEmpty)
        #expect(
            eventuallyOnThisThread(within: .seconds(20)) {
                pids.allSatisfy { pid in
                    // A zombie that nobody has reaped yet does nothing.
                    let status = Self.text("/proc/\(pid)/status")
                    return status.isEmpty || status.contains("State:\tZ")
                }
            }, "\(pids)")
    }

    // MARK: files

    private static func log(_ path: String, bytes: UInt64 = 1 << 20, kept: UInt16 = 2) -> NoticeAddress {
        NoticeAddress(.file, url: path, byteCount: bytes, keptFiles: kept)
    }

    private static func add(_ numbers: Range<UInt64>, to child: Notifier) throws {
        for number in numbers {
            try child.send(NotifierRequest.notice(notice(number, text: "line \(number)"), targets: [0]))
            #expect(try answer(child) == .settled(number: number, target: 0, .delivered, text: ""))
        }
    }

    private static func line(_ number: Int) -> String { "2026-11-30T08:00:00.000Z warning line \(number)\n" }

    @Test func aLineIsWrittenForEachNotice() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("show.log")
        // Whoever wrote here before has ended within a line.
        try Data("half a li".utf8).write(to: URL(fileURLWithPath: path))
        let child = try Self.notifier([Self.log(path)])
        try Self.add(0..<2, to: child)
        #expect(Self.text(path) == "half a li\n" + Self.line(0) + Self.line(1))
    }

    @Test func aLargeFileIsPutAside() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("show.log")
        let child = try Self.notifier([Self.log(path, bytes: 100)])
        try Self.add(0..<9, to: child)
        // Two lines are 80 bytes: the oldest pair is gone.
        #expect(Self.text(path) == Self.line(8))
        #expect(Self.text(path + ".1") == Self.line(6) + Self.line(7))
        #expect(Self.text(path + ".2") == Self.line(4) + Self.line(5))
        #expect(Self.text(path + ".3").isEmpty)
    }

    @Test func aFileThatIsNotKeptBeginsAnew() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("show.log")
        let child = try Self.notifier([Self.log(path, bytes: 100, kept: 0)])
        try Self.add(0..<3, to: child)
        #expect(Self.text(path) == Self.line(2) && Self.text(path + ".1").isEmpty)
    }

    /// As logrotate(8) does, without a signal.
    @Test func aFileThatWasMovedIsMadeAnew() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("show.log")
        let child = try Self.notifier([Self.log(path)])
        try Self.add(0..<1, to: child)
        try FileManager.default.moveItem(atPath: path, toPath: path + ".old")
        try Self.add(1..<2, to: child)
        #expect(Self.text(path + ".old") == Self.line(0) && Self.text(path) == Self.line(1))
    }

    @Test func whatIsNoFileIsSaidAndTriedAgain() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("show.log")
        #expect(mkfifo(path, 0o600) == 0)
        let child = try Self.notifier([Self.log(path)])
        try child.send(NotifierRequest.notice(Self.notice(0, text: "line 0"), targets: [0]))
        #expect(try Self.answer(child) == .trouble(target: 0, text: "it is no file"))
        #expect(unlink(path) == 0)
        #expect(try Self.answer(child) == .settled(number: 0, target: 0, .delivered, text: ""))
        #expect(Self.text(path) == Self.line(0))
    }

    @Test func oneFileHasOneWriter() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("show.log")
        let first = try Self.notifier([Self.log(path)])
        try Self.add(0..<1, to: first)
        let second = try Self.notifier([Self.log(path)])
        try second.send(NotifierRequest.notice(Self.notice(1, text: "line 1"), targets: [0]))
        #expect(try Self.answer(second) == .trouble(target: 0, text: "another program writes it"))
        first.hangUp()
        #expect(try Self.answer(second) == .settled(number: 1, target: 0, .delivered, text: ""))
        #expect(Self.text(path).hasSuffix(Self.line(1)))
    }

    /// Its cell has room for its own folder alone.
    @Test func aFileElsewhereIsOutOfReach() throws {
        let folder = try TemporaryFolder()
        let child = try Self.notifier([Self.log(folder.path("a.log"))])
        try Self.add(0..<1, to: child)
        let status = Self.text("/proc/\(child.pid)/status")
        #expect(status.contains("NoNewPrivs:\t1"))
        #expect(status.contains("Seccomp:\t2"))
    }

    @Test func theMastersDeathIsTheLastLine() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("show.log")
        let child = try Self.notifier([Self.log(path)])
        try Self.add(0..<1, to: child)
        child.hangUp()
        _ = try child.waitForExit()
        #expect(Self.text(path).split(separator: "\n").last?.contains("error master: the process") == true)
    }

    @Test func kindsAreNotMixed() throws {
        let child = try Notifier(.notifier)
        try child.send(
            NotifierRequest.configure([.init(url: "http://h/"), .init(.command, url: "true")], origin: "o"))
        let exit = try child.waitForExit()
        #expect(exit.status == 1 && !exit.isSignal)
    }
}
