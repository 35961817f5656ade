package import BulkheadMedia
package import BulkheadModel
package import BulkheadWire

extension Program {
    /// What the program asks of the broadcast.
    package struct Requests {
        /// Whether frames can go anywhere: an encoder has been open, and the chain is as it will be.
        package var mayBegin: () -> Bool
        /// The first frame is about to be given.
        package var began: () -> Void
        /// The last frame has been given; some may still be with a mixer.
        package var ended: () -> Void
        /// A frame has left a mixer, and there is room for more.
        package var progressed: () -> Void
        /// The slate is another picture than before, in a slot that the program holds until the next one.
        package var slateChanged: (SlotReference, Canvas) -> Void
        /// The broadcast can't go on.
        package var failed: (BroadcastError) -> Void

        package init(
            mayBegin: @escaping () -> Bool, began: @escaping () -> Void, ended: @escaping () -> Void,
            progressed: @escaping () -> Void,
            slateChanged: @escaping (SlotReference, Canvas) -> Void, failed: @escaping (BroadcastError) -> Void
        ) {
            self.mayBegin = mayBegin
            self.began = began
            self.ended = ended
            self.progressed = progressed
            self.slateChanged = slateChanged
            self.failed = failed
        }
    }
}
