import CBulkheadLinux
import Glibc
package import SystemPackage

/// A program that is started beside this one for what it does, and knows nothing of Bulkhead's sockets; children of a
/// broadcast are started by ``ChildLaunch``.
///
/// It has descriptors 0 to 2 only, default signal handling and nothing blocked. It may be started on any thread.
package struct ProgramRun: Sendable {
    /// What a program has as one of its standard descriptors.
    package enum Stream: Hashable, Sendable {
        /// Nothing comes from there; what is written there is gone.
        case nothing
        /// What this process has.
        case inherited
        /// An open descriptor, which stays the caller's.
        case descriptor(CInt)
    }

    /// What is kept of a program's words; of each, its last bytes up to a bound.
    package enum Capture: Hashable, Sendable {
        case nothing
        case output(mostBytes: Int)
        case errors(mostBytes: Int)
        /// Both as one text, in the order in which they were written.
        case outputAndErrors(mostBytes: Int)
    }

    /// The program's file; the PATH is not searched.
    package var path: String
    /// Without the program's name.
    package var arguments: [String]
    /// The program's whole environment: nothing is inherited.
    package var environment: [String: String]
    /// Where it is run; nil for this process's folder.
    package var folder: String?
    package var input = Stream.nothing
    package var output = Stream.nothing
    package var errors = Stream.nothing
    /// It leads a process group of its own, and what it starts is ended with it. Else it is in this process's group, and
    /// ends with that when someone types Control-C.
    package var leadsGroup = true

    /// A program with its arguments and its whole environment, which reads and writes nothing.
    package init(_ path: String, _ arguments: [String], environment: [String: String]) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
    }

    /// The file of a program of Bulkhead's that lies beside this one; nil where there is none.
    package static func sibling(_ name: String) -> String? {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/self/exe", &path, path.count)
        guard length > 0 else { return nil }
        let own = path[..<length].map { UInt8(bitPattern: $0) }
        guard let slash = own.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        let sibling = String(decoding: own[...slash], as: UTF8.self) + name
        return access(sibling, X_OK) == 0 ? sibling : nil
    }

    /// Starts it. Whoever starts it reaps it, once its pidfd can be read.
    /// - Throws: the errno of what is missing for a process, or of exec: ENOENT when there is no such program.
    package func start() throws(Errno) -> LaunchedChild {
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] =
            environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } + [nil]
        let place = folder.map { strdup($0) }
        defer { for pointer in words + variables + [place ?? nil] { free(pointer) } }
        var pidfd: CInt = -1
        let pid = path.withCString { path in
            words.withUnsafeMutableBufferPointer { words in
                variables.withUnsafeMutableBufferPointer { variables in
                    var program = bulkhead_program()
                    program.path = path
                    program.arguments = UnsafePointer(words.baseAddress)
                    program.environment = UnsafePointer(variables.baseAddress)
                    program.folder = UnsafePointer(place ?? nil)
                    program.input = input.number
                    program.output = output.number
                    program.errors = errors.number
                    program.leads_group = leadsGroup ? 1 : 0
                    return bulkhead_start_program(&program, &pidfd)
                }
            }
        }
        try Errno.check(pid)
        return LaunchedChild(pid: pid, pidfd: OwnedDescriptor(adopting: pidfd))
    }

    /// Runs it to its end, blocking. What leads a group is killed after `patience`, with all that it has started there;
    /// what it leaves running there is killed at its end.
    /// - Parameter capture: takes the place of ``output`` or ``errors`` or both.
    /// - Throws: as ``start()``, or the errno of a pipe.
    package func run(
        keeping capture: Capture = .nothing, within patience: Duration? = nil
    ) throws(Errno) -> ProgramEnd {
        guard capture != .nothing else {
            return ProgramWatch(words: -1, mostBytes: 0, endsGroup: leadsGroup).end(of: try start(), within: patience)
        }
        var ends: [CInt] = [-1, -1]
        try Errno.check(bulkhead_pipe(&ends))
        let words = OwnedDescriptor(adopting: ends[0])
        let theirs = OwnedDescriptor(adopting: ends[1])
        var captured = self
        let mostBytes = captured.write(capture, to: .descriptor(theirs.rawValue))
        do throws(Errno) {
            try words.setNonblocking(true)
            let child = try captured.start()
            theirs.close()
            let watch = ProgramWatch(words: words.rawValue, mostBytes: mostBytes, endsGroup: leadsGroup)
            let end = watch.end(of: child, within: patience)
            words.close()
            return end
        } catch {
            words.close()
            theirs.close()
            throw error
        }
    }

    /// Puts `stream` where it is captured from, and gives the bound.
    private mutating func write(_ capture: Capture, to stream: Stream) -> Int {
        switch capture {
        case .nothing: return 0
        case .output(let mostBytes):
            output = stream
            return mostBytes
        case .errors(let mostBytes):
            errors = stream
            return mostBytes
        case .outputAndErrors(let mostBytes):
            output = stream
            errors = stream
            return mostBytes
        }
    }
}

extension ProgramRun.Stream {
    /// As `bulkhead_program` has it.
    fileprivate var number: CInt {
        switch self {
        case .nothing: -1
        case .inherited: BULKHEAD_INHERITED
        case .descriptor(let descriptor): descriptor
        }
    }
}
