package import BulkheadMedia

/// When a working way is abnormal: a sign, and how long it has to last.
///
/// Its words are the fixed ones of a configuration: `no-data 1s`, `off-air 2s`, `fps < 80% for 3s`, `bitrate < 500k for 5s`,
/// `bitrate > 6M for 10s`, `failures > 3 in 30s`, `drops > 30 in 10s`, `report missing 3 periods`, `queue > 3s for 1s`,
/// `black 5s`, `frozen 5s`, `silence 10s`, `clipping 2s`, `loudness off -23 by 2 for 10s`, `integrated off -23 by 1 for 60s`,
/// `size wrong 2s`, `size not 1280x720 for 2s`, `size > 1920x1080 for 2s`, `keyframes > 4s`.
package struct SwitchCondition: Hashable, Sendable {
    package enum Sign: Hashable, Sendable {
        case noData, offAir
        case black, frozen, silence, clipping
        case framesPerSecond(below: Limit)
        case bitrate(below: Limit)
        case excessBitrate(above: Limit)
        /// Of the last 3 s, and of the last ten minutes.
        case loudness(Aim)
        case integratedLoudness(Aim)
        case size(SizeRule)
        /// Farther apart than this: the last two, or the last one and now.
        case keyframes(fartherThanMilliseconds: Int)
        /// More than `count` within the condition's duration.
        case failures(moreThan: Int)
        case drops(moreThan: Int)
        /// So many periods without a report.
        case reportMissing(periods: Int)
        case queue(longerThanMilliseconds: Int)
    }

    /// Below what something is too little.
    package enum Limit: Hashable, Sendable {
        /// Of what it should be, 1 to 100.
        case percent(Int)
        /// Pictures, or bits, a second.
        case number(Double)
    }

    /// What loudness is to be, and how far it may be off.
    package struct Aim: Hashable, Sendable {
        /// In LUFS, -70 to 0.
        package let target: Double
        /// In LU, above 0 and up to 40.
        package let tolerance: Double

        package init(target: Double, tolerance: Double) {
            self.target = target
            self.tolerance = tolerance
        }

        /// Whether `loudness` lies outside.
        package func isMissed(by loudness: Double) -> Bool { abs(loudness - target) > tolerance }
    }

    /// Which sizes of the picture are wrong.
    package enum SizeRule: Hashable, Sendable {
        /// One that is not what the broadcast says.
        case wrong
        /// Any other than this.
        case not(Canvas)
        /// What is wider or higher than this; a picture on end may be as large.
        case over(Canvas)
    }

    package let sign: Sign
    /// How long the sign has to last; of counts, the span in which they are counted. 0 to a day, 0 for at once.
    package let milliseconds: Int

    /// A condition of checked parts.
    package init(_ sign: Sign, milliseconds: Int) {
        self.sign = sign
        self.milliseconds = milliseconds
    }
}

