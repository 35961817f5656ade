package import BulkheadMedia

/// The stream configurations of a broadcast, counted from 0. Those that differ in their bitrates alone are one: players
/// need no new headers for it.
package struct StreamConfigurations: Sendable {
    private var all: [StreamConfiguration] = []
    private var announced: Set<Int> = []

    package init() {}

    /// The number of `configuration`, which is the newest from now on.
    package mutating func number(of configuration: StreamConfiguration) -> Int {
        let same = all.lastIndex {
            $0.canvas == configuration.canvas && $0.avcConfiguration == configuration.avcConfiguration
                && $0.audioSpecificConfig == configuration.audioSpecificConfig
        }
        if let same { return same }
        all.append(configuration)
        return all.count - 1
    }

    /// The configuration of that number if it has never been announced.
    package mutating func announce(_ number: Int) -> StreamConfiguration? {
        guard all.indices.contains(number), announced.insert(number).inserted else { return nil }
        return all[number]
    }
}
