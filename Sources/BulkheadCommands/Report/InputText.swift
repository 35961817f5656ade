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
        let more = [input.playlist.map { line($0) }, input.backup.map(line)].compactMap { $0 }.map { "; \($0)" }
        let facts = [input.summary, arrival(input)].compactMap { $0 }.map { ", \($0)" }
        return EventLine.clean("\(name): \(state)\(facts.joined())\(more.joined())")
    }

    /// How a live input from the network comes: `1.2 Mbit/s, SRT 120 ms latency, …`; nil for all else.
    static func arrival(_ input: InputStatus) -> String? {
        guard let rate = input.bitsPerSecond else { return nil }
        let drops = input.packetsDropped.flatMap { $0 > 0 ? "\($0) packets damaged or missing" : nil }
        let connection = input.srt.map { "\(LinkText.text($0, input.roundTripMilliseconds)) held back" }
        return [StatusLine.rate(rate), drops, connection].compactMap { $0 }.joined(separator: ", ")
    }

    /// What stands in for an input, in one line: `backup is shown, auto; ready: main`.
    static func line(_ backup: InputBackupStatus) -> String {
        let shown = backup.way == .main ? "it is shown itself" : "\(backup.way.rawValue) stands in"
        let abnormal = backup.abnormal.map { ", abnormal: \($0)" } ?? ""
        let ready = backup.ready.map(\.rawValue).joined(separator: ", ")
        return "\(shown) (\(backup.mode.rawValue))\(abnormal); ready: \(ready.isEmpty ? "none" : ready)"
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
