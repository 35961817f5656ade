import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadTimeline
import BulkheadWire

/// Draws what the program shows of its own, the slate and names of inputs, and hands the pictures of frames to the mixer in the size
/// that is wanted.
final class PictureDesk {
    private let mixer: Mixer
    private let pools: FramePools
    private var slate = Slate()
    private var cards = NameCards()

    init(_ mixer: Mixer, in pools: FramePools) {
        self.mixer = mixer
        self.pools = pools
    }

    /// The size of pictures that is wanted; nil before a slate was drawn.
    var canvas: Canvas? { slate.canvas }
    /// The slate's picture, which is held here.
    var slateSlot: SlotReference? { slate.slot }
    /// What of the slate stands for good.
    var still: SlotReference? { slate.still }

    // MARK: slate and names

    /// Draws the built-in slate in the size of pictures from now on.
    func drawSlate(_ canvas: Canvas) throws(BroadcastError) { try slate.draw(canvas, in: pools) }

    /// - Returns: whether what stands for good is another picture now.
    func takeSlate(_ picture: StillPicture) -> Bool { slate.take(picture, in: pools) }

    func takeName(_ picture: StillPicture, of input: InputID) { cards.take(picture, of: input, in: pools) }

    func removeName(of input: InputID) { cards.remove(input, in: pools) }

    /// Makes ready for names; false where it isn't known yet how large they are to be.
    func prepareNames() -> Bool {
        guard let canvas = slate.canvas else { return false }
        cards.prepare(canvas, in: pools)
        return true
    }

    // MARK: frames

    func giveSlate(_ frame: FrameNumber) { if let slot = slate.slot { give(frame, slot) } }

    /// A picture of a size that is not wanted any more is scaled where a mixer is there: an input that is at its end gives no
    /// other.
    func give(_ frame: FrameNumber, _ slot: SlotReference) {
        guard let canvas = slate.canvas, pools.canvas(of: slot.pool) != canvas, mixer.isReady,
            let layer = fitted(.init(slot, PictureLayer(source: canvas.rectangle, target: canvas.rectangle)))
        else { return mixer.pass(frame, slot) }
        mixer.mix(
            frame, Composition([.init([layer], clip: canvas.rectangle)]), fallback: slate.slot ?? slot)
    }

    /// Until a mixer of the size that is wanted is there, the main input goes on in the old one.
    func mix(
        _ frame: FrameNumber, _ composition: Composition<ProgramMachine.Drawn>, instead: ProgramMachine.Drawn
    ) {
        guard let fallback = slot(of: instead) else { return }
        let isWanted = pools.canvas(of: fallback.pool) == slate.canvas
        guard isWanted || mixer.isReady else { return mixer.pass(frame, fallback) }
        let slots = composition.replacing { layer in layers(layer).compactMap(fitted) }
        mixer.mix(frame, slots, fallback: isWanted ? fallback : slate.slot ?? fallback)
    }

    private func slot(of drawn: ProgramMachine.Drawn) -> SlotReference? {
        switch drawn {
        case .slot(let slot): slot
        case .slate, .card: slate.slot
        }
    }

    /// What is drawn for one layer: the slate, where a card has not been drawn.
    private func layers(
        _ layer: Composition<ProgramMachine.Drawn>.Layer
    ) -> [Composition<SlotReference>.Layer] {
        if case .card(let input) = layer.picture, let layers = cards.layers(for: input, at: layer.placement) {
            return layers
        }
        return slot(of: layer.picture).map { [Composition<SlotReference>.Layer($0, layer.placement)] } ?? []
    }

    /// The same part of a picture that was made for another size of the canvas.
    private func fitted(_ layer: Composition<SlotReference>.Layer) -> Composition<SlotReference>.Layer? {
        guard let canvas = slate.canvas, let size = pools.canvas(of: layer.picture.pool) else {
            return nil
        }
        var layer = layer
        layer.placement.source = layer.placement.source.scaled(from: canvas, to: size)
        return layer
    }
}
