import BulkheadTestSupport
import Foundation
import Glibc
import Synchronization

/// A PostgreSQL of a test's own: in a folder that goes away, behind a Unix socket, run by a user without rights.
final class PostgresCluster: Sendable {
    /// What could not be done to have one.
    struct Failure: Error, CustomStringConvertible { let description: String }

    /// One for all tests of this process, begun when it is first asked for and ended with the process.
    static let shared = Result { () throws -> PostgresCluster in
        let cluster = try PostgresCluster()
        running.withLock { $0.append(cluster) }
        atexit { PostgresCluster.running.withLock { $0 }.forEach { $0.stop() } }
        return cluster
    }
    private static let running = Mutex<[PostgresCluster]>([])

    private let folder: String
    private let server = Mutex<Process?>(nil)
    private let databases = Mutex(0)

    private static let programs: String = {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let newest = versions.compactMap { Int($0) }.max() ?? 15
        return "\(root)/\(newest)/bin"
    }()

    /// PostgreSQL refuses to run as root.
    private static let prefix =
        geteuid() == 0
        ? ["/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] : []

    init() throws {
        var name = Array("/tmp/bulkhead-postgres-XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil else { throw Failure(description: "no folder can be made") }
        folder = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if geteuid() == 0, let user = getpwnam("postgres") { chown(folder, user.pointee.pw_uid, user.pointee.pw_gid) }
        do {
            try Self.run(
                "initdb", "-D", folder + "/data", "-U", "test", "--auth=trust", "--no-sync", "--no-locale",
                "--encoding=UTF8")
            try start()
        } catch {
            stop()
            throw error
        }
    }

    private static func process(_ program: String, _ arguments: [String]) -> Process {
        let words = prefix + ["\(programs)/\(program)"] + arguments
        let process = Process()
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.currentDirectoryURL = URL(fileURLWithPath: "/tmp")
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        return process
    }

    private static func run(_ program: String, _ arguments: String...) throws {
        let process = process(program, arguments)
        try process.run()
        try process.waitForEnd(within: .seconds(60))
        guard process.terminationStatus == 0 else {
            throw Failure(description: "\(program) ended with \(process.terminationStatus)")
        }
    }

    /// Starts the server, and waits until it takes connections.
    func start() throws {
        let process = Self.process(
            "postgres",
            [
                "-D", folder + "/data", "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off", "-c",
                "max_connections=100", "-c", "shared_buffers=16MB",
            ])
        try process.run()
        server.withLock { $0 = process }
        let isReady = eventuallyOnThisThread(within: .seconds(30)) {
            (try? Self.run("pg_isready", "-q", "-h", folder, "-U", "test", "-d", "postgres")) != nil
        }
        guard isReady else { throw Failure(description: "PostgreSQL takes no connections") }
    }

    /// Ends the server at once, as a crash would.
    func crash() {
        guard let process = server.withLock({ $0.take() }) else { return }
        kill(process.processIdentifier, SIGQUIT)
        process.waitUntilExit()
    }

    /// A new database; what a program connects to.
    func makeDatabase() throws -> String {
        let number = databases.withLock { count in
            count += 1
            return count
        }
        try Self.run("createdb", "-h", folder, "-U", "test", "library\(number)")
        return place("library\(number)")
    }

    /// A database by its name, for `user`.
    func place(_ database: String, user: String = "test") -> String {
        "host=\(folder) user=\(user) dbname=\(database)"
    }

    /// Runs SQL by psql.
    func run(_ sql: String, in place: String) throws {
        try Self.run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", place, "-c", sql)
    }

    func stop() {
        crash()
        try? FileManager.default.removeItem(atPath: folder)
    }
}