extension SwitchCondition {
    /// Reads the words of a configuration.
    /// - Throws: kind `usage`: what is wrong with them, and how the condition is written.
    package init(_ text: String) throws(BroadcastError) {
        var words = Words(text)
        switch words.next() {
        case "no-data": self.init(.noData, milliseconds: try words.span())
        case "off-air": self.init(.offAir, milliseconds: try words.span())
        case "black": self.init(.black, milliseconds: try words.span())
        case "frozen": self.init(.frozen, milliseconds: try words.span())
        case "clipping": self.init(.clipping, milliseconds: try words.span())
        case "silence": self.init(.silence, milliseconds: try words.span())
        case "fps":
            try words.expect("<")
            let limit = try words.limit("a rate such as 80% or 24") { Double($0).flatMap { $0 <= 1000 ? $0 : nil } }
            try words.expect("for")
            self.init(.framesPerSecond(below: limit), milliseconds: try words.span())
        case "bitrate":
            let isAbove = words.peek == ">"
            try words.expect(isAbove ? ">" : "<")
            let limit = try words.limit("a rate such as 50% or 500k", upTo: isAbove ? 1000 : 100) {
                BitRate($0).map { Double($0.bitsPerSecond) }
            }
            try words.expect("for")
            self.init(isAbove ? .excessBitrate(above: limit) : .bitrate(below: limit), milliseconds: try words.span())
        case "loudness":
            let aim = try words.aim()
            self.init(.loudness(aim), milliseconds: try words.span())
        case "integrated":
            let aim = try words.aim()
            self.init(.integratedLoudness(aim), milliseconds: try words.span())
        case "size":
            let rule = try words.sizeRule()
            self.init(.size(rule), milliseconds: try words.span())
        case "keyframes":
            try words.expect(">")
            let distance = try words.span()
            if words.peek == nil {
                self.init(.keyframes(fartherThanMilliseconds: distance), milliseconds: 0)
            } else {
                try words.expect("for")
                self.init(.keyframes(fartherThanMilliseconds: distance), milliseconds: try words.span())
            }
        case "failures":
            try words.expect(">")
            let count = try words.count(0...1000)
            try words.expect("in")
            self.init(.failures(moreThan: count), milliseconds: try words.span())
        case "drops":
            try words.expect(">")
            let count = try words.count(0...1_000_000)
            try words.expect("in")
            self.init(.drops(moreThan: count), milliseconds: try words.span())
        case "report":
            try words.expect("missing")
            let count = try words.count(1...1000)
            if words.peek == "period" { try words.expect("period") } else { try words.expect("periods") }
            self.init(.reportMissing(periods: count), milliseconds: 0)
        case "queue":
            try words.expect(">")
            let length = try words.span()
            if words.peek == nil {
                self.init(.queue(longerThanMilliseconds: length), milliseconds: 0)
            } else {
                try words.expect("for")
                self.init(.queue(longerThanMilliseconds: length), milliseconds: try words.span())
            }
        default:
            throw BroadcastError(
                .usage, "\"\(words.shown)\" is no condition",
                advice: "conditions begin with no-data, off-air, fps, bitrate, failures, drops, report missing, queue, "
                    + "black, frozen, silence, clipping, loudness, integrated, size or keyframes")
        }
        try words.end()
    }
}

extension SwitchCondition: CustomStringConvertible {
    /// The words that ``init(_:)`` reads.
    package var description: String {
        let span = Self.words(milliseconds)
        switch sign {
        case .noData: return "no-data \(span)"
        case .offAir: return "off-air \(span)"
        case .black: return "black \(span)"
        case .frozen: return "frozen \(span)"
        case .silence: return "silence \(span)"
        case .clipping: return "clipping \(span)"
        case .framesPerSecond(.percent(let percent)): return "fps < \(percent)% for \(span)"
        case .framesPerSecond(.number(let number)): return "fps < \(Self.plain(number)) for \(span)"
        case .bitrate(.percent(let percent)): return "bitrate < \(percent)% for \(span)"
        case .bitrate(.number(let number)):
            return "bitrate < \(BitRate(bitsPerSecond: UInt32(clamping: Int64(number)))) for \(span)"
        case .excessBitrate(.percent(let percent)): return "bitrate > \(percent)% for \(span)"
        case .excessBitrate(.number(let number)):
            return "bitrate > \(BitRate(bitsPerSecond: UInt32(clamping: Int64(number)))) for \(span)"
        case .loudness(let aim): return "loudness \(Self.words(aim)) for \(span)"
        case .integratedLoudness(let aim): return "integrated \(Self.words(aim)) for \(span)"
        case .size(.wrong): return "size wrong \(span)"
        case .size(.not(let canvas)): return "size not \(canvas) for \(span)"
        case .size(.over(let canvas)): return "size > \(canvas) for \(span)"
        case .keyframes(let distance):
            return "keyframes > \(Self.words(distance))" + (milliseconds == 0 ? "" : " for \(span)")
        case .failures(let count): return "failures > \(count) in \(span)"
        case .drops(let count): return "drops > \(count) in \(span)"
        case .reportMissing(let periods): return "report missing \(periods) period\(periods == 1 ? "" : "s")"
        case .queue(let length):
            return "queue > \(Self.words(length))" + (milliseconds == 0 ? "" : " for \(span)")
        }
    }

    private static func words(_ milliseconds: Int) -> String {
        milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
    }

    private static func words(_ aim: Aim) -> String { "off \(plain(aim.target)) by \(plain(aim.tolerance))" }

    private static func plain(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e9 ? "\(Int(number))" : "\(number)"
    }
}

extension SwitchCondition: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// The words of one condition, from the first to the last.
private struct Words {
    /// The condition as it was written, cut where it is too long to be shown.
    let shown: String
    private var words: ArraySlice<String>

