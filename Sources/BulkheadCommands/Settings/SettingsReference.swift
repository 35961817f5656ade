import BulkheadModel
import Foundation

/// The declared settings as pages for people and as a schema for editors: all are made of ``Setting/all``.
package enum SettingsReference {
    /// A form in which the settings are printed.
    package enum Format: String, CaseIterable, Sendable {
        case text, markdown, man
        case jsonSchema = "json-schema"
    }

    /// The settings in `format`, with a newline at the end.
    package static func page(_ format: Format) -> String {
        switch format {
        case .text: text
        case .markdown: markdown
        case .man: manual
        case .jsonSchema: jsonSchema
        }
    }

    private static var text: String {
        Setting.all.map { setting in
            "\(setting.name)\n    \(setting.help)\n    Takes \(setting.takes). \(effect(setting))\n"
        }.joined()
    }

    private static var markdown: String {
        let rows = Setting.all.map { "| `\($0.name)` | \($0.takes) | \($0.applies.rawValue) | \($0.help) |" }
        return (["| setting | takes | takes effect | what it does |", "| --- | --- | --- | --- |"] + rows)
            .joined(separator: "\n") + "\n"
    }

    private static var manual: String {
        Setting.all.map { setting in
            ".TP\n.B \(roff(setting.name))\nTakes \(roff(setting.takes)). \(effect(setting))\n"
        }.joined()
    }

    private static func effect(_ setting: Setting) -> String { "Takes effect \(setting.applies.rawValue)." }

    private static func roff(_ text: String) -> String {
        text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
    }

    // MARK: JSON Schema

    /// JSON Schema 2020-12 of a configuration file.
    private static var jsonSchema: String {
        var properties: [String: Any] = [
            "links": links, PluginEntries.key: plugins, InputEntry.key: inputs, "scenes": scenes,
        ]
        for key in BroadcastKey.allCases { properties[key.rawValue] = schema(of: key) }
        properties[RoomWords.key] = room
        properties[TimetableWords.key] = timetable
        properties[TimetableWords.zoneKey] = ["type": "string"]
        let schema: [String: Any] = [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Bulkhead's configuration file", "type": "object", "additionalProperties": false,
            "properties": properties,
        ]
        let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? JSONSerialization.data(withJSONObject: schema, options: options) else { return "" }
        return String(decoding: data, as: UTF8.self) + "\n"
    }

    private static func schema(of key: BroadcastKey) -> [String: Any] {
        guard let setting = Setting.named(key.rawValue) else {
            if key.isSwitch { return ["type": "boolean"] }
            return key.isList ? ["anyOf": [scalar, ["type": "array", "items": scalar]]] : scalar
        }
        var schema: [String: Any] =
            switch setting.schema {
            case .boolean: ["type": "boolean"]
            case .integer(let range): ["type": "integer", "minimum": range.lowerBound, "maximum": range.upperBound]
            case .text: scalar
            case .choice(let words): ["enum": words]
            }
        schema["description"] = "\(setting.help) Takes \(setting.takes)."
        return schema
    }

    /// A plain value: YAML reads a word of digits as a number.
    private static var scalar: [String: Any] { ["type": ["string", "number"]] }

    private static var links: [String: Any] {
        let ofServer = ["server", "key", "key-file", "weight", "priority"]
        let server: [String: Any] = object(ofServer.map { ($0, scalar) }, required: ["server"])
        let servers: [String: Any] = ["type": "array", "items": ["anyOf": [scalar, server]]]
        let link = object(
            ["name", "rule", "backfill", "watch"].map { ($0, scalar) }
                + ["redundant", "script-data"].map { ($0, ["type": "boolean"]) } + [("servers", servers)]
                + ofServer.map { ($0, scalar) }, required: [])
        return ["type": "array", "items": ["anyOf": [scalar, link]]]
    }

    private static var plugins: [String: Any] {
        let parameters: [String: Any] = [
            "type": "object", "additionalProperties": ["type": ["string", "number", "boolean"]],
        ]
        let plugin = object(
            [("plugin", scalar), ("parameters", parameters), ("enabled", ["type": "boolean"])]
                + ["name", "deadline", "memory"].map { ($0, scalar) }, required: ["plugin"])
        return ["type": "array", "items": ["anyOf": [scalar, plugin]]]
    }

    private static var timetable: [String: Any] {
        let actions = object(TimetableWords.actions.map { ($0, ["type": ["string", "object"]]) }, required: [])
        let entry = object(
            [("at", ["type": "string"]), ("do", ["anyOf": [actions, ["type": "array", "items": actions]]])],
            required: ["at", "do"])
        return ["type": "array", "items": entry]
    }

    private static var room: [String: Any] {
        let list: [String: Any] = ["anyOf": [scalar, ["type": "array", "items": scalar]]]
        let fields = object(
            [("name", scalar)] + RoomWords.keys.map { ($0, $0 == "shown" ? word : scalar) }
                + RoomWords.listKeys.map { ($0, list) }, required: [])
        return ["anyOf": [scalar, fields]]
    }

    /// A plain value, or `true` and `false`.
    private static var word: [String: Any] { ["type": ["string", "number", "boolean"]] }

    private static var inputs: [String: Any] {
        let ducking = object((["under"] + AudioWords.duckKeys).map { ($0, scalar) }, required: ["under"])
        let list: [String: Any] = ["anyOf": [scalar, ["type": "array", "items": scalar]]]
        let backup: [(String, [String: Any])] = [
            ("backups", list), ("when", list), ("return", ["enum": ReturnPolicy.allCases.map(\.rawValue)]),
            ("cold", ["type": "boolean"]), ("times", object(BackupWords.timeKeys.map { ($0, scalar) }, required: [])),
        ]
        func input(isNamed: Bool) -> [String: Any] {
            let keys = ["input", "format"] + InputWords.optionKeys.filter { !isNamed || $0 != "name" }
            return object(
                keys.map { ($0, scalar) } + AudioWords.stripKeys.map { ($0, word) }
                    + [("loop", ["type": "boolean"]), ("duck", ["anyOf": [scalar, ducking]])] + backup,
                required: ["input"])
        }
        return [
            "anyOf": [
                ["type": "array", "items": ["anyOf": [scalar, input(isNamed: false)]]],
                ["type": "object", "additionalProperties": ["anyOf": [scalar, input(isNamed: true)]]],
            ]
        ]
    }

    private static var scenes: [String: Any] {
        let item = object([("input", scalar)] + SceneWords.itemKeys.map { ($0, word) }, required: ["input"])
        let properties: [(String, [String: Any])] = [
            ("layout", ["enum": SceneLayout.allCases.map(\.rawValue)]),
            ("inputs", ["type": "array", "items": scalar]),
            ("items", ["type": "array", "items": ["anyOf": [scalar, item]]]),
        ]
        return [
            "anyOf": [
                ["type": "array", "items": object([("name", scalar)] + properties, required: ["name"])],
                ["type": "object", "additionalProperties": object(properties, required: [])],
            ]
        ]
    }

    private static func object(_ properties: [(String, [String: Any])], required: [String]) -> [String: Any] {
        [
            "type": "object", "additionalProperties": false, "required": required,
            "properties": Dictionary(properties) { _, last in last },
        ]
    }
}
