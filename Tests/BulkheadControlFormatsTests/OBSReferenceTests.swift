import BulkheadControlFormats
import BulkheadMedia
import BulkheadModel
import Foundation
import Testing

/// Our answers beside those of OBS 29.0.2 (`Tests/ControlPeers/obs-29-answers.json`, recorded under Xvfb): the same fields of the same
/// types, and the same codes, but for what docs/control-room.md lists.
@Suite(.timeLimit(.minutes(1))) struct OBSReferenceTests {
    private struct Page: Decodable {
        let availableRequests: [String]
        let answers: [Answer]
    }

    private struct Answer: Decodable {
        let request: String
        let data: JSONValue?
        let code: Int64
        let answer: JSONValue?
    }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

    private static func page() throws -> Page {
        let file = root.appendingPathComponent("ControlPeers/obs-29-answers.json")
        return try JSONDecoder().decode(Page.self, from: try Data(contentsOf: file))
    }

    /// Where ours differ; the page says why.
    private static let differences: Set<String> = [
        "GetRecordDirectory"
    ]

    /// OBS's names as those of the sample.
    private static func translated(_ data: JSONValue?) -> JSONValue? {
        guard let members = data?.object else { return data }
        let names: [String: JSONValue] = [
            "Scene": "both", "both": "wide", "camera": "music \"live\"\\", "slides": "camera",
        ]
        return .object(
            members.mapValues { value in
                guard let name = value.string, let ours = names[name] else {
                    // OBS had given that one to the item that the sample has first.
                    return value.number == 2 ? 1 : value
                }
                return ours
            })
    }

    private static func type(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .integer, .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    /// What `ours` lacks of the shape `theirs`, as paths.
    private static func lacks(_ ours: JSONValue?, of theirs: JSONValue, at path: String) -> [String] {
        switch theirs {
        case .object(let members):
            guard let own = ours?.object else { return ["\(path) is \(ours.map(type) ?? "missing")"] }
            return members.flatMap { lacks(own[$0.key], of: $0.value, at: "\(path).\($0.key)") }
        case .array(let elements):
            guard let own = ours?.array else { return ["\(path) is \(ours.map(type) ?? "missing")"] }
            guard let element = elements.first else { return [] }
            return own.prefix(1).flatMap { lacks($0, of: element, at: path + "[]") }
        default:
            guard let ours else { return [path] }
            // What is null in one may be there in the other.
            let (own, their) = (type(ours), theirs.string ?? "")
            return own == their || own == "null" || their == "null" ? [] : ["\(path): \(own), not \(their)"]
        }
    }

    @Test func fieldsAndTypesAreThoseOfOBS() throws {
        var compared = 0
        for entry in try Self.page().answers where entry.code == 100 {
            guard let theirs = entry.answer, !Self.differences.contains(entry.request) else { continue }
            let plan = Sample.plan(entry.request, Self.translated(entry.data)) { view in
                view.status?.canvas = .init(width: 640, height: 360)
                view.status?.frameRate = .init(30)
            }
            let ours: JSONValue?
            switch plan {
            case .answer(let result) where result.status == .unknownRequestType: continue
            case .answer(let result):
                #expect(result.isSuccess, "\(entry.request) \(result.status)")
                ours = result.data
            case .ask(_, let data): ours = data
            case .shoot(let shot): ours = shot.answer([1]).data
            default: continue
            }
            compared += 1
            let lacking = Self.lacks(ours, of: theirs, at: entry.request).filter { !Self.differences.contains($0) }
            #expect(lacking.isEmpty, "\(lacking)")
        }
        #expect(compared >= 30, "\(compared)")
    }

    @Test func refusalsHaveTheCodesOfOBS() throws {
        for entry in try Self.page().answers where entry.code != 100 {
            let plan = Sample.plan(entry.request, Self.translated(entry.data)) { view in
                // OBS neither streams nor records.
                view.status?.links[0].state = .paused
            }
            guard let ours = plan.result?.status.rawValue, !Self.differences.contains("\(entry.request) \(entry.code)")
            else { continue }
            #expect(ours == entry.code, "\(entry.request) \(entry.data.map { $0.json } ?? "")")
        }
    }

    /// What OBS 29 has not, it has got since.
    @Test func requestsAreOnesOfOBS() throws {
        let theirs = Set(try Self.page().availableRequests)
        #expect(Set(OBSPlanner.requests).subtracting(theirs) == ["CreateRecordChapter"])
    }

    @Test func screenshotsAreOfWhatIsOnAir() throws {
        func shot(_ data: JSONValue) -> OBSShot? {
            if case .shoot(let shot) = Sample.plan("GetSourceScreenshot", data) { shot } else { nil }
        }
        let program = shot(["sourceName": "both", "imageFormat": "jpg", "imageWidth": 960, "imageHeight": 540])
        #expect(program?.format == .jpeg && program?.width == 960 && program?.height == 540)
        #expect(program?.answer([0, 1, 2]).data == ["imageData": "data:image/jpg;base64,AAEC"])
        #expect(shot(["sourceName": "camera", "imageFormat": "png"])?.width == 0)
        for (data, code) in [
            (["sourceName": "wide", "imageFormat": "png"], 604), (["sourceName": "nobody", "imageFormat": "png"], 600),
            (["sourceName": "both", "imageFormat": "webp"], 400), (["sourceName": "both"], 300),
            (["sourceName": "both", "imageFormat": "png", "imageWidth": 7], 402),
            (["sourceName": "both", "imageFormat": "png", "imageCompressionQuality": 101], 402),
        ] as [(JSONValue, Int64)] {
            #expect(Sample.plan("GetSourceScreenshot", data).result?.status.rawValue == code, "\(data)")
        }
    }
}
