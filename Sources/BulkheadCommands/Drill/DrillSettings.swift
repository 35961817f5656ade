import BulkheadMaster
import BulkheadRTMP

/// What a drill is to do.
struct DrillSettings {
    var inputs: [String]
    /// Nil for the embedded server.
    var to: String?
    /// Where the viewer watches what goes `to` a server of the user's; nil for the same address.
    var view: String?
    /// The key from the environment, for an address that ends after the application.
    var streamKey: String?
    var faults: [Fault]
    /// Nil unless the faults were drawn at random.
    var seed: UInt64?
    var expectations: [Expectation]
    /// How long the broadcast is on air.
    var seconds: Double
    /// Frames a second, to count a fault's moment in frames.
    var frameRate: Double
    /// Flags for the encoder and the inputs, as they are given to `bulkhead broadcast`.
    var broadcastFlags: [String]
    /// The folder of the children's programs, if it is named.
    var libexec: String?

    /// What the viewer watches of `address`.
    func target(_ address: String) throws(IngestTargetError) -> IngestTarget {
        do { return try IngestTarget(view ?? address) } catch {
            guard error == .missingKey, let streamKey else { throw error }
            return try IngestTarget(view ?? address, key: streamKey)
        }
    }

    /// What is expected where nothing is said.
    static func standardExpectations(_ faults: [Fault]) -> [Expectation] {
        let always = [Expectation(.disorder, .equal, 0), Expectation(.backwards, .equal, 0)]
        // A server that goes away takes the connection with it, and what it had not yet handed on.
        guard !faults.contains(where: { $0.part == .server }) else { return always }
        return [Expectation(.lost, .equal, 0)] + always + [Expectation(.connections, .equal, 1)]
    }
}
