import BulkheadWire

/// The program `bulkhead-plugin-host`.
package enum PluginHostProgram {
    /// Runs to the end of the conversation; the result is the exit code.
    package static func run() -> CInt {
        ChildProgram.run(.pluginHost, purpose: "Runs plugins on pictures for bulkhead.") { socket in
            try PluginHostService(socket).run()
        }
    }
}
