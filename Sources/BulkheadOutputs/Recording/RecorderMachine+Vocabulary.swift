package import BulkheadEvents
package import BulkheadMedia
package import BulkheadModel
package import BulkheadWire

// What a ``RecorderMachine`` is told, and what it asks for.
extension RecorderMachine {
    /// How it goes about it.
    package struct Terms: Hashable, Sendable {
        package var task: RecorderTask
        /// Written to where the first disk takes nothing; empty for none.
        package var fallbackFolder = ""
        package var report = Duration.seconds(10)
        /// Bytes that are given before they are written.
        package var window = 8 << 20
        /// A fallback is left for the first disk after so long, to see whether that is well.
        package var returns = Duration.seconds(60)
        /// The longest that this becomes: it doubles with each attempt that fails.
        package var longestReturn = Duration.seconds(900)

        /// Where nothing gets to the disk for so long, the work has failed; nil for never.
        package var patience: Duration?
        /// What is wrong is told as it happens; else the work's end alone tells it.
        package var tellsTrouble = true
        /// The number of the first picture among those of the broadcast.
        package var firstPicture: Int64 = 0

        package init(_ task: RecorderTask) { self.task = task }
    }

    package enum Event: Sendable {
        /// The work begins, also where it has failed before.
        case start
        case configuration(StreamConfiguration, number: Int)
        case packet(Packet)
        /// Sound of a further track, counted from 0.
        case track(Int, Packet)
        /// Something to be found again, at the picture that came last.
        case note(RecordNote)
        /// A comment of the audience, at the picture that came last.
        case comment(RecorderComment)
        /// How the room is from now on.
        case room(RecorderComment)
        case launched(ChildID)
        /// Both sides have said hello.
        case greeted(ChildID)
        case said(ChildID, RecorderReply)
        /// A recorder has ended: how, in words for people.
        case ended(ChildID, String)
        /// ``tick`` has passed.
        case tick
        /// No more packets come.
        case finish
        /// It ends now, with whatever waits.
        case abort
    }

    package enum Action: Hashable, Sendable {
        case launch(after: Duration)
        case open(ChildID, RecorderTask)
        case give(ChildID, RecorderRequest)
        /// Let it end by itself.
        case retire(ChildID)
        /// End it now; `isItsFault` where it is a death like any other, and not its disk's.
        case dismiss(ChildID, String, isItsFault: Bool)
        case post(RecordingHappening)
        case ready(ChildID)
        /// A recorder has put something on the disk for the first time.
        case worked(ChildID)
        /// There is room again, for a broadcast in no hurry.
        case room
        /// The work has come to its end.
        case complete
        /// It can't go on: the system's error and the file that it is about.
        case fail(errno: Int32, path: String)
    }
}
