import BulkheadControl
import BulkheadControlFormats
import Foundation
import Testing
import Yams

/// docs/control-room.openapi.yaml describes the requests that the control room passes on, each as the control protocol declares it.
@Suite(.timeLimit(.minutes(1))) struct DescriptionTests {
    private static let docs = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("docs")

    private struct Described: Hashable {
        var required: Set<String>
        var optional: Set<String>
    }

    private static func described() throws -> [String: Described] {
        let text = try String(contentsOf: docs.appendingPathComponent("control-room.openapi.yaml"), encoding: .utf8)
        let page = try #require(try Yams.load(yaml: text) as? [String: Any])
        let schemas = try #require((page["components"] as? [String: Any])?["schemas"] as? [String: [String: Any]])
        let paths = try #require(page["paths"] as? [String: [String: [String: Any]]])
        let body = paths["/api/requests"]?["post"]?["requestBody"] as? [String: Any]
        let content = (body?["content"] as? [String: Any])?["application/json"] as? [String: Any]
        let choices = try #require((content?["schema"] as? [String: Any])?["oneOf"] as? [[String: String]])
        var found: [String: Described] = [:]
        for choice in choices {
            let name = try #require(choice["$ref"]?.split(separator: "/").last.map(String.init))
            let schema = try #require(schemas[name], "\(name)")
            let properties = try #require(schema["properties"] as? [String: [String: Any]])
            let required = Set(try #require(schema["required"] as? [String]))
            let word = try #require(properties["request"]?["const"] as? String)
            found[word] = Described(
                required: required.subtracting(["request"]), optional: Set(properties.keys).subtracting(required))
        }
        return found
    }

    /// Examples of all requests, without what names files.
    private static func examples() throws -> [ControlRoomRequest] {
        let text = try String(contentsOf: docs.appendingPathComponent("control.md"), encoding: .utf8)
        return try text.split(separator: "\n").filter { $0.hasPrefix("{\"request\"") }.map { line in
            var members = try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            members["path"] = nil
            members["file"] = nil
            return try #require(ControlRoomRequest(json: try JSONSerialization.data(withJSONObject: members)))
        }
    }

    @Test func requestsAreThoseThatArePassedOn() throws {
        let all = ControlRoomRequest.Rights(maySteer: true, mayDrill: true)
        let allowed = try Self.examples().filter { $0.refusal(for: all) == nil }.map(\.request.word)
        let expected = Dictionary(
            allowed.map { word in
                // A path is not for the network.
                let keys = Set(word.keys).subtracting([.path])
                let optional = keys.intersection(word.optionalKeys)
                return (
                    word.rawValue,
                    Described(
                        required: Set(keys.subtracting(optional).map(\.rawValue)),
                        optional: Set(optional.map(\.rawValue)))
                )
            }, uniquingKeysWith: { first, _ in first })
        let described = try Self.described()
        #expect(Set(described.keys) == Set(expected.keys))
        for (word, shape) in expected { #expect(described[word] == shape, "\(word)") }
    }
}
