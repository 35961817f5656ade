import BulkheadChildRuntime
import BulkheadFrames
import BulkheadMedia
import BulkheadSystem
import BulkheadTestSupport
import BulkheadTimeline
import BulkheadWire
import Foundation
import Testing

/// Harm that no kernel can refuse: the host dies of it, or stands still until it is killed, and nothing else is hurt.
@Suite(.timeLimit(.minutes(2))) struct HarmTests {
    enum End: Sendable {
        /// By this signal.
        case signal(CInt)
        case anySignal
        case exit(CInt)
        /// It does not answer any more; the master kills it.
        case silence
        /// It answers, and the picture goes on without the plugin's work.
        case answer
        /// It answers, and dies afterwards by this signal.
        case signalAfterwards(CInt)
    }

    struct Harm: Sendable, CustomTestStringConvertible {
        let act: String
        let end: End
        var target = ""
        var place = "picture"

        var testDescription: String { "\(act) in \(place)" }
    }

    static let harms = [
        Harm(act: "fault", end: .signal(SIGSEGV)), Harm(act: "fault", end: .signal(SIGSEGV), place: "create"),
        Harm(act: "abort", end: .signal(SIGABRT)), Harm(act: "exit", end: .exit(0)),
        Harm(act: "exit", end: .exit(0), place: "create"), Harm(act: "exit-at-once", end: .exit(0)),
        Harm(act: "stop", end: .silence), Harm(act: "kill-self", end: .signal(SIGKILL)),
        Harm(act: "overflow", end: .signal(SIGSEGV)), Harm(act: "overflow", end: .signal(SIGSEGV), place: "create"),
        Harm(act: "corrupt-heap", end: .anySignal), Harm(act: "ignored-fault", end: .signal(SIGSEGV)),
        Harm(act: "endless-fault", end: .silence), Harm(act: "alarm", end: .signal(SIGALRM)),
        Harm(act: "spin", end: .silence), Harm(act: "blocked-spin", end: .silence),
        Harm(act: "spin", end: .silence, place: "create"), Harm(act: "sleep", end: .silence),
        Harm(act: "steal-requests", end: .silence), Harm(act: "close-all", end: .signal(SIGABRT)),
        Harm(act: "replace-all", end: .signal(SIGABRT)), Harm(act: "shut-wire", end: .signal(SIGABRT)),
        Harm(act: "flood", end: .answer), Harm(act: "next-slot", end: .signal(SIGSEGV)),
        Harm(act: "slot-before", end: .signal(SIGSEGV)), Harm(act: "write-input", end: .signal(SIGSEGV)),
        Harm(act: "open-input", end: .answer), Harm(act: "keep-slot", end: .signalAfterwards(SIGSEGV)),
        Harm(act: "unmap", end: .signal(SIGSEGV), target: "bulkhead-breadcrumb"),
        Harm(act: "exhaust", end: .signal(SIGABRT)), Harm(act: "threads", end: .signal(SIGABRT)),
    ]

    @Test(arguments: harms) func harmIsContained(_ harm: Harm) throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let host = try PluginHostChild(confined: (["\(productFolder)/libHostile.so"], folder.path("data")))
        let picture = Picture(host.canvas)
        let others = try [UInt32(0), 2].map { try #require(host.results.bytes(of: $0)) }
        for slot in others { slot.copyBytes(from: [UInt8](repeating: 0x33, count: slot.count)) }
        try meet(harm.end, of: host) {
            let reply = try host.load("Hostile", ["act": harm.act, "target": harm.target, "place": harm.place])
            guard case .loaded = reply else { throw ChildTestFailure.unexpected(reply) }
            _ = try host.process(picture)
        }
        for slot in others { #expect(slot.allSatisfy { $0 == 0x33 }, "the other slots are as they were") }
        if let input = host.inputs.bytes(of: 1), harm.place == "picture" {
            #expect(Picture(input, host.canvas.layout) == picture)
        }
    }

    @Test(.enabled(if: Granted.files, "this kernel has no Landlock: there is nowhere to write"))
    func filesAreBounded() throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let host = try PluginHostChild(confined: (["\(productFolder)/libHostile.so"], folder.path("data")))
        _ = try host.load("Hostile", ["act": "big-file"])
        try meet(.signal(SIGXFSZ), of: host) { _ = try host.process(Picture(host.canvas)) }
    }

    @Test func faultWhileItIsEnded() throws {
        let host = try PluginHostChild(confined: (["\(productFolder)/libHostile.so"], ""))
        _ = try host.load("Hostile", ["act": "fault", "place": "destroy"])
        try meet(.signal(SIGSEGV), of: host) { _ = try host.ask(.unload(id: 1)) }
    }

    @Test func exceptionInCPlusPlus() throws {
        let host = try PluginHostChild(confined: (["\(productFolder)/libHostileThrowing.so"], ""))
        _ = try host.load("HostileThrowing")
        try meet(.signal(SIGABRT), of: host) { _ = try host.process(Picture(host.canvas)) }
    }

    @Test(arguments: [("crash", End.signal(SIGSEGV)), ("exit", .exit(0)), ("hang", .silence)])
    func constructors(_ name: String, _ end: End) throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let path = folder.path("\(name).so")
        try FileManager.default.copyItem(atPath: "\(productFolder)/libHostileConstructor.so", toPath: path)
        let host = try PluginHostChild(confined: ([path], ""))
        try meet(end, of: host) { _ = try host.load(path) }
    }

    /// What a plugin writes on the wire itself is what the host has said, to the master: it is checked as all else.
    @Test func babbleIsSeenThrough() throws {
        let host = try PluginHostChild(confined: (["\(productFolder)/libHostile.so"], ""))
        _ = try host.load("Hostile", ["act": "babble"])
        #expect(throws: WireSocketError.self) { try host.process(Picture(host.canvas)) }
    }

    /// Does what ends in harm, and waits for its end.
    private func meet(_ end: End, of host: PluginHostChild, _ body: () throws -> Void) throws {
        switch end {
        case .answer: try body()
        case .silence:
            // It is killed, as the master does it, when the host goes out of scope.
            host.child.patienceMilliseconds = 300
            #expect(throws: ChildTestFailure<PluginReply>.self) { try body() }
        case .signalAfterwards(let number):
            try body()
            let exit = try host.child.waitForExit()
            #expect(exit.isSignal && exit.status == number, "\(exit)")
        case .signal(let number):
            #expect(throws: WireSocketError.self) { try body() }
            let exit = try host.child.waitForExit()
            #expect(exit.isSignal && exit.status == number, "\(exit)")
        case .anySignal:
            #expect(throws: WireSocketError.self) { try body() }
            #expect(try host.child.waitForExit().isSignal)
        case .exit(let code):
            #expect(throws: WireSocketError.self) { try body() }
            let exit = try host.child.waitForExit()
            #expect(!exit.isSignal && exit.status == code, "\(exit)")
        }
    }
}
