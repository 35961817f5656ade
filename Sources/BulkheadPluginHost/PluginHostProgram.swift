import BulkheadChildRuntime
import BulkheadSystem
import BulkheadWire
import Glibc

/// The program `bulkhead-plugin-host`.
package enum PluginHostProgram {
    /// Runs to the end of the conversation; the result is the exit code.
    package static func run() -> CInt {
        ChildEnvironment.scrubOwn()
        let arguments = ProgramArguments.all.dropFirst()
        if arguments.first == "--enumerate" { return EnumeratorProgram.run(Array(arguments.dropFirst())) }
        if arguments.first == "--check" { return CheckProgram.run() }
        return ChildProgram.run(
            .pluginHost, purpose: "Runs plugins on pictures and sound for bulkhead.",
            secondStep: { Sandbox.enter(readablePaths: [], dataFolder: "") }
        ) { socket in
            try PluginHostService(socket).run()
        }
    }
}
