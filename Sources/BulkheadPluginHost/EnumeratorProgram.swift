import BulkheadChildRuntime
import BulkheadSystem
import BulkheadWire
import Glibc

/// `bulkhead-plugin-host --enumerate PATH…`: tells what plugins libraries hold, in a process that may die of it.
///
/// On descriptor 3, where that is a socket, it speaks the schema; else it writes lines for a person.
enum EnumeratorProgram {
    /// - Parameter paths: the libraries, looked at one after the other.
    /// - Returns: the exit code.
    static func run(_ paths: [String]) -> CInt {
        let name = Role.pluginHost.executableName
        guard !paths.isEmpty else {
            ChildProgram.say("\(name): --enumerate needs the path of a library")
            return ChildProgram.usage
        }
        var information = stat()
        let isAsked =
            fstat(WireSocket.inheritedDescriptor, &information) == 0 && information.st_mode & S_IFMT == S_IFSOCK
        let socket = isAsked ? WireSocket(OwnedDescriptor(adopting: WireSocket.inheritedDescriptor)) : nil
        _ = Sandbox.enter(
            readablePaths: paths, dataFolder: "", memoryByteCount: Sandbox.lookingMemoryByteCount)
        do {
            for path in paths {
                try look(at: path) { reply throws(WireSocketError) in
                    if let socket { try socket.send(reply) } else if let line = line(reply) { print(line) }
                }
            }
            return ChildProgram.success
        } catch {
            // The master no longer listens.
            return ChildProgram.failure
        }
    }

    /// Tells all there is to say of one library.
    private static func look(
        at path: String, _ tell: (EnumeratorReply) throws(WireSocketError) -> Void
    ) throws(WireSocketError) {
        try tell(.calling(.open))
        let shelf = PluginShelf()
        let library: PluginShelf.Library
        do throws(Refusal) { library = try shelf.open(path) } catch {
            try tell(.refused(path: path, label: "", error))
            return try tell(.finished(path: path))
        }
        switch library {
        case .bulkhead(let library): try tell(.plugin(library.description))
        case .frei0r(let library):
            try tell(.calling(.create))
            do throws(Refusal) { try library.learnDefaults() } catch {
                try tell(.refused(path: path, label: "", error))
                return try tell(.finished(path: path))
            }
            try tell(.plugin(library.description))
        case .ladspa(let library):
            for plugin in library.plugins { try tell(.plugin(plugin.description)) }
            for (label, refusal) in library.refused { try tell(.refused(path: path, label: label, refusal)) }
        }
        try tell(.finished(path: path))
        // The library's end is not waited for: destructors may hang too.
        withExtendedLifetime(shelf) {}
    }

    private static func line(_ reply: EnumeratorReply) -> String? {
        switch reply {
        case .calling, .finished: nil
        case .refused(let path, let label, let refusal): "\(path)\(label.isEmpty ? "" : "#\(label)"): \(refusal)"
        case .plugin(let plugin):
            "\(plugin.identity): \(plugin.name) \(plugin.version)"
                + plugin.parameters.map { parameter in
                    "\n  \(parameter.name)=\(parameter.defaultText): \(parameter.kind.rawValue)\(parameter.limits)"
                }.joined()
        }
    }
}
