package import BulkheadEvents
package import BulkheadMedia
package import BulkheadRTMP
package import BulkheadRTMPTransport

/// What a link's machine is told, and what it has done.
extension LinkMachine {
    /// Where a connection is kept that is ready up to createStream.
    package enum Place: Hashable, Sendable {
        /// For the next attempt.
        case course
        /// For the case that the connection on air is lost.
        case understudy
        /// For the next IDR.
        case move
    }

    package enum Event: Hashable, Sendable {
        // What the broadcast asks, at any time.
        case pause(Bool)
        case abort
        /// No more packets come: the link ends once it has sent what waits.
        case finish
        /// Try again now, and forget what servers have refused.
        case retry
        /// A route or an address of this machine has changed.
        case networkChanged
        /// Over to this server, and stay there.
        case move(Int)

        // What the course's last work came to.
        case started
        case measured
        /// The link's state was written to this file; nil where it could not be.
        case confirmed(file: String?)
        /// Time has passed, or somebody has woken the course.
        case waited
        case prepared(Place, PublishError?)
        case published(PublishError?)
        /// The queue starts so far before its newest packet.
        case begun(backfill: MediaTime)
        /// The connection has been given all, and nothing more comes.
        case sentAll
        /// ``LinkMachine/mustStop``
        case stopped
        /// The next packet is an IDR, and ``LinkMachine/isMoveDue(at:)``.
        case nextIsIDR(MediaTime)
        /// The connection on air is closed; with `isComplete` it had sent all that it was given.
        case drained(isComplete: Bool)
        /// The connection on air is closed, and nothing goes on beside it any more.
        case left(acknowledged: MediaTime?)

        // What the connection on air says.
        case accepted
        /// What the server has acknowledged can't be believed.
        case acknowledgementsDistrusted
        /// As the kernel has measured it on the connection on air.
        case roundTrip(Duration)
        case suspected(StallSign)
        case recovered
        case reconnectRequested(IngestTarget?, words: String)
        case ended(PublishEnd)

        // What goes on beside it.
        case lookAround
        case probed
        /// The understudy's connection was closed.
        case readyEnded
    }

    package enum Action: Hashable, Sendable {
        case post(LinkHappening)
        /// Ends attempts to connect.
        case cancelAttempts
        /// From now on the queue keeps the newest seconds, whether they were sent or not.
        case leaveAir
        /// Closes what is kept there, silently.
        case drop(Place)
        /// Ends ``Work/wait(_:)`` and ``Work/rest``.
        case wakeCourse
        /// Ends ``Work/lookAgain(after:)``.
        case wakeWatch
        case wakeSending
        case work(Work)
    }

    /// Something that takes time, and is answered by an event.
    package enum Work: Hashable, Sendable {
        /// Shakes hands with servers of which nothing is known yet.
        case measure([Int], patience: Duration)
        /// Saves the link's state, and meanwhile shakes hands.
        case confirm([Int], patience: Duration)
        case wait(Duration)
        case rest
        /// Makes a connection to the server, up to createStream.
        case prepare(Int, Place)
        case publish(Place)
        /// Puts the connection that was published last on air, and the queue at its start.
        ///
        /// - Parameter received: what a server is known to have; nil where all that was sent has arrived.
        case begin(rewinds: Bool, received: MediaTime?)
        /// Feeds the connection on air.
        case serve
        /// Lets the connection on air send what it was given, and closes it silently.
        case drain
        case leave(goodbye: Bool)
        /// The link is over. With `wasSaved` there may be a file that is not needed any more.
        case end(wasSaved: Bool)
        case fail(PublishError)
        case probe([Int], patience: Duration)
        case lookAgain(after: Duration)
    }
}
