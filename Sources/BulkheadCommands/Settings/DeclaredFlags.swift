import ArgumentParser
import BulkheadModel

/// The flags of the settings that are declared in one section: what ``Setting/all`` declares is a flag, and nothing has
/// to be written for it here.
///
/// ArgumentParser finds the flags of a type by its mirror and fills them by `Decodable`. Both are made from the
/// declarations.
struct DeclaredFlags<Section: FlagSection>: DeclaredFlagGroup {
    /// The words of each setting; none where its flag was not given.
    private var words: [(setting: Setting, words: [String])] = []

    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: FlagKey.self)
        for setting in Self.settings {
            let key = FlagKey(setting)
            let value =
                setting.isSwitch
                ? try container.decode(Flag<Bool?>.self, forKey: key).wrappedValue.map { $0 ? "true" : "false" }
                : try container.decode(Option<String?>.self, forKey: key).wrappedValue
            words.append((setting, value.map { [$0] } ?? []))
        }
    }

    private static var settings: [Setting] { Setting.all.filter { $0.section == Section.section } }

    func collect(into all: inout BroadcastWords) {
        for (setting, words) in words { all[BroadcastKey(setting)] = words }
    }
}

extension DeclaredFlags: CustomReflectable {
    var customMirror: Mirror {
        Mirror(
            self, children: Self.settings.map { (label: FlagKey($0).stringValue, value: Self.flag($0) as Any) },
            displayStyle: .struct)
    }

    private static func flag(_ setting: Setting) -> any Sendable {
        let name = NameSpecification.customLong(setting.name)
        guard !setting.isSwitch else {
            return Flag<Bool?>(name: name, inversion: .prefixedNo, help: ArgumentHelp("\(setting.help)"))
        }
        return Option<String?>(
            name: name, help: ArgumentHelp("\(setting.help)", valueName: setting.placeholder),
            completion: Completion.values(of: setting))
    }
}

/// The declared flags of any section.
protocol DeclaredFlagGroup: ParsableArguments {
    /// Writes the value of every flag under the key with its name.
    func collect(into words: inout BroadcastWords)
}

/// A section of declared settings, as a type.
protocol FlagSection {
    static var section: Setting.Section { get }
}

/// The declared settings of the inputs.
enum InputSection: FlagSection {
    static let section = Setting.Section.input
}

/// The declared settings of the encoder and the plugins.
enum EncodingSection: FlagSection {
    static let section = Setting.Section.encoding
}

/// The declared settings of how a broadcast goes.
enum CourseSection: FlagSection {
    static let section = Setting.Section.course
}

/// The name of a declared setting, as ArgumentParser keeps its value.
private struct FlagKey: CodingKey {
    let stringValue: String

    init(_ setting: Setting) { stringValue = setting.name }
    init?(stringValue: String) { self.stringValue = stringValue }

    var intValue: Int? { nil }
    init?(intValue: Int) { nil }
}
