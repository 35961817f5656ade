import BulkheadChildRuntime
import BulkheadSystem
import BulkheadWire
import Glibc

/// The program `bulkhead-plugin-host`.
package enum PluginHostProgram {
    /// Runs to the end of the conversation; the result is the exit code.
    package static func run() -> CInt {
        PluginEnvironment.scrubOwn()
        let arguments = CommandLine.arguments.dropFirst()
        if arguments == ["--sandbox"] { return trySandbox() }
        if arguments.first == "--enumerate" { return EnumeratorProgram.run(Array(arguments.dropFirst())) }
        if arguments.first == "--check" { return CheckProgram.run() }
        return ChildProgram.run(.pluginHost, purpose: "Runs plugins on pictures and sound for bulkhead.") { socket in
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
