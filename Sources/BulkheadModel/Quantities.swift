/// Bits in a second, as a broadcaster writes them: `2500k`, `6M`, `2.5M`, `2500000`.
package struct BitRate: Hashable {
    /// The rate in bits a second.
    package let bitsPerSecond: UInt32

    /// Nil for what is no number, with one of the suffixes `k` and `M` or none, or does not fit.
    package init?(_ text: String) {
        var digits = text[...]
        var factor = 1.0
        switch digits.last {
        case "k", "K":
            factor = 1_000
            digits.removeLast()
        case "m", "M":
            factor = 1_000_000
            digits.removeLast()
        default: break
        }
        guard let number = Double(plain: digits) else { return nil }
        let bits = (number * factor).rounded()
        guard bits <= Double(UInt32.max) else { return nil }
        bitsPerSecond = UInt32(bits)
    }

    /// A rate of so many bits a second.
    package init(bitsPerSecond: UInt32) { self.bitsPerSecond = bitsPerSecond }
}

extension BitRate: CustomStringConvertible {
    /// The shortest of the ways to write it: `6M`, `2500k`, `2500001`.
    package var description: String {
        if bitsPerSecond > 0, bitsPerSecond % 1_000_000 == 0 { return "\(bitsPerSecond / 1_000_000)M" }
        if bitsPerSecond > 0, bitsPerSecond % 1_000 == 0 { return "\(bitsPerSecond / 1_000)k" }
        return "\(bitsPerSecond)"
    }
}

/// A span of time, as a broadcaster writes it: `10`, `1.5`, `250ms`, `90s`, `1m30s`, `2h`, `01:30`, `00:01:30`.
package struct TimeSpan: Hashable {
    /// The span in seconds.
    package let seconds: Double

    /// Nil for what is no span of time, for negative ones and for those longer than a year.
    package init?(_ text: String) {
        let seconds: Double?
        if text.contains(":") {
            seconds = Self.clock(text)
        } else if text.contains(where: \.isLetter) {
            seconds = Self.units(text)
        } else {
            seconds = Double(plain: text[...])
        }
        guard let seconds, seconds <= SettingRange.durationSeconds.upperBound else { return nil }
        self.seconds = seconds
    }

    /// Hours, minutes and seconds, or minutes and seconds, with colons; all but the first stay below 60.
    private static func clock(_ text: String) -> Double? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let seconds = parts.last else { return nil }
        var total = 0.0
        for (index, part) in parts.dropLast().enumerated() {
            guard let number = UInt32(plain: part), index == 0 || number < 60 else { return nil }
            total = (total + Double(number)) * 60
        }
        guard let last = Double(plain: seconds), last < 60 else { return nil }
        return total + last
    }

    /// Numbers with units, from the largest unit to the smallest, each at most once.
    private static func units(_ text: String) -> Double? {
        let known: [(name: Substring, seconds: Double)] = [
            ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1), ("ms", 0.001),
        ]
        var rest = text[...]
        var next = 0
        var total = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isNumber || $0 == "." }
            rest = rest.dropFirst(digits.count)
            let name = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(name.count)
            guard let number = Double(plain: digits),
                let index = known.firstIndex(where: { $0.name == name }), index >= next
            else { return nil }
            total += number * known[index].seconds
            next = index + 1
        }
        return total
    }
}

extension FixedWidthInteger {
    /// Reads digits alone: no sign.
    init?(plain text: some StringProtocol) {
        guard text.allSatisfy({ ("0"..."9").contains($0) }) else { return nil }
        self.init(text)
    }
}

extension Double {
    /// Reads digits with at most one point: no sign, no exponent, no "inf" or "nan". A `Double` of seconds is written with
    /// 17 digits at most, behind zeros that show how small it is.
    fileprivate init?(plain text: Substring) {
        guard !text.isEmpty, text.utf8.count <= 24, text.allSatisfy({ ("0"..."9").contains($0) || $0 == "." }) else {
            return nil
        }
        self.init(String(text))
    }
}
