package import BulkheadSystem
package import BulkheadWire
import Glibc

/// Where the children's programs are found.
package struct Programs: Sendable {
    /// The folder with `bulkhead-encoder` and the others.
    package var folder: String

    package init(folder: String) { self.folder = folder }

    /// `BULKHEAD_LIBEXEC` from the environment; else the folder of the running program where it holds an encoder; else
    /// `../libexec/bulkhead` from there.
    package static func find() -> Programs {
        if let folder = getenv("BULKHEAD_LIBEXEC").map({ String(cString: $0) }), !folder.isEmpty {
            return Programs(folder: folder)
        }
        let own = executableFolder
        if access(own + "/" + Role.encoder.executableName, X_OK) == 0 { return Programs(folder: own) }
        return Programs(folder: own + "/../libexec/bulkhead")
    }

    /// Set to 1 where somebody wants the core dumps of children.
    package static let coreVariable = "BULKHEAD_CORES"

    package func path(of executable: String) -> String { folder + "/" + executable }

    /// How a child of `role` is started: with its socket as descriptor 3, and an environment without secrets.
    /// - Parameter purpose: what of the environment it needs; nil for what its role does.
    package func launch(_ role: Role, for purpose: ChildEnvironment.Purpose? = nil) -> ChildLaunch {
        var environment: [String: String] = [:]
        var entry = environ
        while let line = entry.pointee {
            let text = String(cString: line)
            if let equals = text.firstIndex(of: "="), !text.hasPrefix("BULKHEAD_STREAM_KEY=") {
                environment[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            entry += 1
        }
        environment = ChildEnvironment.scrubbed(environment, for: purpose ?? role.purpose)
        // Swift's crash reporter holds a dying process up while it looks for symbols, and swallows a signal that was
        // sent from outside: a child is to be gone at once. Who debugs one asks for the reporter.
        if environment["SWIFT_BACKTRACE"] == nil { environment["SWIFT_BACKTRACE"] = "enable=no" }
        var launch = ChildLaunch(
            path: path(of: role.executableName), arguments: ["--socket-fd", "3"], environment: environment)
        // A dump is written before the kernel tells of the death: the takeover would wait for it.
        launch.dumpsCore = environment[Self.coreVariable] == "1"
        return launch
    }

    private static var executableFolder: String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let path =
            count > 0
            ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            : ProgramArguments.executable
        return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }
}

extension Role {
    fileprivate var purpose: ChildEnvironment.Purpose {
        switch self {
        case .pluginHost: .plugins
        case .source: .reading
        case .notifier, .chat: .sending
        case .origin, .srt, .master, .encoder, .decoder, .mixer, .recorder: .computing
        }
    }
}
