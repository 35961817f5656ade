package import BulkheadMedia

/// The stream configurations of a broadcast, counted from 0. Those that differ in their bitrates alone are one: players
/// need no new headers for it.
package struct StreamConfigurations: Sendable {
    /// The newest ones with their numbers. Each encoder may describe itself otherwise, and one that dies again and again
    /// must not fill the memory with that.
    private var kept: [(number: Int, configuration: StreamConfiguration)] = []
    private var count = 0
    private var announced: Set<Int> = []
    private static let mostKept = 64

    package init() {}

    /// The number of `configuration`, which is the newest from now on.
    package mutating func number(of configuration: StreamConfiguration) -> Int {
        let same = kept.last { known in
            known.configuration.canvas == configuration.canvas
                && known.configuration.avcConfiguration == configuration.avcConfiguration
                && known.configuration.audioSpecificConfig == configuration.audioSpecificConfig
        }
        if let same { return same.number }
        kept.append((count, configuration))
        count += 1
        if kept.count > Self.mostKept { announced.remove(kept.removeFirst().number) }
        return count - 1
    }

    /// The configuration of that number if it has never been announced, and is one of the newest 64.
    package mutating func announce(_ number: Int) -> StreamConfiguration? {
        // Asked for each packet.
        guard !announced.contains(number), let known = kept.first(where: { $0.number == number }) else { return nil }
        announced.insert(number)
        return known.configuration
    }
}
