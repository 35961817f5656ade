import BulkheadTestSupport
import Foundation
import Testing

/// Who goes on when an encoder is gone: the standby, the twin in lockstep, or one that is started then.
@Suite(.serialized, .timeLimit(.minutes(3))) struct TakeoverTests {
    private static let reordering = ["--tune", "none", "--preset", "veryfast", "--bframes", "2"]

    @Test(arguments: [[], reordering])
    func standbyTakesOver(settings: [String]) async throws {
        let stage = try await Stage(seconds: nil, settings)
        for round in 1...3 {
            let (onAir, standby) = try await stage.pair()
            kill(onAir, SIGKILL)
            #expect(try await stage.event("encoder.took-over", count: round).pid == standby)
            try await stage.event("encoder.recovered", count: round)
            #expect(stage.encoderOnAir == standby)
            await stage.more()
        }
        try await stage.stop()
        try stage.expectWhole(try await stage.finish())
    }

    /// Two encoders give the same, with everything that makes it hard: B-frames, look-ahead, VBV. When one is killed the
    /// other's next access unit goes out: nothing is encoded again, and no IDR is needed.
    @Test func twinGoesOnWithoutAnIDR() async throws {
        let stage = try await Stage(
            seconds: nil,
            Self.reordering + ["--standby", "hot", "--keyframe-interval", "1", "--buffer", "500", "--fps", "30"])
        for round in 1...3 {
            let twin = try #require(try await stage.event("encoder.in-lockstep", .twin, count: round).pid)
            await stage.more()
            let onAir = try #require(stage.encoderOnAir)
            #expect(onAir != twin)
            kill(onAir, SIGKILL)
            #expect(try await stage.event("encoder.took-over", count: round).pid == twin)
        }
        await stage.more()
        try await stage.stop()
        let seen = try await stage.finish()
        try stage.expectWhole(seen)
        #expect(stage.events("encoder.differs", .twin).isEmpty)
        let keys = try await stage.packets().packets.filter { $0.isVideo && $0.isKey }.map(\.pts)
        #expect(keys.count == (seen.numbers.count + 29) / 30)
        #expect(zip(keys, keys.dropFirst()).allSatisfy { abs($1 - $0 - 1) < 0.002 }, "\(keys)")
    }

    /// The twin dies, and then its successor: the one on air is not touched.
    @Test func deathOfATwinIsNotSeen() async throws {
        let stage = try await Stage(seconds: nil, Self.reordering + ["--standby", "hot", "--keyframe-interval", "1"])
        for round in 1...2 {
            let twin = try #require(try await stage.event("encoder.in-lockstep", .twin, count: round).pid)
            kill(twin, SIGKILL)
            try await stage.event("encoder.died", .twin, count: round)
        }
        try await stage.event("encoder.in-lockstep", .twin, count: 3)
        try await stage.stop()
        try stage.expectWhole(try await stage.finish())
        #expect(stage.events("encoder.died").isEmpty)
    }

    @Test func withoutAStandbyTheNextIsStarted() async throws {
        let stage = try await Stage(seconds: nil, ["--standby", "off"])
        for _ in 1...2 { try await stage.replace("bulkhead-encoder", with: SIGKILL) }
        try await stage.stop()
        try stage.expectWhole(try await stage.finish())
        #expect(stage.events("encoder.took-over").isEmpty)
        #expect(
            !stage.events.contains { $0.part.role == "encoder" && ($0.part.duty == .standby || $0.part.duty == .twin) })
    }

    /// Both are gone at once: the third is started then.
    @Test func encoderAndStandbyKilledAtOnce() async throws {
        let stage = try await Stage(seconds: nil, [])
        for _ in 1...2 {
            let (onAir, standby) = try await stage.pair()
            kill(standby, SIGKILL)
            kill(onAir, SIGKILL)
            #expect(
                await eventually(within: .seconds(20)) {
                    stage.encoderOnAir.map { $0 != onAir && $0 != standby } ?? false
                })
            await stage.more()
        }
        try await stage.stop()
        try stage.expectWhole(try await stage.finish())
    }

    /// Both stand still: each is found by its deadline, one after the other, and what waits meanwhile still goes out.
    @Test func encoderAndStandbyStopped() async throws {
        let stage = try await Stage(seconds: nil, [])
        let (onAir, standby) = try await stage.pair()
        kill(standby, SIGSTOP)
        kill(onAir, SIGSTOP)
        #expect(
            await eventually(within: .seconds(20)) {
                !ProcessTable.exists(onAir) && !ProcessTable.exists(standby)
                    && stage.encoderOnAir.map { $0 != onAir && $0 != standby } ?? false
            })
        await stage.more()
        try await stage.stop()
        let seen = try await stage.finish()
        try stage.expectWhole(seen)
    }

    /// The end comes while nobody has taken over yet: everything up to it still goes out.
    @Test func endDuringATakeoverLosesNothing() async throws {
        let stage = try await Stage(seconds: nil, ["--standby", "off"] + Self.reordering)
        await stage.more()
        kill(try await stage.child("bulkhead-encoder"), SIGKILL)
        try await stage.event("encoder.died")
        try await stage.stop()
        let seen = try await stage.finish()
        try stage.expectWhole(seen)
        #expect(stage.events("timeline.gave-up").isEmpty)
    }

    /// The records say who died, how, and what came of it.
    @Test func deathsAreTold() async throws {
        let stage = try await Stage(seconds: nil, [])
        let (onAir, _) = try await stage.pair()
        kill(onAir, SIGKILL)
        try await stage.event("encoder.recovered")
        struct Death: Decodable {
            let part: ReportedEvent.Part
            let pid: Int32
            let recoveredAfterMilliseconds: Double?
        }
        let (text, status) = try await stage.command(["deaths", "--json"])
        #expect(status == 0)
        let deaths = try text.split(separator: "\n").map { try JSONDecoder().decode(Death.self, from: Data($0.utf8)) }
        #expect(deaths.map(\.part.role) == ["encoder"] && deaths.first?.part.duty == .onAir)
        #expect(deaths.first?.pid == onAir)
        #expect(try #require(deaths.first?.recoveredAfterMilliseconds) > 0)
        await stage.more()
        try await stage.stop()
        try stage.expectWhole(try await stage.finish())
        // They outlive the broadcast.
        let kept = try String(contentsOfFile: stage.folder.path("state/bulkhead/deaths.jsonl"), encoding: .utf8)
        #expect(kept.split(separator: "\n").count == 1 && kept.contains("\"pid\":\(onAir)"))
    }
}
