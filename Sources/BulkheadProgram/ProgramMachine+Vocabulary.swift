package import BulkheadEvents
package import BulkheadMedia
package import BulkheadModel
package import BulkheadTimeline
package import BulkheadWire

/// What the machine is told, and what it wants done.
extension ProgramMachine {
    package enum Event: Hashable {
        /// - isKept: it stays open where nothing of it is used.
        case inputExpected(InputID, name: String, isKept: Bool)
        case inputRenamed(InputID, name: String)
        case inputOpened(InputID, SourceDescription)
        /// It has been opened, and its sound goes on from that sample of source time.
        case inputGoesOn(InputID, from: Int64)
        case inputCaughtUp(InputID)
        case inputInterrupted(InputID)
        /// It is read from its beginning from now on.
        case inputBeganAnew(InputID)
        case inputEnded(InputID)
        case inputRemoved(InputID)
        /// These stand in for an input where it can't be shown; none of them is shown by itself.
        case inputBacked(InputID, by: [InputID])
        /// A backup, or the input itself, is shown and heard in the input's place from the next frame on.
        case stand(InputID, for: InputID)
        /// What is shown from the next frame on, and how that comes in.
        case take(Staging.Stage, Transition)
        /// Pictures are to have this size.
        case resized(Canvas)
        /// The timeline is to begin where the inputs are ready for it.
        case begin
        /// The time of the next tick has come.
        case timer
        case tick(FrameLoad)
        /// A destination was sent a picture for the first time: of this time on the timeline.
        case seen(from: MediaTime)
        /// The program is to end, as asked for.
        case end
    }

    package enum Action: Hashable {
        /// The timeline has begun, and its first tick is due.
        case begin
        case give(FrameNumber, SlotReference)
        /// A frame that is made of several pictures. Where they can't be mixed, `instead` is shown.
        case mix(FrameNumber, Composition<Drawn>, instead: Drawn)
        case giveSlate(FrameNumber)
        case giveSound(AudioLedger.Block)
        case giveTracks(TrackBlock)
        case release(SlotReference)
        case demand(InputID, MediaDemand)
        case use(InputID, MediaUse)
        case post(TimelineHappening)
        case tell(InputID, SourceHappening)
        /// No tick follows.
        case end
    }

    /// A picture that is drawn.
    package enum Drawn: Hashable, Sendable {
        case slot(SlotReference)
        case slate
        /// The name of an input that gives no picture.
        case card(InputID)

        package var isCard: Bool { if case .card = self { true } else { false } }
    }
}
