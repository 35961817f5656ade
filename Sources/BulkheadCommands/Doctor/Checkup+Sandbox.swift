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

    private static let advice = [
        "files": "use Linux 5.13 or later with Landlock switched on, or load only plugins that you trust",
        "reach": "Linux 6.12 holds them by Landlock as well",
        "system calls": "allow seccomp, or load only plugins that you trust",
        "processors": "use a machine with two processors or more",
    ]
}
