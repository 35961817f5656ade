import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadTimeline
import BulkheadWire

/// The picture that is shown where there is none: drawn here in plain letters at first, and from then on by a child in a
/// typeface, or given by a file that a user has named. Its slots are held for as long as it is the slate: whoever drew it may die.
struct Slate {
    /// What is shown: with the time of day, where that is wanted.
    var slot: SlotReference? { clock ?? still }
    /// What stands for good.
    private(set) var still: SlotReference?
    private var clock: SlotReference?
    private(set) var canvas: Canvas?

    /// Draws the built-in slate in place of the one at hand, which stays where there is no memory for it.
    /// - Throws: a `BroadcastError` of kind `internal`.
    mutating func draw(_ canvas: Canvas, in pools: FramePools) throws(BroadcastError) {
        let slot = try pools.drawing(canvas) {
            SlatePicture(title: "STAND BY", detail: "THE PICTURE WILL BE BACK").draw(into: $0, canvas: canvas)
        }
        replace(by: slot, canvas, in: pools)
    }

    /// Puts a picture in a slot that is held once in place of the slate at hand.
    /// - Returns: whether what stands for good is another picture now. A picture of another size than is wanted now is let go.
    mutating func take(_ picture: StillPicture, in pools: FramePools) -> Bool {
        guard picture.canvas == canvas else {
            pools.release(picture.slot)
            return false
        }
        guard picture.isClock else {
            replace(by: picture.slot, picture.canvas, in: pools)
            return true
        }
        if let old = clock { pools.release(old) }
        clock = picture.slot
        return false
    }

    private mutating func replace(by slot: SlotReference, _ canvas: Canvas, in pools: FramePools) {
        for old in [still, clock] { if let old { pools.release(old) } }
        still = slot
        clock = nil
        self.canvas = canvas
    }
}

extension FramePools {
    /// A slot that is held once, in a pool of its own, with a picture that this process draws.
    /// - Throws: a `BroadcastError` of kind `internal`.
    func drawing(
        _ canvas: Canvas, _ draw: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(BroadcastError) -> SlotReference {
        do {
            let pool = try create(canvas, slotCount: 1)
            // Nothing else is written to it: it goes when its slot does.
            defer { retire(pool) }
            let slot = try fill(pool, draw)
            do { try seal(pool) } catch {
                release(slot)
                throw error
            }
            return slot
        } catch { throw BroadcastError(.internal, "no memory for pictures is to be had: \(error)") }
    }
}
