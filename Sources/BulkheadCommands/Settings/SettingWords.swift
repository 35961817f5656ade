package import BulkheadModel

/// Declared settings in words: from flags, from a configuration file, or on air.
package enum SettingWords {
    /// Reads what `words` say of declared settings; what they don't say stays.
    /// - Throws: kind `usage`: one line that names the flag and says what it takes.
    static func read(_ words: BroadcastWords, into settings: inout BroadcastSettings) throws(BroadcastError) {
        for setting in Setting.all {
            let key = BroadcastKey(setting)
            guard let text = words.last(key) else { continue }
            do { try setting.read(text, into: &settings) } catch {
                let place = words.place(of: key).map { "\($0): " } ?? "--"
                throw BroadcastError(error.kind, place + error.problem, advice: error.advice)
            }
        }
        try settings.check()
    }

    /// The changes on air that words such as `preset=fast` ask for.
    /// - Throws: kind `usage`: one line that names the word and says what it takes.
    package static func change(_ arguments: [String]) throws(BroadcastError) -> SettingsChange {
        var words: [String: String] = [:]
        for argument in arguments {
            guard let equals = argument.firstIndex(of: "=") else {
                guard let setting = Setting.changeable.first(where: { $0.name == argument }) else {
                    throw SettingsChange.unchangeable(argument)
                }
                throw BroadcastError(
                    .usage, "\"\(argument)\" has no value", advice: "write \(argument)=VALUE; it takes \(setting.takes)"
                )
            }
            words[String(argument[..<equals])] = String(argument[argument.index(after: equals)...])
        }
        guard !words.isEmpty else {
            throw BroadcastError(.usage, "there is nothing to change", advice: SettingsChange.advice)
        }
        return try SettingsChange(words)
    }
}
