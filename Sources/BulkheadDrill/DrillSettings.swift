package import BulkheadProbe
import BulkheadRTMP

/// What a drill is to do.
package struct DrillSettings: Sendable {
    /// The inputs of the broadcast, as they are given to `bulkhead broadcast`.
    package var inputs: [String]
    /// The pictures have numbers, so that those that are lost can be missed.
    package var hasNumbers: Bool
    /// Nil for the embedded server.
    package var to: String?
    /// Where the viewer watches what goes `to` a server of the user's; nil for the same address.
    package var view: String?
    /// The key from the environment, for an address that ends after the application.
    package var streamKey: String?
    /// How many servers are published to, each by a link of its own; 1 where `to` names the server.
    package var linkCount: Int
    /// The plan, in the order of the report.
    package var faults: [Fault]
    /// Nil unless the faults were drawn at random.
    package var seed: UInt64?
    /// Of each link alike; empty for the standard ones.
    package var expectations: [Expectation]
    /// How long the broadcast is on air.
    package var seconds: Double
    /// Frames a second, to count a fault's moment in frames.
    package var frameRate: Double
    /// Of pictures and sound, in bits a second, to make a path too slow for it.
    package var bitsPerSecond: Int
    /// Flags for the encoder and the inputs, as they are given to `bulkhead broadcast`.
    package var broadcastFlags: [String]
    /// The folder of the children's programs, if it is named.
    package var libexec: String?
    /// The scenes that are shown one after the other; nil where what is shown stays.
    package var scenes: DrillScenes?
    /// How `bulkhead broadcast` ends when one of its destinations fails: a filled disk is no failure of a drill.
    package var exitCodeOfLostRecording: Int32

    /// A plan as it is made of flags, which have been checked.
    package init(
        inputs: [String], hasNumbers: Bool, to: String?, view: String?, streamKey: String?, linkCount: Int,
        faults: [Fault],
        seed: UInt64?, expectations: [Expectation], seconds: Double, frameRate: Double, bitsPerSecond: Int,
        broadcastFlags: [String], libexec: String?, exitCodeOfLostRecording: Int32, scenes: DrillScenes? = nil
    ) {
        self.scenes = scenes
        self.inputs = inputs
        self.hasNumbers = hasNumbers
        self.to = to
        self.view = view
        self.streamKey = streamKey
        self.linkCount = linkCount
        self.faults = faults
        self.seed = seed
        self.expectations = expectations
        self.seconds = seconds
        self.frameRate = frameRate
        self.bitsPerSecond = bitsPerSecond
        self.broadcastFlags = broadcastFlags
        self.libexec = libexec
        self.exitCodeOfLostRecording = exitCodeOfLostRecording
    }

    /// What the viewer watches of `address`.
    func target(_ address: String) throws(IngestTargetError) -> IngestTarget {
        do { return try IngestTarget(view ?? address) } catch {
            guard error == .missingKey, let streamKey else { throw error }
            return try IngestTarget(view ?? address, key: streamKey)
        }
    }

    /// What is expected where nothing is said: of a link whose server is left alone, that nothing shows at all. Pictures
    /// without numbers are judged by their timestamps, and those of scenes by the numbers of each input in its place.
    package static func standardExpectations(
        _ faults: [Fault], link: Int, hasNumbers: Bool, hasScenes: Bool = false
    ) -> [Expectation] {
        let always =
            hasScenes
            ? [
                Expectation(.missing, .equal, 0), Expectation(.inputLost, .equal, 0),
                Expectation(.backwards, .equal, 0),
            ]
            : hasNumbers
                ? [
                    Expectation(.lost, .equal, 0), Expectation(.disorder, .equal, 0),
                    Expectation(.backwards, .equal, 0),
                ]
                : [Expectation(.backwards, .equal, 0), Expectation(.jumps, .equal, 0)]
        let comments =
            faults.contains { $0.part == .chat }
            ? [Expectation(.commentsLost, .equal, 0), Expectation(.commentsTwice, .equal, 0)] : []
        // What a server that goes away had not handed on is sent again.
        guard !faults.contains(where: { $0.mayEndConnection && $0.link == link }) else { return always + comments }
        return always + [Expectation(.connections, .equal, 1)] + comments
    }

    /// The drill has a chat.
    package var hasChat: Bool {
        faults.contains { $0.part == .chat }
            || expectations.contains { $0.measure == .commentsLost || $0.measure == .commentsTwice }
    }

    func expectations(of link: Int) -> [Expectation] {
        expectations.isEmpty
            ? Self.standardExpectations(faults, link: link, hasNumbers: hasNumbers, hasScenes: scenes != nil)
            : expectations
    }
}
