package import BulkheadModel

/// One way of a link to a server; a redundant link has two.
package struct LinkLane: Hashable, Sendable {
    package let link: LinkID
    /// From 0.
    package let lane: Int

    package init(_ link: LinkID, _ lane: Int = 0) {
        self.link = link
        self.lane = lane
    }
}
