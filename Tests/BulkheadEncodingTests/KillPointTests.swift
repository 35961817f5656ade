import BulkheadChildren
import BulkheadEncoding
import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTimeline
import BulkheadWire
import Testing

/// A run of 12 frames in which the encoder dies, once, at every point there is: before and after each frame that is given
/// and each answer that comes.
@Suite(.timeLimit(.minutes(2))) struct KillPointTests {
    static let kinds = ScriptedEncoder.Kind.allCases

    /// Frames are given, and answers delivered one by one; `act` is called before step `point`.
    private static func play(_ studio: inout Studio, killAt point: Int, _ act: (inout Studio) -> Void) -> Bool {
        var step = 0
        var hasActed = false
        func next(_ studio: inout Studio) {
            if step == point {
                act(&studio)
                hasActed = true
            }
            step += 1
        }
        for _ in 0..<12 {
            next(&studio)
            studio.giveFrame()
            studio.giveBlock()
            next(&studio)
            while let child = studio.encoders.keys.sorted().first(where: { studio.owesAnswer($0) }) {
                studio.deliver(from: child)
                next(&studio)
            }
            studio.pass(Studio.interval)
        }
        return hasActed
    }

    @Test(arguments: kinds, StandbyChoice.allCases)
    func encoderOnAirDiesAtEveryPoint(kind: ScriptedEncoder.Kind, standby: StandbyChoice) throws {
        var point = 0
        var hasActed = true
        while hasActed {
            var studio = try Studio.onAir(kind, standby: standby)
            hasActed = Self.play(&studio, killAt: point) { $0.kill($0.machine.currentRun.encoder) }
            studio.end()
            studio.expectWhole()
            #expect(studio.sound.count == 12, "point \(point)")
            #expect(studio.count(.died, .onAir) == (hasActed ? 1 : 0), "point \(point)")
            point += 1
        }
        #expect(point > 24)
    }

    @Test(arguments: kinds, [StandbyChoice.warm, .hot])
    func oneBesideItDiesAtEveryPoint(kind: ScriptedEncoder.Kind, standby: StandbyChoice) throws {
        var point = 0
        var hasActed = true
        while hasActed {
            var studio = try Studio.onAir(kind, standby: standby)
            hasActed = Self.play(&studio, killAt: point) { studio in
                let post = studio.machine.encodersPost
                studio.kill(post.holder(of: .twin) ?? post.holder(of: .standby))
            }
            studio.end()
            studio.expectWhole()
            #expect(studio.count(.died, .onAir) == 0)
            point += 1
        }
    }

    /// Both at once, which leaves nothing but what is not safe.
    @Test(arguments: kinds)
    func twinsDieTogetherAtEveryPoint(kind: ScriptedEncoder.Kind) throws {
        var point = 0
        var hasActed = true
        while hasActed {
            var studio = try Studio.onAir(kind, standby: .hot)
            hasActed = Self.play(&studio, killAt: point) { studio in
                let run = studio.machine.currentRun
                for child in [run.encoder, run.twin] { studio.kill(child) }
            }
            studio.end()
            studio.expectWhole()
            point += 1
        }
    }

    /// One death after the other, each as soon as its successor has made a frame safe.
    @Test(arguments: kinds, StandbyChoice.allCases)
    func everySuccessorDiesToo(kind: ScriptedEncoder.Kind, standby: StandbyChoice) throws {
        var studio = try Studio.onAir(kind, standby: standby)
        for _ in 0..<8 {
            studio.run(16)
            studio.kill(studio.machine.currentRun.encoder)
        }
        studio.run(16)
        studio.end()
        studio.expectWhole()
        #expect(studio.count(.died, .onAir) == 8 && studio.count(.safeSettings) == 0)
    }
}

extension Studio {
    func owesAnswer(_ child: ChildID) -> Bool { !(encoders[child]?.replies.isEmpty ?? true) }
}
