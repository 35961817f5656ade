import BulkheadChildren
package import BulkheadEvents
package import BulkheadMedia
package import BulkheadModel
import BulkheadSystem
package import BulkheadTimeline
package import BulkheadWire

/// What the machine is told, and what it wants done.
extension EncodingMachine {
    /// Where an encoder is to work.
    package enum Place: Hashable, Sendable {
        case onAir(run: Int)
        case standby
        case next
        case slate
    }

    /// What is to be looked at again after a while.
    package enum Alarm: Hashable, Sendable {
        case slate
        case returnFromSafety
    }

    /// How an encoder has ended.
    package struct End: Hashable, Sendable {
        /// In words, for people.
        package var cause: String
        /// By a fault of its own or by its deadline, and not because another process killed it.
        package var isItsOwn: Bool
        /// Its program is of another version than the master: another process of it would end alike.
        package var isOtherVersion: Bool
        /// The last that it wrote to its standard error, or empty.
        package var lastWords: String

        package init(cause: String, isItsOwn: Bool, isOtherVersion: Bool = false, lastWords: String = "") {
            self.cause = cause
            self.isItsOwn = isItsOwn
            self.isOtherVersion = isOtherVersion
            self.lastWords = lastWords
        }
    }

    package enum Event: Sendable {
        // The broadcast's course.
        case begin
        /// The first frame is due.
        case onAir
        /// No more frames are cut; some may still be on their way here.
        case ending
        /// The last frame has been given.
        case finish
        /// Nothing is of use any more.
        case over
        /// Time has passed.
        case tick
        case alarm(Alarm)

        // What flows in.
        /// - Parameter canvas: the size of the picture; nil where it is not known.
        case frame(CommitLedger.Entry, canvas: Canvas?)
        case block(AudioLedger.Block)
        /// The slate is this picture from now on.
        case slateDrawn(SlotReference, Canvas)

        // Encoders.
        case launched(ChildID, pid: Int32, Place, EncodingSettings)
        case launchFailed(Place, BroadcastError)
        /// An encoder that was started by hand has said hello.
        case connected(ChildID, pid: Int32)
        case replied(ChildID, EncoderReply)
        case ended(ChildID, End)

        // Requests.
        /// Other settings, or the same with a new encoder: answered by ``Action/answer(_:)``.
        case change(WantedEncoding)
        /// The pictures of the new size that were asked for can't be had.
        case resizeFailed(String)
        /// A person wants another video bitrate, which needs no other encoder.
        case wantBitrate(UInt32)
        /// The next frame is to be an IDR.
        case wantKeyframe
        /// The links carry so many bits a second of pictures.
        case carried(UInt32)
    }

    package enum Action: Hashable, Sendable {
        // To encoders.
        case launch(Place, after: Duration)
        /// The one that has connected works from now on.
        case employ(ChildID, EncodingSettings)
        case turnAway(ChildID, String)
        case mapPools(ChildID)
        case encode(ChildID, CommitLedger.Entry, forceIDR: Bool)
        case encodeSound(ChildID, AudioLedger.Block)
        case reconfigure(ChildID, bitsPerSecond: UInt32)
        case flush(ChildID)
        case probe(ChildID)
        /// Ends it at once.
        case dismiss(ChildID, String)
        /// Lets it end by itself.
        case hangUp(ChildID)

        // What flows out.
        /// The frame in this slot is safe, or given up.
        case release(SlotReference)
        case configure(StreamConfiguration, number: Int)
        case send(Packet)

        // To the broadcast.
        case wake(Alarm, after: Duration)
        case post(Part, Happening)
        case died(ChildID, Part, frame: FrameNumber?, uncommitted: Int?, framesLate: Int)
        case recovered(Part)
        /// An encoder is open, or frames are safe.
        case progressed
        /// Pictures of this size are wanted.
        case resize(Canvas)
        /// The change that was asked for is in effect, or everything stays as it was.
        case answer(BroadcastError?)
        case fail(BroadcastError)
        /// All that was given has been sent.
        case drained
    }
}
