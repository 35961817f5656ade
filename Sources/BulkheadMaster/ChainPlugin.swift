import BulkheadChildren
import BulkheadEvents
import BulkheadModel
import BulkheadSystem
import BulkheadWire

/// A plugin of the chain over the lives of the hosts that run it. It lives on the reactor's thread.
final class ChainPlugin {
    /// Names it to its hosts; never used again in this broadcast.
    let id: UInt32
    /// As the user wants it.
    var choice: PluginChoice
    /// Where the catalogue has found it.
    var library: PluginLibraryPlace
    var quarantine = Quarantine()
    /// What it can be given, as its last host said.
    var abilities: PluginAbilities
    /// Why the host on air does not have it; empty when it does.
    var refusal = ""
    /// It was in a call when its host was killed from outside, the last time a host was.
    var wasInKill = false

    // Figures.
    var deaths = 0
    /// Calls that it answered with an error.
    var failures = 0
    /// Frames that went out without it because it was in its call for too long.
    var misses = 0
    private(set) var calls = 0
    /// For one frame, over the last second or so.
    private(set) var meanMicroseconds = 0.0

    init(id: UInt32, _ choice: PluginChoice, _ library: PluginLibraryPlace) {
        self.id = id
        self.choice = choice
        self.library = library
        abilities = library.abilities
    }

    var name: String { choice.name }

    /// It works as far as the master is concerned.
    var isActive: Bool { choice.isEnabled && quarantine.isFree && refusal.isEmpty }

    /// Notes one call.
    func note(_ time: PluginTime) {
        calls += 1
        if time.hasFailed { failures += 1 }
        if time.isLate { misses += 1 }
        let weight = max(1.0 / 30, 1 / Double(calls))
        meanMicroseconds += (Double(time.microseconds) - meanMicroseconds) * weight
    }

    /// What its host is told of it.
    var settings: PluginSettings {
        PluginSettings(
            id: id, path: library.path, label: library.label, parameters: choice.parameters,
            deadlineMicroseconds: choice.deadlineMicroseconds, isEnabled: choice.isEnabled)
    }

    /// What its host must be able to read for it.
    var readablePaths: [String] {
        let files = choice.parameters.filter { library.fileParameters.contains($0.key) && !$0.value.isEmpty }.map(
            \.value)
        return [library.path] + files.sorted()
    }

    func status(at now: MonotonicTime, host: Int32?) -> PluginStatus {
        let state: PluginStatus.State =
            switch quarantine.state {
            case .until: .quarantined
            case .off: .off
            case .free: !choice.isEnabled ? .disabled : !refusal.isEmpty ? .refused : host == nil ? .waiting : .working
            }
        return PluginStatus(
            name: name, plugin: choice.identity, parameters: choice.parameters, state: state,
            problem: refusal, microsecondsPerFrame: meanMicroseconds, calls: calls, failures: failures, misses: misses,
            deaths: deaths, secondsLeft: quarantine.secondsLeft(at: now), pid: host)
    }
}

/// A library that a plugin is in, as the catalogue describes it.
struct PluginLibraryPlace: Hashable {
    var path: String
    /// Which of the library's plugins; empty where it has one.
    var label = ""
    var abilities: PluginAbilities = .video
    /// Parameters whose values are files.
    var fileParameters: Set<String> = []
    /// As it was when the plugin was found.
    var description: PluginDescription
}

extension ChainPlugin {
    /// The plugin in events.
    var part: Part { .plugin(PluginID(Int(id)), name: name) }
}
