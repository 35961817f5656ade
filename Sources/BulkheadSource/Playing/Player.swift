import BulkheadWire

/// Something that fills lent slots and sends sound.
protocol Player: AnyObject {
    /// Does one small piece of work and comes back, so that the master's messages are heard in between.
    func step() throws(SourceStop) -> PlayerStep
}

/// What a player's step came to.
enum PlayerStep {
    /// Something was done, and more may be possible at once.
    case progressed
    /// Nothing can be done before the master lends a slot or grants sound.
    case idle
    /// All has been sent.
    case ended
    case failed(Refusal)
}
