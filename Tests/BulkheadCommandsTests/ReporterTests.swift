import BulkheadCommands
import BulkheadDrill
import BulkheadEvents
import BulkheadMaster
import BulkheadModel
import BulkheadSystem
import BulkheadTestSupport
import Foundation
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct ReporterTests {
    static let event = Event(
        .encoder(7),
        .child(
            .died(
                pid: 4711, cause: "SIGKILL", frame: 75, uncommitted: nil, plugin: nil, call: nil, standardError: nil)),
        time: 0, mediaSeconds: 2.5)

    /// Waits until all is written: what came later would go to whoever has the descriptor's number next.
    private func settle(_ reporter: Reporter) {
        #expect(eventuallyOnThisThread(within: .seconds(30)) { reporter.flush() })
    }

    /// What a reporter has written to a pipe once it is flushed.
    private func output(_ style: Reporter.Style, width: Int = 80, _ body: (Reporter) -> Void) throws -> String {
        let pipe = Pipe()
        let reporter = Reporter(
            style: style, descriptor: pipe.fileHandleForWriting.fileDescriptor, width: { width })
        body(reporter)
        settle(reporter)
        try pipe.fileHandleForWriting.close()
        return String(decoding: try #require(try pipe.fileHandleForReading.readToEnd()), as: UTF8.self)
    }

    @Test func eventsAreToldAboveTheStatusLine() throws {
        let text = try output(.terminal(hasColours: false)) {
            $0.status(.broadcast(nil))
            $0.status(.broadcast(nil))
            $0.say("hello")
            $0.finish()
            $0.say("goodbye")
        }
        #expect(text == "\ridle\u{1B}[K\rhello\u{1B}[K\nidle\n\rgoodbye\u{1B}[K\n")
    }

    @Test func theStatusLineLeavesTheLastColumnFree() throws {
        #expect(try output(.terminal(hasColours: false), width: 4) { $0.status(.broadcast(nil)) } == "\ridl\u{1B}[K")
    }

    /// What a terminal has wrapped is taken away before the line is written again.
    @Test func narrowerTerminalHasNoGhostLine() throws {
        let columns = Mutex(30)
        let pipe = Pipe()
        let reporter = Reporter(
            style: .terminal(hasColours: false), descriptor: pipe.fileHandleForWriting.fileDescriptor,
            width: { columns.withLock { $0 } })
        let status = ReportedStatus.broadcast(ReportTests.status)
        reporter.status(status)
        columns.withLock { $0 = 10 }
        reporter.status(status)
        settle(reporter)
        try pipe.fileHandleForWriting.close()
        let text = String(decoding: try #require(try pipe.fileHandleForReading.readToEnd()), as: UTF8.self)
        let lines = text.split(separator: "\r")
        #expect(lines.first == "on air 01:02:03\u{1B}[K")
        #expect(lines.dropFirst().first == "\u{1B}[1A\u{1B}[J")
        #expect(lines.last == "on air 01\u{1B}[K")
    }

    /// The journal has times of its own, and takes a priority from what a line begins with.
    @Test func linesForTheJournalHavePrioritiesAndNoTime() throws {
        let text = try output(.journal) {
            $0.event(Self.event)
            $0.event(Event(.timeline, .timeline(.onAir), time: 0, mediaSeconds: 0))
            $0.say("hello")
        }
        let lines = text.split(separator: "\n")
        #expect(lines.first?.hasPrefix("<4>encoder: ended: SIGKILL") == true, "\(text)")
        #expect(lines.dropFirst() == ["<5>timeline: on air", "<6>hello"])
    }

    @Test func theJournalIsKnownByItsSocket() throws {
        let pipe = Pipe()
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        var facts = stat()
        try #require(fstat(descriptor, &facts) == 0)
        #expect(Journal.reads(descriptor, "\(facts.st_dev):\(facts.st_ino)"))
        for other in [nil, "", ":", "1:2:3", "\(facts.st_dev):\(facts.st_ino + 1)", "-1:x"] as [String?] {
            #expect(!Journal.reads(descriptor, other), "\(other ?? "none")")
        }
    }

    @Test func backgroundIsQuiet() throws {
        let pipe = Pipe()
        let reporter = Reporter(
            style: .terminal(hasColours: false), descriptor: pipe.fileHandleForWriting.fileDescriptor,
            isForeground: { false })
        reporter.status(.broadcast(nil))
        reporter.event(Event(.timeline, .timeline(.onAir), time: 0, mediaSeconds: 0))
        reporter.event(Self.event)
        settle(reporter)
        try pipe.fileHandleForWriting.close()
        let text = String(decoding: try #require(try pipe.fileHandleForReading.readToEnd()), as: UTF8.self)
        #expect(text.contains("encoder: ended: SIGKILL") && text.count { $0 == "\n" } == 1)
        #expect(!text.contains("idle"))
    }

    @Test func resultsGoToTheirOwnOutput() throws {
        let (events, results) = (Pipe(), Pipe())
        let reporter = Reporter(
            style: .log, descriptor: events.fileHandleForWriting.fileDescriptor,
            results: results.fileHandleForWriting.fileDescriptor)
        reporter.say("ending")
        reporter.drill(
            DrillReport(
                seed: nil, faults: [], links: [], undisturbedGapMilliseconds: nil, failure: nil, wallSeconds: 1))
        settle(reporter)
        try events.fileHandleForWriting.close()
        try results.fileHandleForWriting.close()
        let told = String(decoding: try #require(try events.fileHandleForReading.readToEnd()), as: UTF8.self)
        let result = String(decoding: try #require(try results.fileHandleForReading.readToEnd()), as: UTF8.self)
        #expect(told.hasSuffix("notice bulkhead: ending\n"))
        #expect(result == "PASSED: 0 of 0 expectations hold, 0 of 0 faults done\n")
    }

    @Test func scriptsGetOneObjectALine() throws {
        let text = try output(.json) {
            $0.event(Self.event)
            $0.status(.broadcast(nil))
            $0.say("hello")
            $0.failure(BroadcastError(.destination, "it is gone", advice: "look for it"))
        }
        let lines = text.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(try JSONDecoder().decode(Event.self, from: Data(lines[0].utf8)) == Self.event)
        #expect(
            lines[1]
                == #"{"error":{"advice":"look for it","code":"destination.other","exitCode":69,"kind":"destination","#
                + #""parameters":{},"problem":"it is gone"},"kind":"error","part":"master"}"#)
    }

    /// In good times nothing happens: a script must still hear that the broadcast is well.
    @Test func scriptsGetTheStatusBetweenEvents() throws {
        let pipe = Pipe()
        let reporter = Reporter(
            style: .json, descriptor: pipe.fileHandleForWriting.fileDescriptor, interval: .zero)
        // The first interval begins with the first look.
        for _ in 0..<2 { reporter.status(.broadcast(ReportTests.status)) }
        reporter.status(.broadcast(nil))
        settle(reporter)
        try pipe.fileHandleForWriting.close()
        let text = String(decoding: try #require(try pipe.fileHandleForReading.readToEnd()), as: UTF8.self)
        let objects = try text.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(objects.map { $0["kind"] as? String } == ["status", "status"])
        #expect(objects.allSatisfy { $0["time"] is Double && $0["part"] as? String == "master" && $0["code"] == nil })
        let status = objects.first?["status"] as? [String: Any]
        #expect(status?["frames"] as? Int == 111_717)
        #expect(objects.last?["status"] == nil, "the master is idle")
    }

    @Test func logsTellEachEventInALine() throws {
        #expect(
            try output(.log) { $0.event(Self.event) }
                == "1970-01-01T00:00:00.000Z warning encoder: ended: SIGKILL\n")
    }

    /// A pipe holds 64 KiB: what is told beyond that would wait for a reader, were it not for the reporter's queue.
    @Test(.timeLimit(.minutes(1)))
    func aReaderThatDoesNotReadHoldsNothingUp() throws {
        // The reporter's thread still writes when the pipe's other end goes away.
        signal(SIGPIPE, SIG_IGN)
        let pipe = Pipe()
        let reporter = Reporter(style: .log, descriptor: pipe.fileHandleForWriting.fileDescriptor)
        for _ in 0..<5000 { reporter.event(Self.event) }
        let reading = pipe.fileHandleForReading
        var text = ""
        while !text.contains("dropped: the output didn't take them in time") {
            reporter.event(Self.event)
            var entry = pollfd(fd: reading.fileDescriptor, events: Int16(POLLIN), revents: 0)
            try #require(poll(&entry, 1, 20_000) == 1, "the reporter tells of an event within 20 seconds")
            text += String(decoding: reading.availableData, as: UTF8.self)
        }
        // What is still to be written fails from here on, and is done with before the pipe goes.
        try reading.close()
        settle(reporter)
        #expect(text.hasPrefix("1970-01-01T00:00:00.000Z warning encoder: ended: SIGKILL\n"))
    }
}
