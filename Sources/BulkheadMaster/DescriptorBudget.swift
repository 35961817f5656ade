package import BulkheadModel
import BulkheadSystem
import NIOCore

/// How many descriptors a broadcast may need: one that could not start another child when one dies must not begin.
package enum DescriptorBudget {
    /// Raises the process's limit as far as it goes.
    /// - Throws: kind `installation` when that is not enough for `settings`.
    package static func reserve(for settings: BroadcastSettings) throws(BroadcastError) {
        let needed = descriptorCount(for: settings, coreCount: System.coreCount)
        let limit = ProcessSetup.raiseDescriptorLimit()
        guard limit >= needed else {
            throw BroadcastError(
                code: .tooFewDescriptors, ["needed": "\(needed)", "limit": "\(limit)"],
                "only \(limit) files may be open at once, and a broadcast may need \(needed)",
                advice: "raise the limit")
        }
    }

    /// - Parameter coreCount: as many threads serve the links, with descriptors of their own.
    package static func descriptorCount(for settings: BroadcastSettings, coreCount: Int) -> UInt64 {
        let endpoints =
            settings.destinations.count + settings.inputs.count + (settings.recordings?.count ?? 0)
            + (settings.replaySeconds == nil ? 0 : 1) + (settings.recordsTracks == true ? settings.inputs.count : 0)
        let hosts = settings.pluginIsolation == .each ? max(4, settings.plugins.count) : 1
        return 128 + 4 * UInt64(max(0, coreCount)) + 8 * UInt64(endpoints) + 24 * UInt64(hosts)
    }
}
