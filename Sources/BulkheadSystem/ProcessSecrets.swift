import Glibc

/// What a process knows that others of its user must not read out of it.
package enum ProcessSecrets {
    /// Takes `name` out of the environment, and blots its value out where it lay at the start of the process, which is
    /// where /proc/PID/environ reads. Call it before there are threads that look at the environment.
    /// - Returns: its value; nil where it was not set.
    package static func take(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        memset(value, 0, strlen(value))
        unsetenv(name)
        return text
    }
}
