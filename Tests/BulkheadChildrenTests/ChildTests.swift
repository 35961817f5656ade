import BulkheadChildren
import BulkheadSystem
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Synchronization
import SystemPackage
import Testing

/// Children that are shell scripts: descriptor 3 is their socket, and what they say on it is written byte by byte.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ChildTests {
    /// The shell command that writes `message` to the socket.
    private static func say(_ message: some WireMessage) -> String { say(message.frame.bytes) }

    private static func say(_ bytes: [UInt8]) -> String {
        let octal = bytes.map { byte in
            let digits = String(byte, radix: 8)
            return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
        }
        return "printf '\(octal.joined())' >&3"
    }

    private static let hello = say(Hello(role: .encoder, pid: 1))

    // MARK: the end

    @Test func exitCodeAndLastWordsAreKept() async throws {
        let keeper = try Keeper()
        try await keeper.start("echo first; echo second >&2; exit 3")
        let end = try await keeper.end()
        #expect(end.cause == .exited(.exited(code: 3)))
        #expect(end.standardErrorTail == "first\nsecond\n")
        #expect(await keeper.ends.count == 1)
    }

    @Test(arguments: [
        (SIGKILL, "SIGKILL"), (SIGSEGV, "SIGSEGV"), (SIGABRT, "SIGABRT"), (SIGUSR1, "SIGUSR1"), (40, "signal 40"),
    ])
    func signalIsNamed(signal: Int32, name: String) async throws {
        let keeper = try Keeper()
        try await keeper.start("ulimit -c 0; kill -\(signal) $$; sleep 60")
        let end = try await keeper.end()
        #expect(end.cause == .exited(.signaled(signal)))
        #expect(end.cause.description == name)
    }

    @Test func dismissedChildIsKilled() async throws {
        let keeper = try Keeper()
        let pid = try await keeper.start("trap '' TERM HUP INT; while :; do sleep 60; done")
        await keeper.dismiss("no answer within 1 s")
        await keeper.dismiss("the first reason counts")
        let end = try await keeper.end()
        #expect(end.cause == .dismissed("no answer within 1 s"))
        #expect(!isRunning(pid))
    }

    @Test func stoppedChildCanBeDismissed() async throws {
        let keeper = try Keeper()
        let pid = try await keeper.start("kill -STOP $$")
        #expect(await eventually { Self.state(pid) == "T" })
        await keeper.dismiss("frozen")
        #expect(try await keeper.end().cause == .dismissed("frozen"))
    }

    private static func state(_ pid: Int32) -> String {
        guard let file = fopen("/proc/\(pid)/stat", "r") else { return "" }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 512)
        guard fgets(&line, 512, file) != nil else { return "" }
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return text.lastIndex(of: ")").map { String(text[$0...].dropFirst(2).prefix(1)) } ?? ""
    }

    @Test func childEndsWhenItsSocketIsHungUp() async throws {
        let keeper = try Keeper()
        try await keeper.start("cat <&3 >/dev/null; exit 0")
        await keeper.hangUp()
        #expect(try await keeper.end().cause == .released)
    }

    /// One that has nothing to say any more and does not end would keep its successor waiting for ever.
    @Test func childThatClosesItsSocketAndStaysIsKilled() async throws {
        let keeper = try Keeper()
        let start = MonotonicTime.now
        let pid = try await keeper.start("\(Self.hello); exec 3>&-; trap '' HUP; sleep 60")
        let end = try await keeper.end()
        #expect(end.cause == .dismissed("it closed its connection and went on running"))
        #expect(Teardown.disconnected.steps.first == .wait(.seconds(1)))
        #expect(MonotonicTime.now.since(start) >= 1_000_000_000)
        #expect(!isRunning(pid))
    }

    /// One that ends a moment after its socket has ended by itself.
    @Test func childThatClosesItsSocketAndEndsIsNot() async throws {
        let keeper = try Keeper()
        try await keeper.start("exec 3>&-; sleep 0.1; exit 7")
        #expect(try await keeper.end().cause == .exited(.exited(code: 7)))
    }

    @Test func wholeGroupEndsWithTheChild() async throws {
        let keeper = try Keeper()
        try await keeper.start("sleep 300 & echo $!; exit 1")
        let end = try await keeper.end()
        #expect(end.cause == .exited(.exited(code: 1)))
        let helper = try #require(Int32(end.standardErrorTail.trimmingNewline))
        #expect(await eventually { !isRunning(helper) })
    }

    @Test func noZombieStaysBehind() async throws {
        let keeper = try Keeper()
        for script in ["exit 0", "kill -9 $$", "sleep 60"] {
            let pid = try await keeper.start(script)
            if script == "sleep 60" { await keeper.dismiss("enough") }
            _ = try await keeper.end()
            #expect(waitpid(pid, nil, WNOHANG) == -1)
            #expect(errno == ECHILD)
        }
    }

    @Test func childDiesWithItsMaster() async throws {
        var keeper: Keeper? = try Keeper()
        let pid = try #require(try await keeper?.start("exec sleep 300"))
        #expect(isRunning(pid))
        keeper?.reactor.stop()
        keeper = nil
        #expect(await eventually { !isRunning(pid) })
        waitpid(pid, nil, 0)
    }

    // MARK: standard error

    @Test func floodOfStandardErrorLeavesItsLastWords() async throws {
        let keeper = try Keeper()
        try await keeper.start("head -c 3000000 /dev/zero | tr '\\0' x >&2; echo the end >&2; exit 1")
        let end = try await keeper.end()
        #expect(end.standardErrorTail.utf8.count == 4096)
        #expect(end.standardErrorTail.hasSuffix("xxxthe end\n"))
        #expect(end.cause == .exited(.exited(code: 1)))
    }

    /// All at once and dead: more lies in the pipe than one look takes, and the socket's end comes with it.
    @Test func lastWordsAreReadBeforeTheEndIsTold() async throws {
        let keeper = try Keeper()
        for round in 0..<30 {
            try await keeper.start("head -c 40000 /dev/zero | tr '\\0' y >&2; echo round \(round) >&2; kill -9 $$")
            let end = try await keeper.end()
            #expect(end.standardErrorTail.hasSuffix("yround \(round)\n"))
        }
    }

    @Test func wordsThatAreNoTextDoNotHurt() async throws {
        let keeper = try Keeper()
        try await keeper.start("printf 'a\\377\\000b' >&2")
        #expect(try await keeper.end().standardErrorTail == "a\u{FFFD}\0b")
    }

    // MARK: the conversation

    @Test func helloComesFirstThenTheRest() async throws {
        let keeper = try Keeper()
        try await keeper.start("\(Self.hello); \(Self.say(EncoderReply.flushed)); cat <&3 >/dev/null")
        #expect(await eventually { await keeper.frames.count == 1 })
        #expect(await keeper.isGreeted)
        #expect(await keeper.frames == [EncoderReply.flushed.frame])
        await keeper.hangUp()
        _ = try await keeper.end()
    }

    @Test func childIsGreeted() async throws {
        let keeper = try Keeper()
        // The master's hello is as long as the child's: 8 and 20 bytes.
        try await keeper.start("head -c 28 <&3 | od -An -v -tx1 | tr -d ' \\n'; exit 0")
        let end = try await keeper.end()
        let digits = Hello(role: .master, pid: getpid()).frame.bytes.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }
        #expect(end.standardErrorTail == digits.joined())
    }

    /// What a child had answered before it died is not lost, however much it is; half a message is.
    @Test func answersOfTheDyingAreHeard() async throws {
        let keeper = try Keeper()
        for _ in 0..<10 {
            let many = Array(repeating: EncoderReply.flushed.frame.bytes, count: 300).flatMap { $0 }
            try await keeper.start("\(Self.hello); \(Self.say(many + [9, 0, 0, 0, 0x21])); kill -9 $$")
            let end = try await keeper.end()
            #expect(end.cause == .exited(.signaled(SIGKILL)))
            #expect(await keeper.frames.count == 300)
        }
    }

    /// Processes in sessions of their own outlive the group, keep its socket and write to it without end, faster than
    /// it is read: the end of the child is told all the same.
    @Test func whatKeepsTheSocketOfTheDeadDoesNotHoldTheMaster() async throws {
        let file = "/tmp/bulkhead-flood-\(getpid())"
        // One message for each write of a socket's size, so that the writers' messages stay whole: many short ones would
        // end the child before it ends itself.
        let byteCount = 106_432
        let floats = (byteCount - WireFrame.headerByteCount - 4) / 4
        let reply = WireFrame(.encoderAlive) { $0.write([Float](repeating: 0, count: floats)) }.bytes
        try #require(reply.count == byteCount)
        try Data(Array(repeating: reply, count: 64).flatMap { $0 }).write(to: URL(fileURLWithPath: file))
        defer { unlink(file) }
        let keeper = try Keeper()
        let writer = "setsid sh -c 'while dd if=\(file) bs=\(byteCount); do :; done >&3 2>/dev/null' &"
        try await keeper.start("\(Self.hello); \(writer) \(writer) \(writer) \(writer) sleep 0.02; exit 5")
        // That it is told at all, whatever it was ended for.
        _ = try await keeper.end()
    }

    /// A child that says more than any child at work does.
    @Test func floodEndsTheChild() async throws {
        let file = "/tmp/bulkhead-flood-many-\(getpid())"
        let replies = Array(repeating: EncoderReply.alive.frame.bytes, count: 1 << 17).flatMap { $0 }
        try Data(replies).write(to: URL(fileURLWithPath: file))
        defer { unlink(file) }
        let keeper = try Keeper()
        try await keeper.start("\(Self.hello); while cat \(file); do :; done >&3")
        #expect(try await keeper.end().cause == .dismissed("it floods the master with messages"))
        #expect(await keeper.frames.count < 200_000)
    }

    @Test func anotherRoleIsSentAway() async throws {
        let keeper = try Keeper()
        try await keeper.start("\(Self.hello); sleep 60", .source)
        #expect(
            try await keeper.end().cause
                == .dismissed("the other side says that it is the encoder, not the source"))
        #expect(await !keeper.isGreeted)
    }

    @Test func anotherVersionIsSentAway() async throws {
        let keeper = try Keeper()
        try await keeper.start("\(Self.say(Hello(role: .encoder, pid: 1, wireVersion: 77))); sleep 60")
        let cause = try await keeper.end().cause
        #expect(cause.isOtherVersion && !cause.isItsOwn && cause.description.contains("schema 77"))
    }

    @Test(
        arguments: [
            [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0], [0, 0, 0, 0, 0x23, 0, 0, 0], [4, 0, 0, 0, 1, 0, 0, 0, 1, 2, 3, 4],
            [0, 0, 0, 0, 1, 0, 1, 0],
        ] as [[UInt8]])
    func childThatTalksNonsenseIsKilled(bytes: [UInt8]) async throws {
        let keeper = try Keeper()
        try await keeper.start("\(Self.say(bytes)); sleep 60")
        guard case .dismissed(let reason) = try await keeper.end().cause else {
            Issue.record("it was let live")
            return
        }
        #expect(reason.hasPrefix("it "))
        #expect(await !keeper.isGreeted)
        #expect(await keeper.frames.isEmpty)
    }

    @Test func nothingIsHeardOfTheDismissed() async throws {
        let keeper = try Keeper()
        let nonsense: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]
        let replies = EncoderReply.flushed.frame.bytes
        try await keeper.start("\(Self.hello); \(Self.say(replies + nonsense + replies)); sleep 60")
        _ = try await keeper.end()
        #expect(await keeper.frames.count == 1)
    }

    @Test func childThatDoesNotReadIsKilled() async throws {
        let keeper = try Keeper()
        try await keeper.start("sleep 60")
        let message = EncoderRequest.encodeAudio(block: 0, samples: [Float](repeating: 0, count: 2048))
        for _ in 0..<9000 where await keeper.ends.isEmpty { await keeper.send(message) }
        #expect(try await keeper.end().cause == .dismissed("it does not read what it is sent"))
    }

    // MARK: the start

    @Test func missingProgramIsNamed() async throws {
        let keeper = try Keeper()
        await #expect {
            try await keeper.launch(ChildLaunch(path: "/nonexistent/program", arguments: [], environment: [:]))
        } throws: { error in
            "\(error)" == "there is no program /nonexistent/program"
        }
    }

    @Test(arguments: ["/etc/hostname", "/tmp"]) func whatIsNoProgramIsNamed(path: String) async throws {
        let keeper = try Keeper()
        await #expect {
            try await keeper.launch(ChildLaunch(path: path, arguments: [], environment: [:]))
        } throws: { error in
            "\(error)".hasPrefix("\(path) can't be run: ")
        }
    }

    /// The child has its four descriptors, and none of the master's others.
    @Test func childInheritsNothingElse() async throws {
        let pair = try SocketPair()
        let keeper = try Keeper()
        try await keeper.start(
            "for file in /proc/self/fd/*; do echo ${file##*/}; done; if read word; then echo input; fi")
        let end = try await keeper.end()
        let lines = end.standardErrorTail.split(separator: "\n")
        // The shell reads the folder on one of its own.
        let numbers = Set(lines.compactMap { Int($0) })
        #expect(numbers.isSuperset(of: [0, 1, 2, 3]))
        #expect(numbers.count <= 5)
        #expect(!lines.contains("input"))
        pair.close()
    }

    @Test func environmentAndArgumentsArrive() async throws {
        let keeper = try Keeper()
        var launch = ChildLaunch(
            path: "/bin/sh", arguments: ["-c", "echo \"$1|$NAME|$HOME|$(nice)\"", "sh", "a b=c"],
            environment: ["NAME": "ä=1", "PATH": "/usr/bin:/bin"])
        launch.niceIncrement = 5
        try await keeper.launch(launch)
        #expect(try await keeper.end().standardErrorTail == "a b=c|ä=1||5\n")
    }

    // MARK: children started by hand

    @Test func foreignChildIsOverWhenItsSocketEnds() async throws {
        let keeper = try Keeper()
        let pair = try SocketPair()
        try await keeper.adopt(try pair.ours.duplicate().release())
        let bytes = Hello(role: .encoder, pid: 1).frame.bytes + EncoderReply.flushed.frame.bytes
        #expect(write(pair.theirs.rawValue, bytes, bytes.count) == bytes.count)
        pair.close()
        #expect(try await keeper.end().cause == .disconnected)
        #expect(await keeper.frames.count == 1)
    }

    @Test func foreignChildIsOnlyLetGo() async throws {
        let keeper = try Keeper()
        let pair = try SocketPair()
        try await keeper.adopt(try pair.ours.duplicate().release())
        let theirs = try pair.theirs.duplicate()
        pair.close()
        // Its process is this one: it would not survive to tell.
        await keeper.dismiss("not wanted")
        #expect(try await keeper.end().cause == .dismissed("not wanted"))
        var entry = pollfd(fd: theirs.rawValue, events: Int16(POLLIN), revents: 0)
        #expect(poll(&entry, 1, 10_000) == 1)
        theirs.close()
    }

    // MARK: what stays

    @Test func noDescriptorStaysBehind() async throws {
        let keeper = try Keeper()
        let dropped = OwnedDescriptor.droppedOpen.load(ordering: .relaxed)
        for round in 0..<60 {
            switch round % 4 {
            case 0: try await keeper.start("exit 0")
            case 1: try await keeper.start("\(Self.hello); kill -9 $$")
            case 2:
                try await keeper.start("sleep 60")
                await keeper.dismiss("enough")
            default:
                let missing = ChildLaunch(path: "/nonexistent/program", arguments: [], environment: [:])
                _ = try? await keeper.launch(missing)
                continue
            }
            _ = try await keeper.end()
        }
        #expect(OwnedDescriptor.droppedOpen.load(ordering: .relaxed) == dropped)
    }
}

extension String {
    fileprivate var trimmingNewline: String { String(prefix { $0 != "\n" }) }
}
