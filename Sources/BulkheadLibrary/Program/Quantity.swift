/// Numbers with a unit, as people write them into settings.
package enum Quantity {
    private static let sizes: [(String, Int64)] = [
        ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000), ("KB", 1000), ("B", 1),
        ("", 1),
    ]
    private static let times: [(String, Int64)] = [("d", 86_400), ("h", 3600), ("min", 60), ("m", 60), ("s", 1)]

    /// `50GB`, `250 MB`, `1000`: bytes, 1 at least; nil for what is none.
    package static func bytes(_ text: String) -> Int64? { amount(text, sizes) }

    /// `24h`, `90s`, `7d`: whole seconds, 1 at least; nil for what is none.
    package static func duration(_ text: String) -> Duration? { amount(text, times).map { .seconds($0) } }

    private static func amount(_ text: String, _ units: [(String, Int64)]) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let number = Int64(digits), number > 0, let (_, size) = units.first(where: { $0.0 == unit }) else {
            return nil
        }
        let (product, overflows) = number.multipliedReportingOverflow(by: size)
        return overflows ? nil : product
    }
}
