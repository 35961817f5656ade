package import BulkheadModel

/// The links of a broadcast at one moment. It holds no stream keys.
package struct OutputsSnapshot: Codable, Hashable, Sendable {
    package struct Link: Codable, Hashable, Sendable {
        package var id: LinkID
        package var name: String
        /// It does its work; one that has failed does not.
        package var isRunning: Bool
        /// One for each server that it publishes to at once.
        package var lanes: [LinkStatus]
    }

    /// In the order in which they were declared.
    package var links: [Link]
    /// What encoders are told for pictures: less than what the user wants while a link can't carry it.
    package var videoBitsPerSecond: UInt32
    /// A destination was sent a picture, also one that was removed since.
    package var hasSent: Bool
    /// What is recorded besides the links.
    package var recordings: [RecordingStatus] = []
    /// What is kept for replays; nil for nothing.
    package var replay: ReplayStatus?
    /// The recorders, of recordings and of links.
    package var children: [ChildStatus] = []

    /// All lanes of all links.
    package var statuses: [LinkStatus] { links.flatMap(\.lanes) }
}
