package import BulkheadEvents
package import BulkheadFLV
import BulkheadModel

extension ScriptData {
    /// What a live server is told of a recording: `onRecording`, with the event's code, the recording's name and the event's
    /// values (docs/links.md). Of a file's path only the last part goes out; how the master's folders are called is no
    /// business of a server's.
    package init(of recording: String, _ happening: RecordingHappening) {
        let facts = happening.facts
        var values: AMF0Object = [
            "event": .string("recording.\(facts.word.rawValue)"), "recording": .string(recording),
            "level": .string(facts.level.rawValue),
        ]
        for key in Key.allCases {
            guard let value = facts.values[key] else { continue }
            if key == .path, case .string(let path) = value {
                values.append("file", .string(path.split(separator: "/").last.map(String.init) ?? ""))
            } else {
                values.append(key.rawValue, AMF0Value(value))
            }
        }
        self.init("onRecording", values)
    }
}

extension AMF0Value {
    fileprivate init(_ value: EventValue) {
        self =
            switch value {
            case .string(let text): .string(text)
            case .integer(let number): .number(Double(number))
            case .number(let number): .number(number)
            case .bool(let flag): .boolean(flag)
            case .strings(let texts): .strictArray(texts.map { .string($0) })
            }
    }
}
