/// Numbers for people, the same on every surface.
package enum DecimalText {
    /// `number` with one or two decimal places, rounded; what is negative or no number counts as 0.
    package static func text(_ number: Double, places: Int) -> String {
        let factor = places == 1 ? 10.0 : 100.0
        let scaled = Int64(max(0, min(number.isFinite ? number : 0, 1e15)) * factor + 0.5)
        let digits = "\(scaled % Int64(factor))"
        return "\(scaled / Int64(factor)).\(String(repeating: "0", count: places - digits.count))\(digits)"
    }

    /// `number` with as many decimal places as it takes, at most two, rounded: 25, 29.97.
    package static func short(_ number: Double) -> String {
        let text = text(number, places: 2)
        return text.hasSuffix(".00") ? String(text.dropLast(3)) : text.hasSuffix("0") ? String(text.dropLast()) : text
    }
}
