import BulkheadChildren
import BulkheadSystem
import BulkheadTestSupport
import BulkheadWire
import Glibc
import SystemPackage
import Testing

/// Holds one child on a reactor of its own, as the broadcast does, and keeps what it hears of it.
actor Keeper {
    nonisolated let reactor: Reactor
    nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }
    private(set) var frames: [WireFrame] = []
    private(set) var isGreeted = false
    private(set) var ends: [ChildEnd] = []
    private var child: Child?

    init() throws { reactor = try Reactor() }

    deinit { reactor.stop() }

    /// Starts `script` with /bin/sh and gives its process id.
    @discardableResult
    func start(_ script: String, _ role: Role = .encoder) throws -> Int32 {
        try launch(
            ChildLaunch(path: "/bin/sh", arguments: ["-c", script], environment: ["PATH": "/usr/bin:/bin"]), role)
    }

    @discardableResult
    func launch(_ launch: ChildLaunch, _ role: Role = .encoder) throws -> Int32 {
        frames = []
        isGreeted = false
        ends = []
        return try keep(Child(role, launch, on: reactor))
    }

    /// Takes in a child that has connected over `socket`.
    func adopt(_ socket: CInt, _ role: Role = .encoder) throws {
        _ = try keep(Child(role, connected: OwnedDescriptor(adopting: socket), pid: getpid(), on: reactor))
    }

    private func keep(_ child: Child) throws -> Int32 {
        self.child = child
        child.onFrame = { [weak self] frame in self?.assumeIsolated { $0.frames.append(frame) } }
        child.onGreeted = { [weak self] in self?.assumeIsolated { $0.isGreeted = true } }
        child.onEnd = { [weak self] end in self?.assumeIsolated { $0.ends.append(end) } }
        try child.activate()
        return child.pid
    }

    func dismiss(_ reason: String) { child?.dismiss(reason) }
    func hangUp() { child?.hangUp() }
    func send(_ message: some WireMessage) { child?.send(message) }

    /// Waits for the child's end, and kills it where it does not come.
    func end(within patience: Duration = .seconds(20)) async throws -> ChildEnd {
        _ = await eventually(within: patience) { !ends.isEmpty }
        guard let end = ends.first else {
            child?.dismiss("the test has lost its patience")
            throw Patience()
        }
        child = nil
        return end
    }

    struct Patience: Error {}
}

/// Whether a process runs: one that has ended and is not reaped does not.
func isRunning(_ pid: Int32) -> Bool {
    guard let file = fopen("/proc/\(pid)/stat", "r") else { return false }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 512)
    guard fgets(&line, 512, file) != nil else { return false }
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    // proc(5): the state follows the name, which stands in brackets.
    guard let bracket = text.lastIndex(of: ")") else { return false }
    return !text[bracket...].dropFirst(2).hasPrefix("Z")
}
