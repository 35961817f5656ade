/// A moment as a session is told it, on two clocks.
package struct ChatMoment: Hashable, Sendable {
    /// In milliseconds since 1970: what comments are dated by. It may be set back.
    package let wall: Int64
    /// In milliseconds since whenever: what waits are counted by. It never goes back.
    package let steady: Int64

    package init(wall: Int64, steady: Int64) {
        self.wall = wall
        self.steady = steady
    }
}
