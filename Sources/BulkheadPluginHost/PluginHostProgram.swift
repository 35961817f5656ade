import BulkheadSystem
import BulkheadWire
import Glibc

/// The program `bulkhead-plugin-host`.
package enum PluginHostProgram {
    /// Runs to the end of the conversation; the result is the exit code.
    package static func run() -> CInt {
        PluginEnvironment.scrubOwn()
        if CommandLine.arguments.dropFirst() == ["--sandbox"] { return trySandbox() }
        return ChildProgram.run(.pluginHost, purpose: "Runs plugins on pictures for bulkhead.") { socket in
            try PluginHostService(socket).run()
        }
    }

    /// Enters the sandbox and prints what that came to: what `bulkhead doctor` asks.
    private static func trySandbox() -> CInt {
        for line in Sandbox.enter(readablePaths: [], dataFolder: "").lines { print(line) }
        fflush(nil)
        return ChildProgram.success
    }
}
