package import BulkheadChildren
package import BulkheadModel
package import BulkheadSystem
package import BulkheadWire

/// A plugin of the chain over the lives of the hosts that run it.
package struct ChainPlugin: Hashable, Sendable {
    /// Names the plugin to its hosts, too; never used again in this broadcast.
    package let id: PluginID
    /// As the user wants it.
    package var choice: PluginChoice
    /// Where the catalogue has found it.
    package var library: PluginLibrary
    package var quarantine = Quarantine()
    /// What it can be given, as its last host said.
    package var abilities: PluginAbilities
    /// Why the host on air does not have it; nil when it does.
    package var refusal: Refusal?

    // Figures.
    package var deaths = 0
    /// Calls that it answered with an error.
    package var failures = 0
    /// Frames that went out without it because it was in its call for too long.
    package var misses = 0
    package private(set) var calls = 0
    /// For one frame, over the last second or so.
    package private(set) var meanMicroseconds = 0.0

    package init(id: PluginID, _ found: PluginFinder.Found) {
        self.id = id
        choice = found.choice
        library = found.library
        abilities = found.library.description.abilities
    }

    package var name: String { choice.name }

    /// It works as far as the master is concerned.
    package var isActive: Bool { choice.isEnabled && quarantine.isFree && refusal == nil }

    /// Notes one call.
    package mutating func note(_ time: PluginTime) {
        calls += 1
        if time.hasFailed { failures += 1 }
        if time.isLate { misses += 1 }
        let weight = max(1.0 / 30, 1 / Double(calls))
        meanMicroseconds += (Double(time.microseconds) - meanMicroseconds) * weight
    }

    /// Notes that the plugin has brought a host down.
    /// - Returns: false where the plugin is left out already: a host that had it loaded before dies of it once more,
    ///   and that is one misdeed, not two.
    package mutating func charge(at now: MonotonicTime) -> Bool {
        deaths += 1
        guard quarantine.isFree else { return false }
        quarantine.charge(at: now)
        return true
    }

    /// What its host is told of it.
    package var settings: PluginSettings {
        PluginSettings(
            id: id.onWire, path: library.description.path, label: library.description.label,
            parameters: choice.parameters,
            deadlineMicroseconds: choice.deadlineMicroseconds, isEnabled: choice.isEnabled)
    }

    /// What its host must be able to read for it.
    package var readablePaths: [String] {
        let files = choice.parameters.filter { library.fileParameters.contains($0.key) && !$0.value.isEmpty }.map(
            \.value)
        return [library.description.path] + files.sorted()
    }

    package func status(at now: MonotonicTime, host: Int32?) -> PluginStatus {
        let state: PluginStatus.State =
            switch quarantine.state {
            case .until: .quarantined
            case .off: .off
            case .free: !choice.isEnabled ? .disabled : refusal != nil ? .refused : host == nil ? .waiting : .working
            }
        return PluginStatus(
            name: name, plugin: choice.identity, parameters: choice.parameters, state: state,
            problem: refusal.map { "\($0)" } ?? "", microsecondsPerFrame: meanMicroseconds, calls: calls,
            failures: failures, misses: misses,
            deaths: deaths, secondsLeft: quarantine.secondsLeft(at: now), pid: host)
    }
}

/// A library that a plugin is in, as the catalogue describes it.
package struct PluginLibrary: Hashable, Sendable {
    /// As it was when the plugin was found.
    package var description: PluginDescription
    /// Parameters whose values are files.
    package var fileParameters: Set<String>

    package init(_ description: PluginDescription, fileParameters: Set<String> = []) {
        self.description = description
        self.fileParameters = fileParameters
    }
}

extension PluginID {
    /// As the messages to plugin hosts have it, which know no more than 2^32 plugins; 0 is none.
    package var onWire: UInt32 { UInt32(clamping: number) }

    /// The plugin that a host names.
    package init(onWire number: UInt32) { self.init(Int(number)) }
}
