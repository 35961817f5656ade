import BulkheadChildren
import BulkheadEvents
import BulkheadModel
import BulkheadTimeline
import BulkheadWire

/// What comes of a picture that stands and can't be had.
enum StillTrouble {
    /// It goes on without.
    case told(TimelineHappening)
    /// The broadcast can't begin: what its user has named can't be shown.
    case fatal(BroadcastError)

    /// Nil where nothing has to be told.
    /// - Parameter isOnAir: the broadcast has begun, now or before it was resumed.
    init?(_ still: Still, _ failure: StillFailure, isOnAir: Bool) {
        switch (still, failure) {
        case (.slateFile(let path), .refused(let refusal)) where isOnAir:
            self = .told(.slateUnusable(path: path, reason: refusal.reason))
        case (.slateFile(let path), .refused(let refusal)):
            self = .fatal(
                BroadcastError(
                    .input, "the slate \(path) can't be used: \(refusal)", advice: "name a picture, such as a PNG file")
            )
        case (.slateFile, .readerEnded(let cause)): self = .told(.slateReaderDied(cause: cause))
        case (.slate, .refused(let refusal)) where isOnAir || refusal.code == .settings:
            self = .told(.slateUndrawn(reason: refusal.reason))
        case (.slate, .refused(let refusal)):
            self = .fatal(
                BroadcastError(.input, "the slate can't be drawn: \(refusal)", advice: "name a PNG file as its logo"))
        case (.slate, .readerEnded(let cause)):
            self = .told(.slateUndrawn(reason: Reason("crashed", "what draws it ended (\(cause))")))
        // The slate stands in their place then, of which has been told.
        case (.name, _): return nil
        }
    }
}
