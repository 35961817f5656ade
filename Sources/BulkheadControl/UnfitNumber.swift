import BulkheadModel

/// Finds the number in a line of JSON that fits no integer where one is read: a fraction, or one that is out of range.
/// `JSONDecoder` reports it without saying where it stands.
enum UnfitNumber {
    /// A value of JSON, as far as looking for numbers takes.
    private indirect enum Tree: Codable {
        case number(Double)
        case text(String)
        case truth(Bool)
        case nothing
        case list([Tree])
        case object([String: Tree])

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if value.decodeNil() {
                self = .nothing
            } else if let truth = try? value.decode(Bool.self) {
                self = .truth(truth)
            } else if let number = try? value.decode(Double.self) {
                self = .number(number)
            } else if let text = try? value.decode(String.self) {
                self = .text(text)
            } else if let list = try? value.decode([Tree].self) {
                self = .list(list)
            } else {
                self = .object(try value.decode([String: Tree].self))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var value = encoder.singleValueContainer()
            switch self {
            case .number(let number): try value.encode(number)
            case .text(let text): try value.encode(text)
            case .truth(let truth): try value.encode(truth)
            case .nothing: try value.encodeNil()
            case .list(let list): try value.encode(list)
            case .object(let object): try value.encode(object)
            }
        }

        /// The places of all numbers, in the order of their keys.
        func places(behind path: [String]) -> [[String]] {
            switch self {
            case .number: [path]
            case .list(let list): list.enumerated().flatMap { $1.places(behind: path + ["Index \($0)"]) }
            case .object(let object):
                object.sorted { $0.key < $1.key }.flatMap { $0.value.places(behind: path + [$0.key]) }
            case .text, .truth, .nothing: []
            }
        }

        /// The same with 1 in place of every number but the one at `place`.
        func keeping(_ place: [String], at path: [String] = []) -> Tree {
            switch self {
            case .number: path == place ? self : .number(1)
            case .list(let list):
                .list(list.enumerated().map { $1.keeping(place, at: path + ["Index \($0)"]) })
            case .object(let object):
                .object(
                    Dictionary(
                        uniqueKeysWithValues: object.map { ($0.key, $0.value.keeping(place, at: path + [$0.key])) }))
            case .text, .truth, .nothing: self
            }
        }
    }

    /// In longer lines, and among more numbers, none is looked for.
    private static let mostBytes = 1 << 14
    private static let mostNumbers = 64

    /// Whether the error is the one that says nothing of the place.
    static func isMeant(by error: DecodingError) -> Bool {
        guard case .dataCorrupted(let context) = error else { return false }
        return context.codingPath.isEmpty
    }

    /// Where the number stands in `line`, which is no `Value` because of it, such as `settings.encoderThreads`.
    static func key<Value: Decodable>(in line: ArraySlice<UInt8>, readAs: Value.Type) -> String? {
        guard line.count <= mostBytes, let tree = try? JSONLine.decode(Tree.self, from: line) else { return nil }
        let places = tree.places(behind: [])
        guard places.count <= mostNumbers else { return nil }
        return places.first { place in
            do {
                _ = try JSONLine.decode(Value.self, from: JSONLine.encode(tree.keeping(place)))
                return false
            } catch { return (error as? DecodingError).map(isMeant) ?? false }
        }?.joined(separator: ".")
    }
}
