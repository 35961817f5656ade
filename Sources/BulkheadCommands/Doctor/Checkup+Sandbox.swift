import BulkheadChildren
import BulkheadMaster
import BulkheadWire

extension Checkup {
    /// What the kernel grants the sandbox of plugins: the plugin host enters one, and says what that came to.
    /// - SeeAlso: docs/plugins-safety.md.
    func sandbox(_ programs: Programs) -> [Finding] {
        guard let call = try? ProgramCall(programs.path(of: Role.pluginHost.executableName), ["--sandbox"]),
            call.isSuccess
        else {
            return [Finding(.absent, "plugin sandbox", "it can't be tried: the plugin host does not start")]
        }
        return SandboxFindings.read(call.text)
    }

    /// What the kernel grants the cells of the other children, a line for each: their programs enter them and say so.
    func cells(_ programs: Programs) -> [Finding] {
        [Role.encoder, .source, .mixer, .recorder, .notifier, .chat, .origin, .srt, .decoder].map { role in
            let subject = "\(role) cell"
            guard let call = try? ProgramCall(programs.path(of: role.executableName), ["--sandbox"]), call.isSuccess
            else { return Finding(.absent, subject, "it can't be tried: the \(role) does not start") }
            return SandboxFindings.cell(subject, call.text)
        }
    }
}

/// What a plugin host says of the sandbox that it has entered.
package enum SandboxFindings {
    /// One finding for each line `STATE<tab>SUBJECT<tab>TEXT` of the plugin host.
    package static func read(_ text: String) -> [Finding] {
        let findings = text.split(separator: "\n").compactMap { line -> Finding? in
            let fields = line.split(separator: "\t", maxSplits: 2).map(String.init)
            guard fields.count == 3 else { return nil }
            return Finding(
                fields[0] == "granted" ? .ok : .absent, "plugin sandbox, \(fields[1])", fields[2],
                advice: fields[0] == "granted" ? "" : advice[fields[1]] ?? "")
        }
        return findings.isEmpty
            ? [Finding(.absent, "plugin sandbox", "it can't be tried: the plugin host says nothing")] : findings
    }

    /// One finding for a whole cell: what it is made of, or else what is missing.
    package static func cell(_ subject: String, _ text: String) -> Finding {
        let walls = read(text)
        let gaps = walls.filter { $0.state != .ok }
        let name = { (finding: Finding) in finding.subject.replacing("plugin sandbox, ", with: "") }
        guard let gap = gaps.first else {
            return Finding(.ok, subject, walls.map { "\(name($0)): \($0.text)" }.joined(separator: "; "))
        }
        let rest = gaps.map { "\(name($0)): \($0.text)" }.joined(separator: "; ")
        return Finding(.absent, subject, "not whole: \(rest)", advice: gap.advice)
    }

    private static let advice = [
        "files": "use Linux 5.13 or later with Landlock switched on, or load only plugins that you trust",
        "reach": "Linux 6.12 holds them by Landlock as well",
        "system calls": "allow seccomp, or load only plugins that you trust",
        "processors": "use a machine with two processors or more",
    ]
}
