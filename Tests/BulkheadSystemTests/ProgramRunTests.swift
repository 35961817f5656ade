import BulkheadSystem
import BulkheadTestSupport
import Foundation
import SystemPackage
import Testing

/// What is expected of a program's descriptors, groups and signals is what the kernel shows in proc(5).
@Suite(.timeLimit(.minutes(2))) struct ProgramRunTests {
    private func shell(_ script: String) -> ProgramRun {
        ProgramRun("/bin/sh", ["-c", script], environment: ["PATH": "/usr/bin:/bin"])
    }

    @Test func endsAreToldByTheirCause() throws {
        #expect(try shell("exit 0").run() == ProgramEnd(cause: .ended(.exited(code: 0))))
        #expect(try shell("exit 7").run() == ProgramEnd(cause: .ended(.exited(code: 7))))
        #expect(try shell("kill -TERM $$").run() == ProgramEnd(cause: .ended(.signaled(SIGTERM))))
        #expect(throws: Errno.noSuchFileOrDirectory) { try ProgramRun("/nowhere", [], environment: [:]).run() }
        #expect(throws: Errno.permissionDenied) { try ProgramRun("/etc/passwd", [], environment: [:]).run() }
    }

    @Test func wordsAreKeptFromWhereItIsSaid() throws {
        let both = shell("echo out; echo err >&2; echo out")
        #expect(try both.run(keeping: .output(mostBytes: 100)).text == "out\nout\n")
        #expect(try both.run(keeping: .errors(mostBytes: 100)).text == "err\n")
        #expect(try both.run(keeping: .outputAndErrors(mostBytes: 100)).text == "out\nerr\nout\n")
        #expect(try both.run(keeping: .outputAndErrors(mostBytes: 100)).lastLine == "out")
        #expect(try both.run().bytes.isEmpty)
    }

    /// A megabyte passes through a pipe of 64 KiB, and its end is kept.
    @Test func theLastBytesAreKept() throws {
        let end = try shell("seq 1 200000").run(keeping: .output(mostBytes: 14))
        #expect(end.text == "199999\n200000\n")
        #expect(end.isSuccess)
    }

    @Test func environmentAndFolderAreThoseThatWereSaid() throws {
        var run = ProgramRun("/usr/bin/env", [], environment: ["ONE": "1", "TWO": "a b"])
        #expect(try run.run(keeping: .output(mostBytes: 100)).text == "ONE=1\nTWO=a b\n")
        run = ProgramRun("/bin/pwd", [], environment: [:])
        run.folder = "/usr"
        #expect(try run.run(keeping: .output(mostBytes: 100)).text == "/usr\n")
    }

    /// A descriptor that is inherited by every program there is, for it is not close-on-exec.
    @Test func noOtherDescriptorReachesIt() throws {
        let leaky = open("/dev/null", O_RDONLY)
        try #require(leaky > 2)
        defer { close(leaky) }
        // `ls` itself has the folder open.
        let end = try ProgramRun("/bin/ls", ["/proc/self/fd"], environment: [:]).run(keeping: .output(mostBytes: 1000))
        #expect(end.text == "0\n1\n2\n3\n")
    }

    @Test func filesAreReadAndWritten() throws {
        let folder = try TemporaryFolder()
        try Data("b\na\n".utf8).write(to: folder.url.appendingPathComponent("in"))
        let input = open(folder.path("in"), O_RDONLY | O_CLOEXEC)
        let output = open(folder.path("out"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { for file in [input, output] { close(file) } }
        var run = ProgramRun("/usr/bin/sort", [], environment: [:])
        run.input = .descriptor(input)
        run.output = .descriptor(output)
        #expect(try run.run(within: .seconds(20)).isSuccess)
        #expect(try String(contentsOfFile: folder.path("out"), encoding: .utf8) == "a\nb\n")
        // Both are still this process's.
        #expect(fcntl(input, F_GETFD) == FD_CLOEXEC)
        #expect(fcntl(output, F_GETFD) == FD_CLOEXEC)
    }

    /// Where the standard descriptors change places, none overwrites another.
    @Test func standardDescriptorsMayBeGivenAsOthers() throws {
        var run = shell("both=$(readlink /proc/$$/fd/0 /proc/$$/fd/1); echo \"$both\" >&2")
        run.input = .descriptor(2)
        run.output = .descriptor(0)
        let own = try [2, 0].map { try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
        let end = try run.run(keeping: .errors(mostBytes: 1000), within: .seconds(20))
        #expect(end.text == own.map { $0 + "\n" }.joined())
    }

    @Test func whatIsNothingIsTheNullDevice() throws {
        let run = shell("readlink /proc/$$/fd/0 /proc/$$/fd/2")
        #expect(try run.run(keeping: .output(mostBytes: 100)).text == "/dev/null\n/dev/null\n")
    }

    /// The thread that starts it has blocked and ignored what it must not ask of others.
    @Test func signalsAreAsTheyAreBorn() throws {
        var blocked = sigset_t()
        sigemptyset(&blocked)
        sigaddset(&blocked, SIGTERM)
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, &blocked, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let run = ProgramRun("/bin/grep", ["-E", "^Sig(Blk|Ign)", "/proc/self/status"], environment: [:])
        let words = try run.run(keeping: .output(mostBytes: 1000)).text.split { $0.isWhitespace }
        try #require(words.count == 4)
        #expect(words[1] == "0000000000000000")
        // All but 32 and 33, which glibc has for itself.
        #expect(UInt64(words[3], radix: 16).map { $0 & ~0x1_8000_0000 } == 0, "\(words)")
    }

    /// Fields 5 and 1 of stat are the group and the process.
    @Test(arguments: [true, false]) func groupIsItsOwnOrTheCallers(leadsGroup: Bool) throws {
        var run = shell("cut -d ' ' -f 5 /proc/$$/stat; echo $$")
        run.leadsGroup = leadsGroup
        let numbers = try run.run(keeping: .output(mostBytes: 100)).text.split(separator: "\n").compactMap { Int32($0) }
        try #require(numbers.count == 2)
        #expect(numbers[0] == (leadsGroup ? numbers[1] : getpgrp()))
    }

    @Test func hangingProgramIsKilledWithItsGroup() throws {
        let start = ContinuousClock.now
        let end = try shell("sleep 600 & echo $!; wait").run(
            keeping: .output(mostBytes: 100), within: .milliseconds(300))
        #expect(end.cause == .timedOut)
        #expect(!end.isSuccess)
        #expect(ContinuousClock.now - start < .seconds(20))
        let orphan = try #require(end.lastLine.flatMap { Int32($0) })
        #expect(eventuallyOnThisThread { Self.isGone(orphan) })
    }

    /// It has ended well; what holds its output open is not waited for, and doesn't stay.
    @Test func whatItLeavesBehindIsEnded() throws {
        let start = ContinuousClock.now
        let end = try shell("sleep 600 & echo $!").run(keeping: .output(mostBytes: 100), within: .seconds(60))
        #expect(end.isSuccess)
        #expect(ContinuousClock.now - start < .seconds(30))
        let orphan = try #require(end.lastLine.flatMap { Int32($0) })
        #expect(eventuallyOnThisThread { Self.isGone(orphan) })
    }

    /// A process that has ended, whoever reaps it.
    private static func isGone(_ pid: Int32) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return true }
        return stat.split(separator: ")").last?.hasPrefix(" Z") == true
    }

    @Test func startedProgramIsSignalledAndWaitedFor() throws {
        let child = try shell("trap 'exit 5' TERM; while :; do sleep 0.01; done").start()
        let pid = child.pid
        #expect(eventuallyOnThisThread { Self.catches(SIGTERM, pid) })
        child.signal(SIGTERM)
        #expect(child.waitForEnd() == .ended(.exited(code: 5)))
    }

    private static func catches(_ signal: Int32, _ pid: Int32) -> Bool {
        let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
        let mask = line.flatMap { UInt64($0.dropFirst(7).drop { $0 == "\t" }, radix: 16) } ?? 0
        return mask & (1 << UInt64(signal - 1)) != 0
    }
}
