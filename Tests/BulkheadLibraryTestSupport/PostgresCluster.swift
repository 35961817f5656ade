import BulkheadTestSupport
import Foundation
import Glibc
import Synchronization

/// A PostgreSQL of a test's own: in a folder that goes away, behind a Unix socket, run by a user without rights.
package final class PostgresCluster: Sendable {
    /// What could not be done to have one.
    package struct Failure: Error, CustomStringConvertible { package let description: String }

    /// One for all tests of this process, begun when it is first asked for and ended with the process.
    package static let shared = Result { () throws -> PostgresCluster in
        let cluster = try PostgresCluster()
        running.withLock { $0.append(cluster) }
        atexit { PostgresCluster.running.withLock { $0 }.forEach { $0.stop() } }
        return cluster
    }
    private static let running = Mutex<[PostgresCluster]>([])

    package let folder: String
    private let server = Mutex<RunningProcess?>(nil)
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

    package init() throws {
        folder = try Self.makeFolder()
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

    /// A replica that follows `primary` by streaming.
    package init(replicaOf primary: PostgresCluster) throws {
        folder = try Self.makeFolder()
        do {
            try Self.run(
                "pg_basebackup", "-h", primary.folder, "-U", "test", "-D", folder + "/data", "-R", "-X", "stream", "-c",
                "fast", "--no-sync")
            try start()
        } catch {
            stop()
            throw error
        }
    }

    private static func makeFolder() throws -> String {
        var name = Array("/tmp/bulkhead-postgres-XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil else { throw Failure(description: "no folder can be made") }
        let folder = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if geteuid() == 0, let user = getpwnam("postgres") { chown(folder, user.pointee.pw_uid, user.pointee.pw_gid) }
        return folder
    }

    private static func start(_ program: String, _ arguments: [String]) throws -> RunningProcess {
        let words = prefix + ["\(programs)/\(program)"] + arguments
        return try RunningProcess(words[0], Array(words.dropFirst()), in: URL(fileURLWithPath: "/tmp"))
    }

    private static func run(_ program: String, _ arguments: String...) throws {
        let process = try start(program, arguments)
        let status = try process.waitOnThisThread(within: .seconds(60))
        guard status == 0 else {
            throw Failure(description: "\(program) ended with \(status): \(process.errorText)")
        }
    }

    /// Starts the server, and waits until it takes connections.
    package func start() throws {
        let process = try Self.start(
            "postgres",
            [
                "-D", folder + "/data", "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off", "-c",
                "max_connections=100", "-c", "shared_buffers=16MB",
            ])
        server.withLock { $0 = process }
        let isReady = eventuallyOnThisThread(within: .seconds(30)) {
            (try? Self.run("pg_isready", "-q", "-h", folder, "-U", "test", "-d", "postgres")) != nil
        }
        guard isReady else { throw Failure(description: "PostgreSQL takes no connections") }
    }

    /// Ends the server at once, as a crash would.
    package func crash() {
        guard let process = server.withLock({ $0.take() }) else { return }
        kill(process.pid, SIGQUIT)
        _ = try? process.waitOnThisThread()
    }

    /// Ends the server as the kernel does, by SIGKILL; its other processes see that it has gone, and end.
    package func killAtOnce() {
        guard let process = server.withLock({ $0.take() }) else { return }
        let words = (try? String(contentsOfFile: folder + "/data/postmaster.pid", encoding: .utf8)) ?? ""
        process.endOnThisThread()
        // What it can't give back any more: line 7 has key and number of its shared memory.
        let lines = words.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.count > 6, let number = lines[6].split(separator: " ").last.flatMap({ Int32($0) }) {
            shmctl(number, IPC_RMID, nil)
        }
    }

    /// Each commit waits until a replica has it as well.
    package func waitForReplica() throws {
        try run("ALTER SYSTEM SET synchronous_standby_names = '*'", in: place("postgres"))
        try run("SELECT pg_reload_conf()", in: place("postgres"))
    }

    /// Makes a primary of a replica.
    package func promote() throws { try run("SELECT pg_promote(true, 60)", in: place("postgres")) }

    /// A new database; what a program connects to.
    package func makeDatabase() throws -> String {
        let number = databases.withLock { count in
            count += 1
            return count
        }
        try Self.run("createdb", "-h", folder, "-U", "test", "library\(number)")
        return place("library\(number)")
    }

    /// A database by its name, for `user`.
    package func place(_ database: String, user: String = "test") -> String {
        "host=\(folder) user=\(user) dbname=\(database)"
    }

    /// Runs SQL by psql.
    package func run(_ sql: String, in place: String) throws {
        try Self.run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", place, "-c", sql)
    }

    package func stop() {
        crash()
        try? FileManager.default.removeItem(atPath: folder)
    }
}
