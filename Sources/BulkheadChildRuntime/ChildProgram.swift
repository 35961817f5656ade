import BulkheadSystem
package import BulkheadWire
import CBulkheadLinux
import Glibc
import SystemPackage

/// How a child program is asked to start.
package enum ChildInvocation: Hashable, Sendable {
    /// By the master, with its socket on this descriptor.
    case socket(descriptor: CInt)
    /// By hand or under a debugger: the path of the master's address for children.
    case connect(path: String)
    case version
    case help
    /// Says which walls the kernel grants its cell, and ends.
    case sandbox

    /// Why a command line can't be followed.
    package enum UsageError: Error, Hashable, CustomStringConvertible {
        case nothingAsked
        case unknownArgument(String)
        case valueMissing(option: String)
        case noDescriptor(String)
        case noPath(String)

        package var description: String {
            switch self {
            case .nothingAsked: "it isn't said where the master is"
            case .unknownArgument(let argument): "the argument \(argument) isn't known"
            case .valueMissing(let option): "\(option) needs a value"
            case .noDescriptor(let text): "\(text) isn't a descriptor's number"
            case .noPath(let text): "\(text) isn't the path of a socket"
            }
        }
    }

    /// Reads a command line, without the program's own name. Options take their value behind a space or "=".
    package init(arguments: some Sequence<String>) throws(UsageError) {
        var rest = arguments.flatMap { argument -> [String] in
            guard argument.hasPrefix("--"), let sign = argument.firstIndex(of: "=") else { return [argument] }
            return [String(argument[..<sign]), String(argument[argument.index(after: sign)...])]
        }
        guard !rest.isEmpty else { throw .nothingAsked }
        let option = rest.removeFirst()
        switch option {
        case "--version": self = .version
        case "--sandbox": self = .sandbox
        case "--help", "-h": self = .help
        case "--socket-fd", "--connect":
            guard !rest.isEmpty else { throw .valueMissing(option: option) }
            let value = rest.removeFirst()
            if option == "--socket-fd" {
                guard let descriptor = CInt(value), descriptor > 2 else { throw .noDescriptor(value) }
                self = .socket(descriptor: descriptor)
            } else {
                let path = value.hasPrefix("unix:") ? String(value.dropFirst(5)) : value
                guard !path.isEmpty else { throw .noPath(value) }
                self = .connect(path: path)
            }
        default: throw .unknownArgument(option)
        }
        if let extra = rest.first { throw .unknownArgument(extra) }
    }
}

/// What every child program has in common: its command line, its way to the master, and how it ends.
package enum ChildProgram {
    /// Exit codes: the master went away or --help was answered; the conversation failed; the command line is wrong.
    package static let success: CInt = 0
    package static let failure: CInt = 1
    package static let usage: CInt = 64

    /// Runs the program that plays `role`: reads `arguments` (the first is the program's name), reaches the master, says
    /// hello, and gives the socket to `serve`, which talks until it throws. Failures end as one line on standard error.
    ///
    /// Before the first message is read, the process is in the first step of its role's cell.
    ///
    /// - Parameters:
    ///   - purpose: one sentence for --help.
    ///   - secondStep: enters the rest of the cell as for an ordinary task; asked for by --sandbox alone.
    /// - Returns: the exit code.
    package static func run(
        _ role: Role, purpose: String, arguments: [String] = ProgramArguments.all,
        secondStep: () -> CellReport = { CellReport() }, serve: (WireSocket) throws -> Void
    ) -> CInt {
        ProcessSetup.silenceDispatch()
        _ = bulkhead_ignore_broken_pipes()
        bulkhead_report_crashes()
        let name = role.executableName
        let usageLine = "usage: \(name) --connect unix:PATH | --version | --help"
        let invocation: ChildInvocation
        do { invocation = try ChildInvocation(arguments: arguments.dropFirst()) } catch {
            say("\(name): \(error)\n\(usageLine)")
            return usage
        }
        let socket: WireSocket
        switch invocation {
        case .version:
            write("\(name) \(BulkheadVersion.build) (schema \(BulkheadVersion.wire))\n", to: STDOUT_FILENO)
            return success
        case .help:
            write(
                """
                \(purpose)
                \(usageLine)

                The bulkhead command starts this program by itself. By hand, say where a master waits for it:
                  --connect unix:PATH  connect to the master's address for children
                  --socket-fd N        talk on descriptor N, an open socket to the master
                  --sandbox            say which walls the kernel grants this program, and end

                """, to: STDOUT_FILENO)
            return success
        case .sandbox:
            guard var report = Cell.enterFirst(of: role) else { return failure }
            report.add(secondStep())
            write(report.lines.map { $0 + "\n" }.joined(), to: STDOUT_FILENO)
            return success
        case .socket(let descriptor):
            guard isSocket(descriptor) else {
                say("\(name): descriptor \(descriptor) isn't a socket; by hand, use --connect unix:PATH")
                return usage
            }
            socket = WireSocket(OwnedDescriptor(adopting: descriptor))
        case .connect(let path):
            say("\(name): connecting to the master at unix:\(path)")
            do { socket = try WireSocket(connectingTo: path) } catch {
                let reason = if case .system(let errno) = error { "\(errno)" } else { "\(error)" }
                say("\(name): no master answers at unix:\(path): \(reason)")
                return failure
            }
        }
        guard Cell.enterFirst(of: role) != nil else {
            say("\(name): no cell is known for the \(role)")
            return failure
        }
        var isGreeted = false
        do {
            try socket.greet(as: role)
            isGreeted = true
            socket.faults = ArmedFaults.ofEnvironment(for: role)
            try serve(socket)
            return success
        } catch WireSocketError.closedByPeer where isGreeted {
            return success
        } catch {
            say("\(name): \(error)")
            return failure
        }
    }

    /// Writes one line to standard error at once, so that it survives whatever comes next.
    package static func say(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

    private static func write(_ text: String, to descriptor: CInt) {
        var text = text
        text.withUTF8 { bytes in
            var written = 0
            while written < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return }
                written += count
            }
        }
    }

    private static func isSocket(_ descriptor: CInt) -> Bool {
        var information = stat()
        return fstat(descriptor, &information) == 0 && information.st_mode & S_IFMT == S_IFSOCK
    }
}
