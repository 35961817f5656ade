package import BulkheadDrill
import BulkheadModel
import BulkheadProbe

/// A drill's report as JUnit XML, which continuous integration systems read: one test case for each expectation, one
/// for each fault, and one for the broadcast itself.
package enum JUnit {
    /// The report of a drill that is called `suite`: the name of its test suite, and the first part of its classes.
    package static func text(_ report: DrillReport, named suite: String) -> String {
        var cases = [
            TestCase(
                "broadcast", "ends well", report.failure.map { .failure($0, "") }, seconds: report.wallSeconds)
        ]
        for record in report.faults {
            cases.append(
                TestCase(
                    "fault", record.fault,
                    record.isDone && record.loot?.isEmpty ?? true
                        ? nil : .failure(record.isDone ? record.text : record.action, record.lastWords),
                    output: record.text, seconds: record.backAfterSeconds ?? 0))
        }
        let deaths = report.faults.filter { $0.death != nil }.map(\.text).joined(separator: "\n")
        for link in report.links {
            let name = report.links.count == 1 ? "" : "link \(link.number): "
            for verdict in link.verdicts {
                cases.append(
                    TestCase(
                        "expectation", "\(name)\(verdict.expectation)",
                        verdict.holds ? nil : .failure(verdict.text, deaths), output: verdict.text,
                        seconds: link.measured.seconds))
            }
        }
        return text(cases, named: suite, seed: report.seed, seconds: report.wallSeconds)
    }

    /// The report of a drill that could not be held, because of `problem`: one case with an error.
    package static func text(_ problem: String, named suite: String) -> String {
        text([TestCase("broadcast", "is held", .error(problem))], named: suite, seed: nil, seconds: 0)
    }

    private enum Fault {
        /// What was expected does not hold.
        case failure(String, String)
        /// Nothing could be judged.
        case error(String)
    }

    private struct TestCase {
        let group: String
        let name: String
        let fault: Fault?
        let output: String
        let seconds: Double

        init(_ group: String, _ name: String, _ fault: Fault?, output: String = "", seconds: Double = 0) {
            self.group = group
            self.name = name
            self.fault = fault
            self.output = output
            self.seconds = seconds
        }
    }

    private static func text(_ cases: [TestCase], named suite: String, seed: UInt64?, seconds: Double) -> String {
        let failures = cases.count { if case .failure? = $0.fault { true } else { false } }
        let errors = cases.count { if case .error? = $0.fault { true } else { false } }
        let time = DecimalText.text(seconds, places: 2)
        let counts = "tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"\(errors)\""
        let seed = seed.map { "    <properties><property name=\"seed\" value=\"\($0)\"/></properties>\n" }
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites \(counts) time="\(time)">
              <testsuite name="\(escaped(suite))" \(counts) skipped="0" time="\(time)">
            \(seed ?? "")\(cases.map { text($0, in: suite) }.joined(separator: "\n"))
              </testsuite>
            </testsuites>

            """
    }

    private static func text(_ test: TestCase, in suite: String) -> String {
        let head =
            "    <testcase classname=\"\(escaped("\(suite).\(test.group)"))\" name=\"\(escaped(test.name))\" "
            + "time=\"\(DecimalText.text(test.seconds, places: 2))\""
        var inside: [String] = []
        switch test.fault {
        case .failure(let message, let text):
            inside.append("      <failure message=\"\(escaped(message))\">\(escaped(text))</failure>")
        case .error(let message): inside.append("      <error message=\"\(escaped(message))\"/>")
        case nil: break
        }
        if !test.output.isEmpty { inside.append("      <system-out>\(escaped(test.output))</system-out>") }
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
