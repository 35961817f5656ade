import BulkheadControl
import BulkheadModel
import BulkheadSystem
import BulkheadTestSupport
import Foundation
import Glibc
import Synchronization
import SystemPackage
import Testing

@Suite(.timeLimit(.minutes(1))) struct LocalListenerTests {
    /// Keeps a listener on a reactor of its own, as the master does.
    private actor Owner {
        nonisolated let reactor: Reactor
        nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }
        private var listener: LocalListener?
        private(set) var peers: [PeerCredentials] = []

        init() throws { reactor = try Reactor() }

        deinit { reactor.stop() }

        func listen(at path: String, trusting trusted: TrustedChildren? = nil) throws {
            listener = try LocalListener(path: path, on: reactor, trusting: trusted) { [weak self] socket, peer in
                socket.close()
                self?.assumeIsolated { $0.peers.append(peer) }
            }
        }

        func close() {
            listener?.close()
            listener = nil
        }
    }

    private static func connects(to path: String) -> Bool {
        guard let socket = try? LocalSocket.connect(to: path) else { return false }
        socket.close()
        return true
    }

    private static func mode(_ path: String) -> mode_t {
        var information = stat()
        return lstat(path, &information) == 0 ? information.st_mode : 0
    }

    @Test func connectionsOfThisUserAreTaken() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("sock")
        let owner = try Owner()
        try await owner.listen(at: path)
        for _ in 0..<5 { #expect(Self.connects(to: path)) }
        #expect(await eventually { await owner.peers.count == 5 })
        #expect(await owner.peers.allSatisfy { $0.uid == getuid() && $0.pid == getpid() })
        #expect(Self.mode(path) & 0o777 == 0o600)
        await owner.close()
        #expect(Self.mode(path) == 0)
        #expect(!Self.connects(to: path))
        // A second time there is nothing to close.
        await owner.close()
    }

    /// A source that a stranger's stream has taken over must not give its master orders.
    @Test func aChildOfItsOwnIsTurnedAway() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("sock")
        let owner = try Owner()
        try await owner.listen(at: path)
        let child = try BulkheadProgram.start(["status", "--attach", "unix:\(path)"])
        #expect(await child.wait() != 0)
        #expect(await owner.peers.isEmpty)
        #expect(Self.connects(to: path))
        #expect(await eventually { await owner.peers.count == 1 })
        await owner.close()
    }

    /// One that is trusted is let in, and no other; and not any more once it is not.
    @Test func aTrustedChildIsLetInAlone() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("sock")
        let owner = try Owner()
        let trusted = TrustedChildren()
        try await owner.listen(at: path, trusting: trusted)
        // It connects three times when the first file is there, and again when the second is: so it is known by then whether it
        // is trusted.
        let script = #"""
            import os, socket, sys, time
            for gate in sys.argv[2:]:
                while not os.path.exists(gate): time.sleep(0.02)
                for _ in range(3):
                    s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.recv(1); s.close()
                print(gate, flush=True)
            """#
        let gates = [folder.path("first"), folder.path("second")]
        let child = try RunningProcess("python3", ["-c", script, path] + gates)
        trusted.set(child.pid, isTrusted: true)
        let stranger = try RunningProcess("python3", ["-c", script, path, "/"])
        #expect(await stranger.wait() == 0, "\(stranger.errorText)")
        #expect(await owner.peers.isEmpty)
        for (gate, isTrusted) in zip(gates, [true, false]) {
            trusted.set(child.pid, isTrusted: isTrusted)
            try Data().write(to: URL(fileURLWithPath: gate))
            #expect(await eventually { child.outputText.contains(gate) }, "\(child.errorText)")
        }
        #expect(await child.wait() == 0, "\(child.errorText)")
        #expect(await owner.peers.map(\.pid) == [child.pid, child.pid, child.pid])
        await owner.close()
    }

    /// A process that hangs, or a hostile one: a master that starts must not wait for it.
    @Test func aSocketWhereNobodyAcceptsIsNotWaitedFor() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("sock")
        let hung = try LocalSocket.listen(at: path)
        var waiting: [CInt] = []
        defer { for descriptor in waiting { Glibc.close(descriptor) } }
        #expect(throws: Errno.resourceTemporarilyUnavailable) {
            for _ in 0..<100 { waiting.append(try LocalSocket.connect(to: path).release()) }
        }
        await expectRefusal(try Owner(), path, "takes no connections")
        hung.close()
    }

    @Test func folderIsMadeForThisUserAlone() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("new/sock")
        let owner = try Owner()
        try await owner.listen(at: path)
        #expect(Self.mode(folder.path("new")) & 0o777 == 0o700)
        await owner.close()
        await expectRefusal(try Owner(), folder.path("not/one/but/two/sock"), "can't be made")
    }

    /// A master that was killed leaves its socket behind: the next one takes the place.
    @Test func staleSocketIsTakenOver() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("sock")
        try LocalSocket.listen(at: path).close()
        #expect(Self.mode(path) & S_IFMT == S_IFSOCK)
        let owner = try Owner()
        try await owner.listen(at: path)
        #expect(Self.connects(to: path))
        await owner.close()
    }

    @Test func livingMasterIsLeftAloneAndNamed() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("sock")
        let first = try Owner()
        try await first.listen(at: path)
        await expectRefusal(try Owner(), path, "process id \(getpid()) listens")
        #expect(Self.connects(to: path))
        await first.close()
    }

    @Test func whatIsNoSocketIsLeftAlone() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("precious")
        let file = fopen(path, "w")
        fputs("data", file)
        fclose(file)
        await expectRefusal(try Owner(), path, "is no socket")
        await expectRefusal(try Owner(), folder.url.path, "is no socket")
        var information = stat()
        #expect(stat(path, &information) == 0 && information.st_size == 4)
        // A link to a socket is none either: what it leads to may be anybody's.
        let link = folder.path("link")
        symlink(path, link)
        await expectRefusal(try Owner(), link, "is no socket")
    }

    @Test func longPathsAreRefusedBeforeAnythingIsMade() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("new/" + String(repeating: "x", count: 120))
        await expectRefusal(try Owner(), path, "too long")
        #expect(Self.mode(folder.path("new")) == 0)
    }

    private func expectRefusal(_ owner: Owner, _ path: String, _ words: String) async {
        await #expect {
            try await owner.listen(at: path)
        } throws: { error in
            (error as? BroadcastError)?.problem.contains(words) ?? false
        }
    }
}
