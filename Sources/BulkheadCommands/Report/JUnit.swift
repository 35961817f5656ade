package import BulkheadDrill
import BulkheadModel
import BulkheadProbe

/// A drill's report as JUnit XML, which continuous integration systems read: one test case for each expectation, one
/// for each fault, and one for the broadcast itself.
package enum JUnit {
    package static func text(_ report: DrillReport) -> String {
        let seconds = DecimalText.text(report.wallSeconds, places: 2)
        var cases: [String] = [
            testCase("broadcast", "ends well", failure: report.failure.map { ($0, "") }, seconds: seconds)
        ]
        for record in report.faults {
            cases.append(
                testCase(
                    "fault", record.fault, failure: record.isDone ? nil : (record.action, record.lastWords),
                    output: record.text))
        }
        let deaths = report.faults.filter { $0.death != nil }.map(\.text).joined(separator: "\n")
        for link in report.links {
            let name = report.links.count == 1 ? "" : "link \(link.number): "
            for verdict in link.verdicts {
                cases.append(
                    testCase(
                        "expectation", "\(name)\(verdict.expectation)",
                        failure: verdict.holds ? nil : (verdict.text, deaths), output: verdict.text))
            }
        }
        let failures = cases.count { $0.contains("<failure") }
        let seed = report.seed.map {
            "    <properties><property name=\"seed\" value=\"\($0)\"/></properties>\n"
        }
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites tests="\(cases.count)" failures="\(failures)" time="\(seconds)">
              <testsuite name="bulkhead drill" tests="\(cases.count)" failures="\(failures)" errors="0" \
            skipped="0" time="\(seconds)">
            \(seed ?? "")\(cases.joined(separator: "\n"))
              </testsuite>
            </testsuites>

            """
    }

    private static func testCase(
        _ group: String, _ name: String, failure: (message: String, text: String)?, seconds: String = "0",
        output: String = ""
    ) -> String {
        let head =
            "    <testcase classname=\"bulkhead.drill.\(group)\" name=\"\(escaped(name))\" time=\"\(seconds)\""
        var inside: [String] = []
        if let failure {
            inside.append(
                "      <failure message=\"\(escaped(failure.message))\">\(escaped(failure.text))</failure>")
        }
        if !output.isEmpty { inside.append("      <system-out>\(escaped(output))</system-out>") }
        guard !inside.isEmpty else { return head + "/>" }
        return "\(head)>\n\(inside.joined(separator: "\n"))\n    </testcase>"
    }

    /// Text that stands in XML 1.0, in attributes and between tags; what XML can't hold is left out (2.2).
    package static func escaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { output, scalar in
            switch scalar {
            case "&": output += "&amp;"
            case "<": output += "&lt;"
            case ">": output += "&gt;"
            case "\"": output += "&quot;"
            case "\n": output += "&#10;"
            case "\t": output += "&#9;"
            case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: break
            default: output.unicodeScalars.append(scalar)
            }
        }
    }
}
