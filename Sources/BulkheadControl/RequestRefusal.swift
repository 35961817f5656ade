import BulkheadModel

/// Says what is wrong with a line that is no request, without repeating its values: they may hold a stream key.
enum RequestRefusal {
    private struct Head: Decodable {
        let id: Int?
        let request: String?

        /// What can be read of it: the number also where the word is none.
        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: ControlKey.self)
            id = try? container.decode(Int.self, forKey: .id)
            request = try? container.decode(String.self, forKey: .request)
        }
    }

    static func refuse(_ line: ArraySlice<UInt8>, _ error: any Error) -> ControlSession.Action {
        let head = try? JSONLine.decode(Head.self, from: line)
        if let word = head?.request, ControlRequest.Word(rawValue: word) == nil {
            let shown = String(word.prefix(40))
            return .refuse(
                BroadcastError(
                    code: .unknownRequest, ["request": shown], "the master does not know the request \"\(shown)\""),
                id: head?.id)
        }
        guard let key = (error as? DecodingError).flatMap({ key($0, in: line) }) else {
            return .refuse(BroadcastError(code: .badRequest, "the line is no request"), id: head?.id)
        }
        return .refuse(
            BroadcastError(
                code: .badRequest, ["key": key], "the request's \(key) is missing, or its value does not fit"),
            id: head?.id)
    }

    /// Where in the line the fault is, such as `settings.canvas`; nil when the line is no JSON object.
    private static func key(_ error: DecodingError, in line: ArraySlice<UInt8>) -> String? {
        if UnfitNumber.isMeant(by: error) {
            return UnfitNumber.key(in: line, readAs: ControlLine<ControlRequest>.self)
        }
        let path: [any CodingKey]
        switch error {
        case .keyNotFound(let key, let context): path = context.codingPath + [key]
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            path = context.codingPath
        @unknown default: return nil
        }
        return path.isEmpty ? nil : path.map(\.stringValue).joined(separator: ".")
    }
}
