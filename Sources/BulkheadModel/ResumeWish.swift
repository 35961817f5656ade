/// How a broadcast goes on that was interrupted.
package struct ResumeWish: Codable, Hashable, Sendable {
    /// What becomes of the timeline.
    package enum Timeline: String, Codable, Hashable, Sendable, CaseIterable {
        /// Frames and timestamps are counted on from where they stopped, and recordings get a next segment.
        case `continue`
        /// They begin at 0, and so do recordings.
        case fresh
    }

    package var timeline: Timeline
    /// Where nothing was interrupted, the broadcast begins as its settings say; else that is refused.
    package var mayStart: Bool

    package init(timeline: Timeline = .continue, mayStart: Bool = false) {
        self.timeline = timeline
        self.mayStart = mayStart
    }
}
