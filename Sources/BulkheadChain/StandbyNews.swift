package import BulkheadModel

/// What a standby is told of the room before it is needed, so that it has drawn all when it goes on air.
///
/// It hears of what the host on air has outlived: an event that crashes a plugin ends one host, and not both at once.
package struct StandbyNews: Sendable {
    /// More are not kept: the standby is told all again when it goes on air.
    package static let mostWaiting = 4096

    /// The standby that was told all that was before.
    private var standby: ChildID?
    private var waiting: [RoomEvent] = []
    /// How many of them the host on air was given before the picture that it has in hand.
    private var ahead = 0

    package init() {}

    /// The standby `child` was told all that is known.
    package mutating func briefed(_ child: ChildID) {
        standby = child
        (waiting, ahead) = ([], 0)
    }

    /// The host on air was told of `event`.
    package mutating func told(_ event: RoomEvent) {
        guard standby != nil else { return }
        guard waiting.count < Self.mostWaiting else { return forget() }
        waiting.append(event)
    }

    /// The host on air was given a picture.
    package mutating func gavePicture() { ahead = waiting.count }

    /// The host on air has answered a picture: gives what it has outlived, for the standby `child`.
    package mutating func answered(for child: ChildID?) -> [RoomEvent] {
        guard let child, child == standby, ahead > 0 else { return [] }
        defer {
            waiting.removeFirst(ahead)
            ahead = 0
        }
        return Array(waiting.prefix(ahead))
    }

    /// A host goes on air: gives what it has not been told, or nil where that is all.
    package mutating func wentOnAir(_ child: ChildID) -> [RoomEvent]? {
        defer { forget() }
        return child == standby ? waiting : nil
    }

    private mutating func forget() {
        standby = nil
        (waiting, ahead) = ([], 0)
    }
}
