import BulkheadMaster
package import BulkheadModel

/// A plugin of the chain in words.
package enum ChainText {
    /// One line: what it is, what it does, what it takes, and what went wrong.
    package static func line(_ plugin: PluginStatus) -> String {
        var line = "\(plugin.name): \(state(plugin))"
        let base = plugin.plugin.split(separator: "/").last.map(String.init) ?? plugin.plugin
        let parameters = plugin.parameters.sorted { $0.key < $1.key }.map { ",\($0.key)=\($0.value)" }.joined()
        line += ", \(base)\(parameters)"
        if plugin.calls > 0 { line += ", \(time(plugin.microsecondsPerFrame)) a frame" }
        if plugin.failures > 0 { line += ", failed \(CountText.times(plugin.failures))" }
        if plugin.misses > 0 { line += ", late \(CountText.times(plugin.misses))" }
        if plugin.deaths > 0 { line += ", ended its host \(CountText.times(plugin.deaths))" }
        if let pid = plugin.pid { line += ", process \(pid)" }
        return EventLine.clean(line)
    }

    /// A part of the status line; nil for a plugin that works.
    package static func trouble(_ plugin: PluginStatus) -> String? {
        switch plugin.state {
        case .working, .waiting: nil
        case .disabled, .quarantined, .off, .refused: EventLine.clean("\(plugin.name) \(state(plugin))")
        }
    }

    private static func state(_ plugin: PluginStatus) -> String {
        switch plugin.state {
        case .quarantined: "quarantined" + (plugin.secondsLeft.map { " for \(Int($0.rounded(.up))) s" } ?? "")
        case .refused: "refused (\(plugin.problem))"
        case .working, .waiting, .disabled, .off: plugin.state.rawValue
        }
    }

    /// "0.31 ms".
    private static func time(_ microseconds: Double) -> String {
        "\(DecimalText.text(microseconds / 1000, places: 2)) ms"
    }
}
