import BulkheadChildren
import BulkheadEncoding
import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTestSupport
import BulkheadTimeline
import BulkheadWire
import Testing

/// Whatever happens in whatever order: every frame is committed once or named as left out, DTS rises, slots come back.
@Suite(.timeLimit(.minutes(3))) struct ModelTests {
    @Test(arguments: 0..<240) func anythingMayHappen(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let kind = ScriptedEncoder.Kind.allCases.randomElement(using: &random) ?? .zerolatency
        let standby = StandbyChoice.allCases.randomElement(using: &random) ?? .off
        var studio = try Studio.onAir(kind, standby: standby, hasSlate: Bool.random(using: &random))
        var canvas = studio.machine.wanted.canvas
        for _ in 0..<400 { try Self.step(&studio, &canvas, &random) }
        // An end is good once encoders are.
        studio.opensAtOnce = true
        studio.openAll()
        studio.deliverAll()
        studio.giveFrame(canvas: studio.resizes.last ?? canvas)
        studio.end()
        studio.expectWhole()
        #expect(studio.machine.change == nil)
    }

    /// One thing that can happen to a broadcast; frames and answers are the most frequent.
    private static func step(
        _ studio: inout Studio, _ canvas: inout Canvas, _ random: inout SeededGenerator
    ) throws {
        let children = studio.encoders.keys.sorted()
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<30:
            // Pictures of the new size come some time after they were asked for.
            if let wanted = studio.resizes.last, Int.random(in: 0..<5, using: &random) == 0 { canvas = wanted }
            studio.giveFrame(canvas: canvas)
            studio.giveBlock()
        case 30..<70:
            for _ in 0..<3 {
                if let child = children.randomElement(using: &random), !studio.opening.contains(child) {
                    studio.deliver(from: child)
                }
            }
        case 70..<82: studio.pass(.milliseconds(Int.random(in: 1...12, using: &random) * 20))
        case 82..<87: studio.openAll()
        case 87..<89: studio.opensAtOnce.toggle()
        case 89..<93: studio.kill(children.randomElement(using: &random), isItsOwn: Bool.random(using: &random))
        case 93..<94:
            if let child = children.randomElement(using: &random) { studio.encoders[child]?.mark &+= 1 }
        case 94..<96: studio.tell(.carried(UInt32.random(in: 200_000...2_500_000, using: &random)))
        case 96..<97: studio.pass(.seconds(2))
        case 97..<98: studio.tell(.slateDrawn(SlotReference(pool: 98, slot: 0), studio.machine.canvasToCome))
        default: try request(&studio, &random)
        }
    }

    /// A change of settings, as a person asks for it when none is under way.
    private static func request(_ studio: inout Studio, _ random: inout SeededGenerator) throws {
        guard studio.machine.change == nil else { return }
        var wanted = studio.machine.wanted
        if Bool.random(using: &random) {
            let sizes = [(320, 180), (640, 360)]
            let size = sizes.randomElement(using: &random) ?? (320, 180)
            wanted.canvas = try #require(Canvas(width: size.0, height: size.1))
        } else {
            wanted.preset = Bool.random(using: &random) ? "faster" : "veryfast"
        }
        studio.tell(.change(wanted))
    }
}
