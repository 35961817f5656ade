/// Metrics in the text form of Prometheus.
///
/// - SeeAlso: prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4.
package struct MetricsText: Sendable {
    package enum Kind: String, Sendable { case gauge, counter }

    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    package private(set) var text = ""

    package init() {}

    /// One family of metrics: nothing of it is written where there is no sample.
    /// - Parameter samples: labels and value; each set of labels once.
    package mutating func add(
        _ name: String, _ kind: Kind, _ help: String, _ samples: [(labels: [(String, String)], value: Double)]
    ) {
        guard !samples.isEmpty else { return }
        text += "# HELP \(name) \(Self.escape(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
        var seen: Set<String> = []
        for (labels, value) in samples {
            let list = labels.map { "\($0.0)=\"\(Self.escape($0.1, quotes: true))\"" }.joined(separator: ",")
            // Two parts may have the same name; a series may be there once.
            guard seen.insert(list).inserted else { continue }
            text += "\(name)\(list.isEmpty ? "" : "{\(list)}") \(Self.number(value))\n"
        }
    }

    package mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: Double?) {
        if let value { add(name, kind, help, [([], value)]) }
    }

    private static func escape(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let integer = Int64(exactly: value) { return "\(integer)" }
        return "\(value)"
    }
}
