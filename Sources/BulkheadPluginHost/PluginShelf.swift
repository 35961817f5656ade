import BulkheadWire
import Glibc

/// The libraries that are open, each once however many plugins are made from it.
final class PluginShelf {
    /// A library, understood as the kind that it is.
    enum Library {
        case bulkhead(BulkheadLibrary)
        case frei0r(Frei0rLibrary)
        case ladspa(LadspaLibrary)
    }

    private var libraries: [String: Library] = [:]

    /// Opens the library at `path`, or finds it open.
    /// - Throws: a refusal whose phrase stands by itself.
    func open(_ path: String) throws(Refusal) -> Library {
        if let library = libraries[path] { return library }
        let shared = try SharedLibrary(path: path)
        let library: Library =
            switch shared.kind {
            case .bulkhead: .bulkhead(try BulkheadLibrary(shared))
            case .frei0r: .frei0r(try Frei0rLibrary(shared))
            case .ladspa: .ladspa(try LadspaLibrary(shared))
            }
        libraries[path] = library
        return library
    }

    /// Makes a plugin as `settings` say.
    /// - Throws: a refusal whose phrase stands by itself.
    func instance(
        _ settings: PluginSettings, stage: PluginStage, voice: PluginVoice
    ) throws(Refusal) -> any PluginInstance {
        let library = try voice.during(.open) { () throws(Refusal) in try open(settings.path) }
        return try voice.during(.create) { () throws(Refusal) -> any PluginInstance in
            let parameters = settings.parameters
            switch library {
            case .ladspa(let library):
                let plugin = try library.plugin(label: settings.label)
                return try LadspaInstance(library, plugin, parameters: parameters, voice: voice)
            case .bulkhead(let library):
                try Self.refuseLabel(settings)
                return try BulkheadInstance(library, parameters: parameters, stage: stage, voice: voice)
            case .frei0r(let library):
                try Self.refuseLabel(settings)
                return try Frei0rInstance(library, parameters: parameters, stage: stage, voice: voice)
            }
        }
    }

    private static func refuseLabel(_ settings: PluginSettings) throws(Refusal) {
        guard settings.label.isEmpty else {
            throw Refusal(
                .settings, "\(settings.path) holds one plugin, which has no label: #\(settings.label) is too much")
        }
    }
}