    init(_ text: String) {
        shown = String(text.prefix(60))
        // `fps<80%` is as good as `fps < 80%`; what is longer than this is no condition.
        let spaced = text.prefix(200).replacing("<", with: " < ").replacing(">", with: " > ")
        words = spaced.split(whereSeparator: \.isWhitespace).map { $0.lowercased() }[...]
    }

    var peek: String? { words.first }

    mutating func next() -> String? { words.popFirst() }

    mutating func expect(_ word: String) throws(BroadcastError) {
        let found = next()
        guard found == word else {
            throw wrong("\(found.map { "\"\($0.prefix(20))\" stands" } ?? "it ends") where \"\(word)\" is due")
        }
    }

    mutating func span() throws(BroadcastError) -> Int {
        guard let word = next() else { throw wrong("it ends where a time such as 3s is due") }
        guard word.contains(where: \.isLetter), let span = TimeSpan(word), span.seconds <= 86_400 else {
            throw wrong("\"\(word.prefix(20))\" is no time from 0s to 24h with its unit")
        }
        return Int((span.seconds * 1000).rounded())
    }

    mutating func count(_ range: ClosedRange<Int>) throws(BroadcastError) -> Int {
        guard let word = next() else { throw wrong("it ends where a number is due") }
        guard word.allSatisfy({ ("0"..."9").contains($0) }), let count = Int(word), range.contains(count) else {
            throw wrong("\"\(word.prefix(20))\" is no number from \(range.lowerBound) to \(range.upperBound)")
        }
        return count
    }

    /// `off -23 by 2 for`.
    mutating func aim() throws(BroadcastError) -> SwitchCondition.Aim {
        try expect("off")
        let target = try decimal(-70...0, "a loudness from -70 to 0 LUFS")
        try expect("by")
        let tolerance = try decimal(0.1...40, "a distance from 0.1 to 40 LU")
        try expect("for")
        return SwitchCondition.Aim(target: target, tolerance: tolerance)
    }

    private mutating func decimal(_ range: ClosedRange<Double>, _ kind: String) throws(BroadcastError) -> Double {
        guard let word = next() else { throw wrong("it ends where \(kind) is due") }
        var digits = word[...]
        for unit in ["lufs", "lu"] where digits.hasSuffix(unit) { digits.removeLast(unit.count) }
        guard let number = Decibels(String(digits))?.value, range.contains(number) else {
            throw wrong("\"\(word.prefix(20))\" is not \(kind)")
        }
        return number
    }

    /// `wrong`, `not 1280x720 for` or `> 1920x1080 for`.
    mutating func sizeRule() throws(BroadcastError) -> SwitchCondition.SizeRule {
        guard let word = next() else { throw wrong("it ends where wrong, not or > is due") }
        guard word != "wrong" else { return .wrong }
        guard word == "not" || word == ">" else {
            throw wrong("\"\(word.prefix(20))\" stands where wrong, not or > is due")
        }
        guard let size = next() else { throw wrong("it ends where a size such as 1280x720 is due") }
        guard let canvas = Canvas(size) else { throw wrong("\"\(size.prefix(20))\" is no size such as 1280x720") }
        try expect("for")
        return word == "not" ? .not(canvas) : .over(canvas)
    }

    mutating func limit(
        _ kind: String, upTo most: Int = 100, _ number: (String) -> Double?
    ) throws(BroadcastError) -> SwitchCondition.Limit {
        guard var word = next() else { throw wrong("it ends where \(kind) is due") }
        if word.hasSuffix("%") {
            word.removeLast()
            guard word.allSatisfy({ ("0"..."9").contains($0) }), let percent = Int(word), (1...most).contains(percent)
            else { throw wrong("\"\(word.prefix(20))%\" is no share from 1% to \(most)%") }
            return .percent(percent)
        }
        guard word.allSatisfy({ $0.isASCII && ($0.isNumber || ".km".contains($0)) }), let value = number(word),
            value > 0
        else { throw wrong("\"\(word.prefix(20))\" is not \(kind)") }
        return .number(value)
    }

    func end() throws(BroadcastError) {
        guard let word = words.first else { return }
        throw wrong("nothing may follow, and \"\(word.prefix(20))\" does")
    }

    private func wrong(_ problem: String) -> BroadcastError {
        BroadcastError(
            .usage, "the condition \"\(shown)\" can't be read: \(problem)",
            advice: "write it like \"no-data 1s\", \"fps < 80% for 3s\", \"failures > 3 in 30s\" or \"queue > 3s\"")
    }
}
