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
    /// How many servers are published to, each by a link of its own; 1 where `to` names the server.
    var linkCount: Int
    var faults: [Fault]
    /// Nil unless the faults were drawn at random.
    var seed: UInt64?
    /// Of each link alike; empty for the standard ones.
    var expectations: [Expectation]
    /// How long the broadcast is on air.
    var seconds: Double
    /// Frames a second, to count a fault's moment in frames.
    var frameRate: Double
    /// Of pictures and sound, in bits a second, to make a path too slow for it.
    var bitsPerSecond: Int
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

    /// What is expected where nothing is said: of a link whose server is left alone, that nothing shows at all.
    static func standardExpectations(_ faults: [Fault], link: Int) -> [Expectation] {
        let always = [
            Expectation(.lost, .equal, 0), Expectation(.disorder, .equal, 0), Expectation(.backwards, .equal, 0),
        ]
        // A server that goes away takes the connection with it; what it had not handed on is sent again.
        guard !faults.contains(where: { $0.part == .server && $0.link == link }) else { return always }
        return always + [Expectation(.connections, .equal, 1)]
    }

    func expectations(of link: Int) -> [Expectation] {
        expectations.isEmpty ? Self.standardExpectations(faults, link: link) : expectations
    }
}
