import BulkheadSystem
import Glibc
import SystemPackage
import Testing

@Suite(.timeLimit(.minutes(1))) struct OwnedDescriptorTests {
    private static func isOpen(_ descriptor: CInt) -> Bool { fcntl(descriptor, F_GETFD) >= 0 }

    @Test func sharedMemoryCanNeitherGrowNorShrink() throws {
        let memory = try OwnedDescriptor(memfdNamed: "test", byteCount: 8192)
        #expect(ftruncate(memory.rawValue, 4096) == -1 && errno == EPERM)
        #expect(ftruncate(memory.rawValue, 0) == -1 && errno == EPERM)
        #expect(ftruncate(memory.rawValue, 16_384) == -1 && errno == EPERM)
        memory.close()
    }

    @Test func descriptorsAreClosedOnExec() throws {
        let memory = try OwnedDescriptor(memfdNamed: "test", byteCount: 4096)
        let copy = try memory.duplicate()
        let reader = try memory.reopenedReadOnly()
        let pair = try SocketPair()
        for descriptor in [
            memory.rawValue, copy.rawValue, reader.rawValue, pair.ours.rawValue, pair.theirs.rawValue,
        ] {
            #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
        }
        memory.close()
        copy.close()
        reader.close()
        pair.close()
    }

    @Test func readOnlyDescriptorCanNotBeMappedForWriting() throws {
        let memory = try OwnedDescriptor(memfdNamed: "test", byteCount: 4096)
        let reader = try memory.reopenedReadOnly()
        #expect(throws: Errno.permissionDenied) {
            _ = try SharedMapping(reader, byteCount: 4096, access: .readWrite)
        }
        #expect(write(reader.rawValue, "x", 1) == -1)
        let mapping = try SharedMapping(reader, byteCount: 4096, access: .readOnly)
        #expect(mprotect(mapping.base, 4096, PROT_READ | PROT_WRITE) == -1)
        let writer = try SharedMapping(memory, byteCount: 4096, access: .readWrite)
        writer.base.storeBytes(of: 42, as: UInt8.self)
        #expect(mapping.base.load(as: UInt8.self) == 42)
        memory.close()
        reader.close()
    }

    @Test(arguments: [-1, 0, 4097, .max]) func mappingBeyondTheEndIsRefused(byteCount: Int) throws {
        let memory = try OwnedDescriptor(memfdNamed: "test", byteCount: 4096)
        #expect(throws: Errno.invalidArgument) {
            _ = try SharedMapping(memory, byteCount: byteCount, access: .readOnly)
        }
        memory.close()
    }

    @Test func mappingWhatIsNoFileIsRefused() throws {
        let pair = try SocketPair()
        #expect(throws: Errno.self) { _ = try SharedMapping(pair.ours, byteCount: 4096, access: .readOnly) }
        pair.close()
    }

    @Test func releasedDescriptorStaysOpen() throws {
        let raw = try OwnedDescriptor(memfdNamed: "test", byteCount: 4096).release()
        #expect(Self.isOpen(raw))
        OwnedDescriptor(adopting: raw).close()
    }

    @Test func nonblockingIsSetAndTakenBack() throws {
        let pair = try SocketPair()
        try pair.ours.setNonblocking(true)
        #expect(fcntl(pair.ours.rawValue, F_GETFL) & O_NONBLOCK != 0)
        try pair.ours.setNonblocking(false)
        #expect(fcntl(pair.ours.rawValue, F_GETFL) & O_NONBLOCK == 0)
        pair.close()
    }

    @Test func errnoComesFromNegativeResults() throws {
        #expect(try Errno.check(7) == 7)
        #expect(throws: Errno.noSuchFileOrDirectory) { try Errno.check(-CInt(ENOENT)) }
        #expect(throws: Errno.permissionDenied) { try Errno.check(-Int(EACCES)) }
    }
}

@Suite(.timeLimit(.minutes(1))) struct LocalSocketTests {
    private static func path(_ name: String) -> String { "/tmp/bulkhead-\(getpid())-\(name)" }

    @Test func bothEndsKnowEachOther() throws {
        let path = Self.path("peers")
        let listener = try LocalSocket.listen(at: path)
        defer { unlink(path) }
        #expect(try LocalSocket.accept(listener.rawValue) == nil)
        let client = try LocalSocket.connect(to: path)
        guard let server = try LocalSocket.accept(listener.rawValue) else {
            Issue.record("no connection came")
            return
        }
        let peer = try PeerCredentials(of: server)
        #expect(peer.pid == getpid())
        #expect(peer.uid == getuid())
        #expect(fcntl(server.rawValue, F_GETFL) & O_NONBLOCK != 0)
        server.close()
        client.close()
        listener.close()
    }

    @Test func pathsTooLongAreRefused() throws {
        let longest = "/tmp/" + String(repeating: "x", count: LocalSocket.maximumPathByteCount - 5)
        let listener = try LocalSocket.listen(at: longest)
        unlink(longest)
        listener.close()
        #expect(throws: Errno.fileNameTooLong) { try LocalSocket.listen(at: longest + "x").close() }
        #expect(throws: Errno.fileNameTooLong) { try LocalSocket.connect(to: longest + "x").close() }
    }

    @Test func takenPathsAndMissingOnesAreToldApart() throws {
        let path = Self.path("taken")
        #expect(throws: Errno.noSuchFileOrDirectory) { try LocalSocket.connect(to: path).close() }
        let listener = try LocalSocket.listen(at: path)
        defer { unlink(path) }
        #expect(throws: Errno.addressInUse) { try LocalSocket.listen(at: path).close() }
        listener.close()
        #expect(throws: Errno.connectionRefused) { try LocalSocket.connect(to: path).close() }
    }
}
