package import BulkheadModel
package import BulkheadWire

/// What is read at one moment.
package struct InputsSnapshot: Codable, Hashable, Sendable {
    package struct Input: Codable, Hashable, Sendable {
        package let id: InputID
        package let name: String
        package let settings: InputSettings
        /// What the input is; nil before it has been opened.
        package let summary: String?
        /// It has a picture; nil before it has been opened.
        package let hasPicture: Bool?
        /// Why it is tried no more; nil where it is not given up.
        package let failure: String?
        /// How it is read, for people.
        package let child: ChildStatus
        /// How far a list has come; nil for all else.
        package let playlist: PlaylistStatus?
        /// The input that it is a backup of; nil for none.
        package let backupOf: InputID?
        /// What comes of a live input from the network, in bits a second; nil for all else.
        package let bitsPerSecond: Int?
        /// Packets of it that were damaged, or never came; nil for all else.
        package let packetsDropped: Int?
        /// Of its connection, where it is by SRT.
        package let roundTripMilliseconds: Double?
        package let srt: SRTStatus?
        /// Where the next process goes on; nil at the start.
        package let resume: SourceResume?
    }

    /// In the order in which they were named.
    package let inputs: [Input]
}
