package import BulkheadChildren
package import BulkheadEvents
package import BulkheadFrames
package import BulkheadModel
package import BulkheadSystem

/// What every room of a broadcast is given: the thread it lives on, the frame pools, the children's programs, and where
/// events and deaths go. It belongs to the broadcast, which sets the clock, and is confined to the reactor's thread.
package final class RoomContext {
    package let reactor: Reactor
    package let pools: FramePools
    package let programs: Programs
    package let events: EventLog
    /// Where the timeline stands, in seconds; nil before it has started.
    package var mediaSeconds: () -> Double? = { nil }
    /// Nothing is started any more.
    package private(set) var isOver = false

    /// The deaths of this broadcast's children.
    package private(set) var deaths = DeathRecords()
    /// Of the children of this broadcast, and of those of the same master before it.
    package private(set) var childIDs: IdentityCounter<ChildSubject>
    private var postIDs = IdentityCounter<PostSubject>()
    /// Launches that failed and have been reported, until one succeeds.
    private var launchProblems: Set<BroadcastError> = []

    /// - Parameter childIDs: those that the broadcasts before this one have given.
    package init(
        reactor: Reactor, pools: FramePools, programs: Programs, events: EventLog,
        childIDs: IdentityCounter<ChildSubject> = IdentityCounter()
    ) {
        self.childIDs = childIDs
        self.reactor = reactor
        self.pools = pools
        self.programs = programs
        self.events = events
    }

    package func nextChildID() -> ChildID { childIDs.next() }
    package func nextPostID() -> PostID { postIDs.next() }

    /// Posts what has happened to `part`.
    package func post(_ part: Part, _ happening: Happening) {
        events.post(part, happening, mediaSeconds: mediaSeconds())
    }

    /// From now on nothing is started and no timer of a room fires.
    package func close() { isOver = true }

    // MARK: deaths

    /// Posts that a child has died, and keeps it until ``recovered(_:at:)``.
    ///
    /// - Parameters:
    ///   - part: the child, with its duty.
    ///   - post: where its successor will work.
    package func died(_ part: Part, at post: PostID, _ end: ChildEnd, _ death: Death) {
        let cause = "\(end.cause)"
        let tail = end.standardErrorTail
        self.post(
            part,
            .child(
                .died(
                    pid: death.pid, cause: cause, frame: death.frame, uncommitted: death.uncommitted,
                    plugin: death.plugin, call: death.call, standardError: tail.isEmpty ? nil : tail)))
        let now = MonotonicTime.now
        deaths.add(
            DeathRecord(
                time: EventLog.wallClock(), mediaSeconds: mediaSeconds(), part: part, pid: death.pid, cause: cause,
                frame: death.frame,
                detectedWithinMilliseconds: sign(of: end, death).map { Double(now.since($0)) / 1e6 } ?? 0,
                framesLate: death.framesLate, standardError: tail, plugin: death.plugin),
            at: .init(post, part.duty ?? .onAir), now)
    }

    /// When the child was surely alive. One that has nothing to say, such as an idle standby, may have been silent for long; but
    /// where its process has ended by itself, that had not happened yet when the reactor looked the time before.
    private func sign(of end: ChildEnd, _ death: Death) -> MonotonicTime? {
        guard let sign = death.lastSign else { return nil }
        guard case .exited = end.cause else { return sign }
        return max(sign, reactor.lookedBefore)
    }

    /// The post works again: the successor of a child with `part`'s duty has done its first work.
    package func recovered(_ part: Part, at post: PostID) {
        let records = deaths.close(.init(post, part.duty ?? .onAir), .now)
        DeathArchive.standard.appendLater(records)
        for record in records {
            let milliseconds = Int((record.recoveredAfterMilliseconds ?? 0).rounded())
            self.post(
                part,
                .child(
                    .recovered(milliseconds: milliseconds, framesLate: record.framesLate, cause: record.cause)))
        }
    }

    /// What a room knows of a child's death besides its end.
    package struct Death {
        package var pid: Int32
        /// When the child was last heard of.
        package var lastSign: MonotonicTime?
        /// The first frame that it owed.
        package var frame: Int64?
        /// Frames that have to be given again, and so are late.
        package var framesLate = 0
        package var uncommitted: Int?
        /// The plugin that brought its host down, and in which call.
        package var plugin: String?
        package var call: PluginCall?

        package init(pid: Int32, lastSign: MonotonicTime? = nil, frame: Int64? = nil) {
            self.pid = pid
            self.lastSign = lastSign
            self.frame = frame
        }
    }

    // MARK: time

    /// Calls `work` after `delay`, on the reactor's thread, unless the broadcast is over by then.
    @discardableResult
    package func schedule(after delay: Duration, _ work: @escaping () -> Void) -> Reactor.Token {
        schedule(at: .now.advanced(by: delay), work)
    }

    /// Calls `work` at `deadline` or soon after, on the reactor's thread, unless the broadcast is over by then.
    @discardableResult
    package func schedule(at deadline: MonotonicTime, _ work: @escaping () -> Void) -> Reactor.Token {
        let bound = ReactorBound((self, work), reactor)
        return reactor.schedule(at: deadline) {
            let (context, work) = bound.value
            if !context.isOver { work() }
        }
    }

    // MARK: launches

    /// Launches a child after `delay`; where that fails it is reported once and tried again every second.
    package func launch(after delay: Duration, _ body: @escaping () throws(BroadcastError) -> Void) {
        guard delay > .zero else { return attempt(body) }
        schedule(after: delay) { self.attempt(body) }
    }

    private func attempt(_ body: @escaping () throws(BroadcastError) -> Void) {
        guard !isOver else { return }
        do throws(BroadcastError) {
            try body()
            launchProblems.removeAll()
        } catch {
            if launchProblems.insert(error).inserted {
                post(.master, .master(.launchFailed(reason: Reason(error.code.rawValue, error.problem))))
            }
            schedule(after: .seconds(1)) { self.attempt(body) }
        }
    }
}
