import Glibc

/// What a plugin may see of the user's environment: what says where libraries, fonts and texts are, and nothing that
/// could be a secret.
package enum PluginEnvironment {
    /// The names that are kept. What libraries are loaded from is for the user to say; it can't be said by a plugin.
    private static let names: Set<String> = [
        "PATH", "HOME", "LANG", "LANGUAGE", "TZ", "LD_LIBRARY_PATH", "FREI0R_PATH", "LADSPA_PATH",
        "BULKHEAD_PLUGIN_PATH",
        "FONTCONFIG_PATH", "FONTCONFIG_FILE", "XDG_DATA_HOME", "XDG_DATA_DIRS", "SWIFT_BACKTRACE", "OMP_NUM_THREADS",
        "MALLOC_ARENA_MAX", "BULKHEAD_FAULTS", "BULKHEAD_FAULT_CLAIMS", "LLVM_PROFILE_FILE",
    ]

    private static func isKept(_ name: some StringProtocol) -> Bool {
        names.contains(String(name)) || name.hasPrefix("LC_")
    }

    /// The part of `environment` that a process with plugins is started with.
    package static func scrubbed(_ environment: [String: String]) -> [String: String] {
        environment.filter { isKept($0.key) }
    }

    /// Takes everything else out of this process's own environment, and blots it out where it lay, which is where
    /// /proc/self/environ reads. Call it before there is a second thread.
    package static func scrubOwn() {
        var entry = environ
        while let line = entry.pointee {
            let text = String(cString: line)
            let name = text.prefix { $0 != "=" }
            if !isKept(name) {
                memset(line + name.utf8.count, 0, strlen(line) - name.utf8.count)
            }
            entry += 1
        }
        // Their lines have lost their "=", by which unsetenv() would find them: the list is made anew.
        var kept = environ
        entry = environ
        while let line = entry.pointee {
            if strchr(line, 61) != nil {
                kept.pointee = line
                kept += 1
            }
            entry += 1
        }
        kept.pointee = nil
    }
}
