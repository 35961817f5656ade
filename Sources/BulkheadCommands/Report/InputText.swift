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
        return EventLine.clean(
            "\(name): \(state)\(input.summary.map { ", \($0)" } ?? "")\(input.playlist.map { "; \(line($0))" } ?? "")")
    }

    /// A list in one line: `plays b.mp4, 2 of 12, 0:41 left; next c.mp4`.
    static func line(_ playlist: PlaylistStatus) -> String {
        let file = playlist.title.map { "\($0) (\(playlist.file))" } ?? playlist.file
        let left = playlist.secondsLeft.map { ", \(clock(Int($0.rounded()))) left" } ?? ""
        let next = playlist.next.map { "; next \($0)" } ?? "; nothing follows"
        return "plays \(file), \(playlist.number) of \(playlist.count)\(left)\(next)"
    }

    /// `0:07`, `1:23:45`.
    private static func clock(_ seconds: Int) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let minutes = seconds / 60
        let head = minutes < 60 ? "\(minutes)" : "\(minutes / 60):\(two(minutes % 60))"
        return "\(head):\(two(seconds % 60))"
    }
}
