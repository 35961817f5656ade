import BulkheadChildRuntime
import BulkheadFrames
import BulkheadMedia
import BulkheadSystem
import BulkheadTestSupport
import BulkheadWire
import Foundation
import SystemPackage
import Testing

/// The real program, with this test as its master.
@Suite(.timeLimit(.minutes(2))) struct MixerChildTests {
    private typealias Slots = Composition<SlotReference>
    private let canvas: Canvas

    init() throws { canvas = try #require(Canvas(width: 64, height: 48)) }

    /// A mixer that has its pool, and a pool of two pictures: white, and red.
    private final class Desk {
        let child: ChildUnderTest<MixerReply>
        let results: FramePool
        let inputs: FramePool
        let mapping: PoolMapping

        private init(
            _ child: ChildUnderTest<MixerReply>, _ results: consuming FramePool, _ inputs: consuming FramePool,
            _ mapping: PoolMapping
        ) {
            self.child = child
            self.results = results
            self.inputs = inputs
            self.mapping = mapping
        }

        static func make(_ canvas: Canvas, variables: [String] = []) throws -> Desk {
            let child = try ChildUnderTest<MixerReply>(.mixer, variables: variables)
            let results = try FramePool(id: 1, canvas: canvas, slotCount: 2)
            let inputs = try FramePool(id: 2, canvas: canvas, slotCount: 2)
            for (slot, color) in [VideoColor.white, VideoColor(y: 63, cb: 102, cr: 240)].enumerated() {
                try inputs.fill(slot: UInt32(slot)) { PicturePainter($0, canvas: canvas)?.fill(color) }
            }
            let writer = try results.writerDescriptor()
            try child.send(MixerRequest.configure(results.shape, canvas), passing: writer)
            let mapping = try PoolMapping(results.shape, writer, access: .readOnly)
            writer.close()
            #expect(try child.reply() == .ready)
            try results.seal()
            let reader = try inputs.readerDescriptor()
            try child.send(MixerRequest.pool(inputs.shape, canvas), passing: reader)
            reader.close()
            return Desk(child, results, inputs, mapping)
        }

        func luma(_ x: Int, _ y: Int, slot: UInt32, of canvas: Canvas) throws -> UInt8 {
            let bytes = try #require(mapping.bytes(of: slot))
            return bytes[y * canvas.layout.luma.stride + x]
        }

        /// How it ends when it is sent `request`: with its last line.
        func end(at request: MixerRequest) throws -> String {
            try child.send(request)
            let exit = try child.waitForExit()
            #expect(exit.status == 1 && !exit.isSignal)
            return exit.lines.last ?? ""
        }
    }

    /// The first picture everywhere, and a part of the second one in a corner.
    private func composition(
        source: PixelRectangle = PixelRectangle(x: 0, y: 0, width: 64, height: 48),
        target: PixelRectangle = PixelRectangle(x: 0, y: 0, width: 32, height: 24), pool: UInt32 = 2, slot: UInt32 = 1
    ) -> Slots {
        let whole = canvas.rectangle
        return Slots([
            Slots.Group(
                [
                    Slots.Layer(SlotReference(pool: 2, slot: 0), PictureLayer(source: whole, target: whole)),
                    Slots.Layer(SlotReference(pool: pool, slot: slot), PictureLayer(source: source, target: target)),
                ], clip: whole)
        ])
    }

    @Test func framesAreComposedInOrder() throws {
        let desk = try Desk.make(canvas)
        for frame in 0..<20 as Range<Int64> {
            try desk.child.send(MixerRequest.compose(frame: frame, composition(), result: UInt32(frame % 2)))
        }
        for frame in 0..<20 as Range<Int64> { #expect(try desk.child.reply() == .composed(frame: frame)) }
        for slot in [0, 1] as [UInt32] {
            #expect(try desk.luma(4, 4, slot: slot, of: canvas) == 63)
            #expect(try desk.luma(31, 23, slot: slot, of: canvas) == 63)
            #expect(try desk.luma(32, 23, slot: slot, of: canvas) == 235)
        }
        try desk.child.send(MixerRequest.dropPool(id: 2))
        desk.child.hangUp()
        #expect(try desk.child.waitForExit().status == 0)
    }

    @Test func whatMakesNoSenseEndsIt() throws {
        let outside = PixelRectangle(x: 40, y: 0, width: 32, height: 24)
        func end(_ composition: Slots, result: UInt32 = 0) throws -> String {
            try Desk.make(canvas).end(at: .compose(frame: 1, composition, result: result))
        }
        let text = "outside a picture of 64x48"
        #expect(try end(composition(source: outside)).contains(text))
        #expect(try end(composition(target: outside)).contains(text))
        #expect(try end(composition(pool: 7)).contains("pool 7, which it hasn't announced"))
        #expect(try end(composition(slot: 2)).contains("slot 2 of pool 2"))
        #expect(try end(composition(), result: 2).contains("slot 2 of pool 1"))
        #expect(try Desk.make(canvas).end(at: .dropPool(id: 9)).contains("pool 9"))
        let odd = PixelRectangle(x: 1, y: 0, width: 32, height: 24)
        #expect(try end(composition(source: odd)).contains("source"))
        let child = try ChildUnderTest<MixerReply>(.mixer)
        try child.send(MixerRequest.compose(frame: 1, composition(), result: 0))
        #expect(try child.waitForExit().lines.last?.contains("before it sent the canvas") == true)
    }

    /// As the kernel sees it, before the first picture.
    @Test func itIsConfined() throws {
        let desk = try Desk.make(canvas)
        func text(_ name: String) throws -> String {
            try String(contentsOfFile: "/proc/\(desk.child.pid)/\(name)", encoding: .utf8)
        }
        let status = try text("status").split(separator: "\n").map { $0.split { $0 == ":" || $0 == "\t" } }
        func field(_ name: String) -> String? {
            status.first { $0.first?.elementsEqual(name) == true }?.last.map { String($0) }
        }
        #expect(field("Seccomp") == "2")
        #expect(field("NoNewPrivs") == "1")
        #expect(field("CapEff").flatMap { UInt64($0, radix: 16) } == 0)
        #expect(try Int(text("oom_score_adj").dropLast()) == 200)
        let limits = try text("limits").split(separator: "\n")
        #expect(limits.first { $0.hasPrefix("Max data size") }?.contains("unlimited") == false)
        #expect(
            limits.first { $0.hasPrefix("Max core file size") }?.split(separator: " ").suffix(3) == ["1", "1", "bytes"])
    }

    @Test(arguments: [("trap", true, nil), ("exit", false, 3), ("loot", false, 9)] as [(String, Bool, CInt?)])
    func faultsAreArmed(kind: String, isSignal: Bool, status: CInt?) throws {
        let desk = try Desk.make(canvas, variables: ["BULKHEAD_FAULTS=mixer:\(kind)@2"])
        for frame in 0..<4 as Range<Int64> {
            try desk.child.send(MixerRequest.compose(frame: frame, composition(), result: 0))
        }
        #expect(try desk.child.reply() == .composed(frame: 0))
        #expect(try desk.child.reply() == .composed(frame: 1))
        let exit = try desk.child.waitForExit()
        #expect(exit.isSignal == isSignal)
        if let status { #expect(exit.status == status) }
        // Nothing that it may not have was granted to it.
        if kind == "loot" {
            #expect(Loot.granted(in: exit.lines.joined(separator: "\n")) == [])
        }
    }
}
