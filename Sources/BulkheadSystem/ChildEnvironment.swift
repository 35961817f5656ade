import Glibc

/// What a child may see of the user's environment: what says where libraries, fonts, screens and sound are, and nothing that
/// could be a secret.
package enum ChildEnvironment {
    /// What a process is there for, and so what it needs.
    package enum Purpose: Sendable {
        /// It runs others' code: the least of all.
        case plugins
        /// It has pictures, sound or files handed to it.
        case computing
        /// It opens inputs: screens, sound servers, addresses.
        case reading
        /// It sends over HTTP.
        case sending
        /// It runs commands of the user's.
        case commands
    }

    /// Further names that children other than those with plugins are given, with commas between them.
    package static let furtherVariable = "BULKHEAD_CHILD_ENVIRONMENT"

    private static let common: Set<String> = [
        "PATH", "HOME", "LANG", "LANGUAGE", "TZ", "LD_LIBRARY_PATH", "FONTCONFIG_PATH", "FONTCONFIG_FILE",
        "XDG_DATA_HOME",
        "XDG_DATA_DIRS", "SWIFT_BACKTRACE", "OMP_NUM_THREADS", "MALLOC_ARENA_MAX", "BULKHEAD_FAULTS",
        "BULKHEAD_FAULT_CLAIMS", "LLVM_PROFILE_FILE",
    ]
    /// What libraries are loaded from is for the user to say; it can't be said by a plugin.
    private static let ofPlugins: Set<String> = ["FREI0R_PATH", "LADSPA_PATH", "BULKHEAD_PLUGIN_PATH"]
    private static let ofLibraries: Set<String> = [
        "LD_PRELOAD", "TMPDIR", "ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "BULKHEAD_CORES",
    ]
    private static let ofNetwork: Set<String> = [
        "http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE",
    ]
    private static let ofDevices: Set<String> = [
        "DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME",
    ]
    /// What a user's own commands expect of a session.
    private static let ofSession: Set<String> = [
        "USER", "LOGNAME", "SHELL", "MAIL", "DBUS_SESSION_BUS_ADDRESS", "XDG_STATE_HOME", "XDG_CONFIG_DIRS",
    ]
    private static let devicePrefixes = ["PULSE_", "ALSA_", "PIPEWIRE_", "JACK_", "LIBV4L"]

    private static func isKept(_ name: some StringProtocol, for purpose: Purpose) -> Bool {
        let word = String(name)
        if common.contains(word) || word.hasPrefix("LC_") { return true }
        return switch purpose {
        case .plugins: ofPlugins.contains(word)
        case .computing: ofLibraries.contains(word)
        case .reading:
            ofLibraries.contains(word) || ofNetwork.contains(word) || ofDevices.contains(word)
                || devicePrefixes.contains { word.hasPrefix($0) }
        case .commands:
            ofLibraries.contains(word) || ofNetwork.contains(word) || ofDevices.contains(word)
                || ofSession.contains(word)
        case .sending: ofLibraries.contains(word) || ofNetwork.contains(word)
        }
    }

    /// The part of `environment` that a process is started with.
    package static func scrubbed(_ environment: [String: String], for purpose: Purpose) -> [String: String] {
        let named =
            purpose == .plugins ? [] : environment[furtherVariable]?.split(separator: ",").map(String.init) ?? []
        let further = Set(named).subtracting(["BULKHEAD_STREAM_KEY"])
        return environment.filter { isKept($0.key, for: purpose) || further.contains($0.key) }
    }

    /// Takes what a process with plugins does not need out of this process's own environment, and blots it out where it lay, which is where
    /// /proc/self/environ reads. Call it before there is a second thread.
    package static func scrubOwn() {
        var entry = environ
        while let line = entry.pointee {
            let text = String(cString: line)
            let name = text.prefix { $0 != "=" }
            if !isKept(name, for: .plugins) {
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
