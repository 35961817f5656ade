import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadWire

/// The picture that is shown where there is none: drawn here, or given by a file that a user has named. Its slot is held
/// for as long as it is the slate.
struct Slate {
    private(set) var slot: SlotReference?
    private(set) var canvas: Canvas?

    /// Draws the built-in slate in place of the one at hand, which stays where there is no memory for it.
    /// - Throws: a `BroadcastError` of kind `internal`.
    mutating func draw(_ canvas: Canvas, in pools: FramePools) throws(BroadcastError) {
        do {
            let pool = try pools.create(canvas, slotCount: 1)
            // Nothing else is written to it: it goes when its slot does.
            defer { pools.retire(pool) }
            let slot = try pools.fill(pool) {
                SlatePicture(title: "STAND BY", detail: "THE PICTURE WILL BE BACK").draw(into: $0, canvas: canvas)
            }
            do { try pools.seal(pool) } catch {
                pools.release(slot)
                throw error
            }
            replace(by: slot, canvas, in: pools)
        } catch { throw BroadcastError(.internal, "no memory for pictures is to be had: \(error)") }
    }

    /// Puts a picture of `canvas` in a slot that is held once in place of the slate at hand.
    /// - Returns: false for a picture of another size than is wanted now, whose slot is let go.
    mutating func take(_ slot: SlotReference, of canvas: Canvas, in pools: FramePools) -> Bool {
        guard canvas == self.canvas else {
            pools.release(slot)
            return false
        }
        replace(by: slot, canvas, in: pools)
        return true
    }

    private mutating func replace(by slot: SlotReference, _ canvas: Canvas, in pools: FramePools) {
        if let old = self.slot { pools.release(old) }
        self.slot = slot
        self.canvas = canvas
    }
}
