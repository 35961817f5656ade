package import BulkheadMedia
package import BulkheadModel
import BulkheadSystem
import Glibc

/// What the chain needs to know of a broadcast.
package struct ChainSettings: Sendable {
    /// The plugins that the chain begins with, in the order in which they work.
    package var plugins: [PluginFinder.Found]
    /// How many hosts the plugins have.
    package var isolation: PluginIsolation
    /// The pictures' size.
    package var canvas: Canvas
    package var frameRate: FrameRate
    /// No viewer waits: a host has as long as one that works ever takes.
    package var isPatient: Bool
    /// Beside each host another one waits, loaded like it.
    package var hasStandbys: Bool
    /// The number of the first frame that comes in.
    package var firstFrame: FrameNumber = 0

    package init(
        plugins: [PluginFinder.Found], isolation: PluginIsolation, canvas: Canvas, frameRate: FrameRate,
        isPatient: Bool = false, hasStandbys: Bool = true
    ) {
        self.plugins = plugins
        self.isolation = isolation
        self.canvas = canvas
        self.frameRate = frameRate
        self.isPatient = isPatient
        self.hasStandbys = hasStandbys
    }
}

/// What a host may take: from its plugins' settings.
package struct PostLimits: Hashable, Sendable {
    /// A host that is late by this much does not work any more.
    package static let patience = Duration.seconds(1)
    /// From a host's launch until its plugins are loaded.
    package static let opening = Duration.seconds(5)
    /// Threads of a host; each costs memory of the kernel's that no limit counts, and all of them together those of others.
    package static let mostThreads = mostThreads(
        processors: sysconf(CInt(_SC_NPROCESSORS_ONLN)), groupLimit: ThreadSupply.groupLimit)

    /// - Parameters:
    ///   - processors: how many the machine has.
    ///   - groupLimit: how many threads the control group may have; nil for any number. A quarter is for one host: its
    ///     standby may have as many.
    package static func mostThreads(processors: Int, groupLimit: Int?) -> Int {
        let own = 2 * max(1, processors)
        return min(64 + own, groupLimit.map { max(4 + own, $0 / 4) } ?? .max)
    }

    /// What a host may hold of memory while it loads its plugins, in bytes.
    package static let openingMemoryByteCount = 2 << 30

    /// How long the post may take for one frame: one interval for all plugins that have no deadline of their own, and
    /// theirs for the others.
    package let deadline: Duration
    /// How much a host may grow, in bytes: what its plugins may take, and once the standard for those that don't say.
    package let memoryByteCount: Int

    package init(_ plugins: [ChainPlugin], frameRate: FrameRate, isPatient: Bool) {
        deadline = isPatient ? Self.patience : Self.deadline(plugins, frameRate)
        let own = plugins.filter(\.choice.isEnabled).map { Int($0.choice.memoryMebibytes) }
        let needsStandard = own.isEmpty || own.contains(0)
        memoryByteCount = (own.reduce(0, +) + (needsStandard ? PluginChoice.standardMebibytes : 0)) << 20
    }

    private static func deadline(_ plugins: [ChainPlugin], _ frameRate: FrameRate) -> Duration {
        let interval = Duration.nanoseconds(max(frameRate.interval.nanoseconds, 20_000_000))
        var sum = Duration.zero
        var sharesInterval = false
        for plugin in plugins where plugin.isActive {
            if plugin.choice.deadlineMicroseconds > 0 {
                sum += .microseconds(Int64(plugin.choice.deadlineMicroseconds))
            } else {
                sharesInterval = true
            }
        }
        return sharesInterval || sum == .zero ? sum + interval : sum
    }

    /// After how long without an answer the host has no hope left.
    package var patience: Duration { max(Self.patience, deadline * 2) }
}
