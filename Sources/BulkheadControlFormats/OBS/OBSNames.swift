package import BulkheadModel
import BulkheadSystem

/// Identities in the form that OBS gives its own: they stay as long as the thing does.
package enum OBSNames {
    /// A UUID that follows from `text` alone.
    static func uuid(_ text: String) -> String {
        var bytes = Array(SHA256.hash(Array(text.utf8)).prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x50
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = bytes.map { byte in
            String(UInt8(byte >> 4), radix: 16) + String(UInt8(byte & 15), radix: 16)
        }
        return [digits[0..<4], digits[4..<6], digits[6..<8], digits[8..<10], digits[10..<16]]
            .map { $0.joined() }.joined(separator: "-")
    }

    static func scene(_ name: String) -> String { uuid("scene:\(name.lowercased())") }

    /// An input keeps its number when it gets another name.
    static func input(_ id: InputID) -> String { uuid("input:\(id.number)") }

    /// `HH:MM:SS.mmm`
    static func timecode(milliseconds: Int64) -> String {
        func digits(_ number: Int64, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let (hours, minutes) = (milliseconds / 3_600_000, milliseconds / 60_000 % 60)
        let (seconds, rest) = (milliseconds / 1000 % 60, milliseconds % 1000)
        return "\(digits(hours, 2)):\(digits(minutes, 2)):\(digits(seconds, 2)).\(digits(rest, 3))"
    }
}

/// What can be shown, as OBS calls it: the scenes, and each input with a picture as a scene of its own, which can be taken
/// alone.
package struct OBSScenes: Hashable, Sendable {
    /// In the order in which people see them.
    package private(set) var names: [String]
    /// What is shown.
    package private(set) var program: String
    /// What is taken next where nothing else is named; nil where nothing is prepared.
    package private(set) var prepared: String?

    /// What is shown by a broadcast that has nothing to choose from.
    package static let only = "Main"

    package init(_ status: BroadcastStatus?) {
        let inputs = (status?.inputs ?? []).filter {
            $0.hasPicture != false && $0.backupOf == nil && $0.state != .failed
        }
        names = (status?.scenes ?? []).map(\.scene.name)
        for input in inputs where !names.contains(where: { $0.lowercased() == input.name.lowercased() }) {
            names.append(input.name)
        }
        // What is on air is one of the list, also where it is a layout.
        let taken = status?.scene ?? inputs.first(where: \.isShown)?.name ?? inputs.first?.name ?? Self.only
        for name in [taken, status?.preparedScene].compactMap({ $0 }) where !names.contains(name) { names.append(name) }
        program = taken
        prepared = status?.preparedScene
    }

    /// What `data` names, by name or UUID.
    func named(_ data: JSONValue?) -> String? {
        if let uuid = data?["sceneUuid"]?.string { return names.first { OBSNames.scene($0) == uuid } }
        guard let name = data?["sceneName"]?.string else { return nil }
        return names.first { $0 == name }
    }

    /// The list of OBS, whose index 0 is the last that people see.
    package var list: JSONValue {
        .array(
            names.enumerated().reversed().map { index, name in
                [
                    "sceneName": .string(name), "sceneUuid": .string(OBSNames.scene(name)),
                    "sceneIndex": .integer(Int64(names.count - 1 - index)),
                ]
            })
    }
}
