import BulkheadModel

/// A picture of the program, as a client of obs-websocket asks for it.
package struct OBSShot: Hashable, Sendable {
    /// The raw values are what is asked of `bulkhead-source`.
    package enum Format: String, Hashable, Sendable {
        case jpeg, png

        /// As `GetVersion` lists them.
        static let names = ["png", "jpg", "jpeg"]

        init?(_ name: String) {
            switch name.lowercased() {
            case "png": self = .png
            case "jpg", "jpeg": self = .jpeg
            default: return nil
            }
        }
    }

    package let format: Format
    /// As it was asked for, for the answer.
    package let name: String
    /// The picture fits inside; 0 for as the other one makes it, or as it is.
    package let width: Int
    package let height: Int

    /// The answer to the request, with the picture's bytes.
    package func answer(_ bytes: [UInt8]) -> OBSResult {
        .success(["imageData": .string("data:image/\(name);base64,\(Base64.text(bytes))")])
    }
}

extension OBSPlanner {
    /// OBS's own bounds.
    private static let sides = 8.0...4096.0

    /// The picture of a source: the program has one, and so has what is shown alone.
    var screenshot: OBSPlan {
        guard call.data != nil else { return Self.noData }
        guard call.data?["sourceName"] != nil || call.data?["sourceUuid"] != nil else {
            return .fail(
                .missingRequestField,
                "Your request must contain at least one of the following fields: `sourceName` or `sourceUuid`.")
        }
        let program = view.scenes.program
        let uuid = call.data?["sourceUuid"]?.string
        let isScene = uuid.map { $0 == OBSNames.scene(program) } ?? (call.data?["sourceName"]?.string == program)
        let input =
            uuid.map { uuid in view.inputs.first { OBSNames.input($0.id) == uuid } }
            ?? view.inputs.first {
                $0.name == call.data?["sourceName"]?.string
            }
        // One that fills the picture by itself looks as the program does.
        let isAlone = input.map { input in view.inputs.filter { $0.isShown }.map(\.id) == [input.id] } ?? false
        guard isScene || isAlone else {
            let name = call.data?["sourceName"]?.string ?? uuid ?? ""
            let isKnown = input != nil || view.scenes.names.contains(name)
            return isKnown
                ? .fail(.invalidResourceState, "Only what is on air has a picture: `\(name)` is not.")
                : .fail(.resourceNotFound, "No source was found by the name of `\(name)`.")
        }
        return with(text("imageFormat")) { name in
            guard let format = OBSShot.Format(name) else {
                return .fail(
                    .invalidRequestField, "Your specified image format is invalid or not supported by this system.")
            }
            var sides: [Int] = []
            for field in ["imageWidth", "imageHeight"] {
                guard call.data?[field] != nil else {
                    sides.append(0)
                    continue
                }
                switch number(field, Self.sides) {
                case .value(let value): sides.append(Int(value))
                case .wrong(let plan): return plan
                }
            }
            if call.data?["imageCompressionQuality"] != nil,
                case .wrong(let plan) = number("imageCompressionQuality", -1...100)
            {
                return plan
            }
            return .shoot(OBSShot(format: format, name: name, width: sides[0], height: sides[1]))
        }
    }
}
