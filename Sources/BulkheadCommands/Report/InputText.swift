package import BulkheadModel

/// An input for a person.
package enum InputText {
    /// One input in one line: `2, guest: shown and heard, MPEG-TS …`.
    package static func line(_ input: InputStatus) -> String {
        let isNumbered = input.name == "source \(input.id)"
        let name = isNumbered ? input.name : "\(input.id), \(input.name)"
        let use = [
            input.isMissing ? "shown as the slate" : input.isShown ? "shown" : nil, input.isHeard ? "heard" : nil,
        ].compactMap { $0 }
        var state = input.state.rawValue
        switch input.state {
        case .ready where !use.isEmpty: state = use.joined(separator: " and ")
        case .still where !use.isEmpty: state = "still, \(use.joined(separator: " and "))"
        case .failed: state = "failed: \(input.failure ?? "it can't be read")"
        default: break
        }
        return EventLine.clean("\(name): \(state)\(input.summary.map { ", \($0)" } ?? "")")
    }
}
