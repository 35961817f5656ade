/// What is to be changed on air: settings by name, with the words that a person would write.
package struct SettingsChange: Codable, Hashable, Sendable {
    /// By ``Setting/name``; what is not named stays as it is.
    package private(set) var words: [String: String]

    package init() { words = [:] }

    /// - Throws: kind `usage`, naming the first word that can't be changed on air or has no such value.
    package init(_ words: [String: String]) throws(BroadcastError) {
        self.words = words
        try check()
    }

    package init(from decoder: any Decoder) throws {
        words = try decoder.singleValueContainer().decode([String: String].self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(words)
    }

    /// `settings` with the changes made.
    /// - Throws: kind `usage`: a word that can't be changed on air or has no such value, or values that don't go together.
    package func applied(to settings: BroadcastSettings) throws(BroadcastError) -> BroadcastSettings {
        try check()
        var settings = settings
        for setting in Setting.changeable {
            if let text = words[setting.name] { try setting.read(text, into: &settings) }
        }
        try settings.check()
        return settings
    }

    /// Checks each word for itself, and those that can't go together whatever else is set.
    private func check() throws(BroadcastError) {
        for (name, text) in words.sorted(by: { $0.key < $1.key }) {
            guard let setting = Setting.changeable.first(where: { $0.name == name }) else {
                throw Self.unchangeable(name)
            }
            guard setting.accepts(text) else { throw setting.misfit(text) }
        }
        if words["profile"] == "baseline", let bframes = words["bframes"], bframes != "0" {
            throw BroadcastSettings.baselineHasNoBFrames(bframes)
        }
    }

    /// The failure for a word that names no setting which can be changed.
    package static func unchangeable(_ name: String) -> BroadcastError {
        let problem =
            Setting.named(name) == nil
            ? "there is no setting \"\(name.prefix(40))\"" : "\"\(name)\" can't be changed on air"
        return BroadcastError(code: .unknownSetting, ["name": String(name.prefix(40))], problem, advice: advice)
    }

    package static let advice =
        "write NAME=VALUE with one of " + Setting.changeable.map(\.name).joined(separator: ", ")
}

/// A part of the broadcast that can be started anew on air.
package enum RestartablePart: String, Codable, Hashable, Sendable, CaseIterable {
    case encoder
    case plugins
    case source
    case mixer
}
