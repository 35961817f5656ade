/// Which frames are left out when the encoder does not keep up.
///
/// Frames that wait for the encoder fill the pool, and a full pool has no room for a takeover. So when three quarters of
/// the room are taken, every second frame is left out at the source's side, until only a quarter is; when all is taken,
/// every frame is.
package struct OverloadRule: Hashable, Sendable {
    /// Frames are being left out.
    package private(set) var isThinning = false
    private var leavesOutNext = true

    package init() {}

    /// Decides on the next frame.
    /// - Parameters:
    ///   - backlog: frames that wait, besides those that the encoder holds by its nature.
    ///   - room: how many may.
    package mutating func admits(backlog: Int, room: Int) -> Bool {
        if backlog >= room {
            isThinning = true
            return false
        }
        if !isThinning, backlog * 4 >= room * 3 {
            isThinning = true
            leavesOutNext = true
        } else if isThinning, backlog * 4 <= room {
            isThinning = false
        }
        guard isThinning else { return true }
        leavesOutNext.toggle()
        return leavesOutNext
    }
}
