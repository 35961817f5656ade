package import BulkheadMedia
package import BulkheadWire

/// A picture on its way to the encoder; its slot is held once.
package struct TimelineFrame: Hashable, Sendable {
    package let frame: FrameNumber
    package let slot: SlotReference
    /// A plugin that should have worked on it has not.
    package var isUnfiltered = false

    package init(
        frame: FrameNumber, slot: SlotReference, isUnfiltered: Bool = false
    ) {
        self.frame = frame
        self.slot = slot
        self.isUnfiltered = isUnfiltered
    }
}
