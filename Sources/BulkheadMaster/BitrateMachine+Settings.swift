import BulkheadModel
import BulkheadOutputs

extension BitrateMachine.Settings {
    /// What a broadcast says of bitrates.
    init(_ settings: BroadcastSettings) {
        self.init(
            wanted: settings.videoBitsPerSecond, minimum: settings.minimumVideoBitsPerSecond,
            sound: settings.audioBitsPerSecond, rule: settings.congestion)
    }
}
