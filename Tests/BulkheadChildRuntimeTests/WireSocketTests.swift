import BulkheadChildRuntime
import BulkheadMedia
import BulkheadSystem
import BulkheadTestSupport
import BulkheadWire
import Glibc
import SystemPackage
import Testing

/// Both ends of a socket: the master's, which never waits, and the child's.
@Suite(.timeLimit(.minutes(1))) struct WireSocketTests {
    private final class Ends {
        let master: WireConnection
        let child: WireSocket

        init() throws {
            let pair = try SocketPair()
            master = try WireConnection(try pair.ours.duplicate())
            child = WireSocket(try pair.theirs.duplicate())
            pair.close()
        }
    }

    /// The next request at the child's end; nil when none comes.
    private static func message(_ child: WireSocket, within milliseconds: CInt = 10_000) throws -> EncoderRequest? {
        guard let received = try child.receive(EncoderRequest.self, timeoutMilliseconds: milliseconds) else {
            return nil
        }
        return received.message
    }

    /// Receives once something has come.
    private static func intake(_ connection: WireConnection) throws -> WireConnection.Intake {
        var entry = pollfd(fd: connection.descriptor, events: Int16(POLLIN), revents: 0)
        try #require(poll(&entry, 1, 10_000) == 1, "the child sends something, or ends, within 10 seconds")
        return connection.receive()
    }

    private static func openDescriptors() -> Int {
        guard let folder = opendir("/proc/self/fd") else { return -1 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return count
    }

    /// What waits goes in few calls, and each descriptor with its own message.
    @Test func messagesThatWaitGoTogether() throws {
        let ends = try Ends()
        let shapes = (1...3).map { PoolShape(id: $0, slotCount: 1, slotByteCount: 4096 * $0) }
        var inodes: [UInt64] = []
        for shape in shapes {
            let memory = try OwnedDescriptor(memfdNamed: "pool", byteCount: 4096)
            inodes.append(try Self.inode(memory.rawValue))
            ends.master.enqueue(EncoderRequest.probe)
            ends.master.enqueue(EncoderRequest.pool(shape), descriptor: memory)
            ends.master.enqueue(EncoderRequest.reconfigure(bitsPerSecond: shape.id))
        }
        #expect(ends.master.wantsToWrite)
        #expect(try Self.message(ends.child, within: 0) == nil)
        ends.master.flush()
        #expect(!ends.master.wantsToWrite)
        for (shape, inode) in zip(shapes, inodes) {
            #expect(try Self.message(ends.child) == .probe)
            guard var received = try ends.child.receive(EncoderRequest.self),
                let descriptor = received.descriptor.take()
            else {
                Issue.record("pool \(shape.id) came without its descriptor")
                return
            }
            let message = received.message
            #expect(message == .pool(shape))
            let came = try Self.inode(descriptor.rawValue)
            #expect(came == inode)
            descriptor.close()
            #expect(try Self.message(ends.child) == .reconfigure(bitsPerSecond: shape.id))
        }
    }

    private static func inode(_ descriptor: CInt) throws -> UInt64 {
        var information = stat()
        try #require(fstat(descriptor, &information) == 0)
        return UInt64(information.st_ino)
    }

    /// What a child posts goes before what it sends, and at the latest when the child waits for the master.
    @Test func postedRepliesGoBeforeTheChildWaits() throws {
        let ends = try Ends()
        ends.child.post(EncoderReply.alive)
        ends.child.post(EncoderReply.audioPacket(block: 1, bytes: [1, 2]))
        #expect(ends.master.receive().frames.isEmpty)
        try ends.child.send(EncoderReply.flushed)
        let first = try Self.intake(ends.master).frames.map { try EncoderReply($0) }
        #expect(first == [.alive, .audioPacket(block: 1, bytes: [1, 2]), .flushed])
        ends.child.post(EncoderReply.alive)
        #expect(try Self.message(ends.child, within: 0) == nil)
        #expect(ends.master.receive().frames.isEmpty)
        #expect(try Self.message(ends.child, within: 1) == nil)
        let last = try Self.intake(ends.master).frames.map { try EncoderReply($0) }
        #expect(last == [.alive])
    }

    /// Whether the child reads on or was about to write, it hears the reason.
    @Test(arguments: [true, false]) func whoIsTurnedAwayIsToldWhy(byWriting: Bool) throws {
        let pair = try SocketPair()
        var master: WireConnection? = try WireConnection(try pair.ours.duplicate())
        let child = WireSocket(try pair.theirs.duplicate())
        pair.close()
        master?.send(Hello(role: .master, pid: 1))
        master?.send(Farewell(reason: "another one is at work"))
        master = nil
        let error = #expect(throws: WireSocketError.self) {
            if byWriting { while true { try child.send(EncoderReply.flushed) } }
            _ = try child.receive(Hello.self)
            _ = try child.receive(Hello.self)
        }
        #expect(error?.description == "the master has turned it away: another one is at work")
    }

    @Test func messagesGoBothWays() throws {
        let ends = try Ends()
        for message in try Messages.encoderRequests() where !message.frame.carriesDescriptor {
            ends.master.send(message)
            let received = try #require(try Self.message(ends.child))
            #expect(received == message)
        }
        for reply in Messages.encoderReplies { try ends.child.send(reply) }
        var frames: [WireFrame] = []
        while frames.count < Messages.encoderReplies.count {
            let intake = try Self.intake(ends.master)
            #expect(!intake.isOver && intake.error == nil)
            frames += intake.frames
        }
        #expect(try frames.map { try EncoderReply($0) } == Messages.encoderReplies)
        #expect(!ends.master.wantsToWrite)
    }

    @Test func descriptorsComeWithTheirMessages() throws {
        let ends = try Ends()
        ends.master.send(EncoderRequest.dropPool(id: 1))
        for id in UInt32(1)...3 {
            let memory = try OwnedDescriptor(memfdNamed: "test", byteCount: 4096 * Int(id))
            ends.master.send(
                EncoderRequest.pool(PoolShape(id: id, slotCount: id, slotByteCount: 4096)), descriptor: memory)
        }
        ends.master.send(EncoderRequest.flush)
        #expect(try Self.message(ends.child) == .dropPool(id: 1))
        for id in UInt32(1)...3 {
            guard var received = try ends.child.receive(EncoderRequest.self) else {
                Issue.record("nothing came")
                return
            }
            guard case .pool(let shape) = received.message, let descriptor = received.descriptor.take() else {
                Issue.record("another message came")
                return
            }
            #expect(shape.id == id)
            var information = stat()
            #expect(fstat(descriptor.rawValue, &information) == 0)
            #expect(information.st_size == off_t(shape.byteCount))
            #expect(fcntl(descriptor.rawValue, F_GETFD) & FD_CLOEXEC != 0)
            descriptor.close()
        }
        #expect(try Self.message(ends.child) == .flush)
    }

    @Test func timeoutIsNotAnEnd() throws {
        let ends = try Ends()
        #expect(try Self.message(ends.child, within: 0) == nil)
        #expect(try Self.message(ends.child, within: 5) == nil)
        #expect(!ends.child.isAtEnd)
        let intake = ends.master.receive()
        #expect(intake.frames.isEmpty && !intake.isOver && intake.error == nil)
    }

    /// What a child said before it died is still there; half a message is not.
    @Test func lastWordsAreHeard() throws {
        let pair = try SocketPair()
        let master = try WireConnection(try pair.ours.duplicate())
        let bytes = EncoderReply.flushed.frame.bytes + [4, 0, 0, 0, 0x22]
        #expect(write(pair.theirs.rawValue, bytes, bytes.count) == bytes.count)
        pair.close()
        var intake = try Self.intake(master)
        #expect(intake.frames == [EncoderReply.flushed.frame])
        while !intake.isOver { intake = try Self.intake(master) }
        #expect(intake.frames.isEmpty)
        #expect(intake.error == nil)
    }

    @Test func childSeesTheEnd() throws {
        let pair = try SocketPair()
        let child = WireSocket(try pair.theirs.duplicate())
        pair.close()
        #expect(child.isAtEnd)
        #expect { try Self.message(child) } throws: { error in
            if case .closedByPeer? = error as? WireSocketError { true } else { false }
        }
        #expect { try child.send(EncoderReply.flushed) } throws: { error in
            if case .closedByPeer? = error as? WireSocketError { true } else { false }
        }
    }

    @Test(
        arguments: [
            ([0, 0, 0, 3, 0x21, 0, 0, 0], WireError.payloadTooLong(byteCount: 0x300_0000)),
            ([0, 0, 0, 0, 0x21, 0, 9, 0], WireError.unknownFlags(9)),
            ([0, 0, 0, 0, 0x21, 0, 1, 0], WireError.descriptorUnexpected(type: 0x21)),
        ] as [([UInt8], WireError)])
    func masterRefusesWhatIsNoMessage(bytes: [UInt8], error: WireError) throws {
        let pair = try SocketPair()
        let master = try WireConnection(try pair.ours.duplicate())
        let all = EncoderReply.flushed.frame.bytes + bytes
        #expect(write(pair.theirs.rawValue, all, all.count) == all.count)
        let intake = try Self.intake(master)
        #expect(intake.frames == [EncoderReply.flushed.frame])
        #expect(intake.error == error)
        #expect(intake.isOver)
        pair.close()
    }

    @Test func childRefusesAPoolWithoutItsDescriptor() throws {
        let pair = try SocketPair()
        let child = WireSocket(try pair.theirs.duplicate())
        let bytes = EncoderRequest.pool(PoolShape(id: 1, slotCount: 1, slotByteCount: 4096)).frame.bytes
        #expect(write(pair.ours.rawValue, bytes, bytes.count) == bytes.count)
        #expect { try Self.message(child) } throws: { error in
            if case .malformed(.descriptorMissing(type: 0x11))? = error as? WireSocketError { true } else { false }
        }
        pair.close()
    }

    /// A child that does not read: the master's outbox grows to its bound and no further, and nothing blocks.
    @Test func outboxHasABound() throws {
        let ends = try Ends()
        let message = EncoderRequest.encodeAudio(
            block: 0, samples: [Float](repeating: 0, count: AudioFormat.floatsPerBlock))
        var sent = 0
        while !ends.master.isOverfull, sent < 20_000 {
            ends.master.send(message)
            sent += 1
        }
        #expect(ends.master.isOverfull)
        #expect(ends.master.wantsToWrite)
        #expect(sent > 8000 && sent < 9000)
        ends.master.send(message)
        // All that was taken arrives whole, in order.
        var received = 0
        while received < sent {
            ends.master.flush()
            try #require(try Self.message(ends.child) != nil, "message \(received) arrives")
            received += 1
            while try Self.message(ends.child, within: 0) != nil { received += 1 }
        }
        #expect(!ends.master.wantsToWrite)
        #expect(!ends.master.isOverfull)
        #expect(try Self.message(ends.child, within: 0) == nil)
    }

    /// A parent that talks over a blocking socket does not wait for ever for a process that does not read.
    @Test func sendingHasALimitWhereThereIsOne() throws {
        let pair = try SocketPair()
        let parent = WireSocket(try pair.ours.duplicate())
        parent.limitSending(to: .milliseconds(50))
        let error = #expect(throws: WireSocketError.self) {
            for _ in 0..<10_000 { try parent.send(EncoderReply.flushed) }
        }
        guard case .system(.resourceTemporarilyUnavailable)? = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        pair.close()
    }

    /// Whatever becomes of a message with a descriptor, the descriptor is closed.
    @Test func noDescriptorStaysBehind() throws {
        let before = Self.openDescriptors()
        for _ in 0..<20 {
            let pair = try SocketPair()
            let master = try WireConnection(try pair.ours.duplicate())
            var child: WireSocket? = WireSocket(try pair.theirs.duplicate())
            pair.close()
            let shape = PoolShape(id: 1, slotCount: 1, slotByteCount: 4096)
            // Received but never read, then sent to nobody.
            master.send(EncoderRequest.flush)
            master.send(
                EncoderRequest.pool(shape), descriptor: try OwnedDescriptor(memfdNamed: "test", byteCount: 4096))
            if let child { #expect(try Self.message(child) == .flush) }
            child = nil
            master.send(
                EncoderRequest.pool(shape), descriptor: try OwnedDescriptor(memfdNamed: "test", byteCount: 4096))
            #expect(!master.wantsToWrite)
        }
        // Other suites open and close a few at the same time; a leak would be 20 at least.
        #expect(Self.openDescriptors() < before + 15)
    }
}

@Suite(.timeLimit(.minutes(1))) struct HelloTests {
    @Test func sameVersionsAgree() {
        for role in Role.allCases { #expect(Hello(role: role, pid: 1).mismatch(expecting: role) == nil) }
    }

    @Test func mismatchNamesBothVersions() throws {
        let older = try #require(Hello(role: .encoder, pid: 1, wireVersion: 99).mismatch(expecting: .encoder))
        #expect(older.contains("schema 99") && older.contains("schema \(BulkheadVersion.wire)"))
        #expect(
            older
                == "the encoder is version \(BulkheadVersion.build) (schema 99), this is version "
                + "\(BulkheadVersion.build) (schema \(BulkheadVersion.wire))")
    }

    /// That is how a new version of a child goes on air beside a master that has been running for weeks.
    @Test func anotherBuildOfTheSameSchemaIsWelcome() {
        #expect(Hello(role: .source, pid: 1, build: "9.9").mismatch(expecting: .source) == nil)
    }

    @Test func mismatchNamesBothRoles() {
        #expect(
            Hello(role: .encoder, pid: 1).mismatch(expecting: .pluginHost)
                == "the other side says that it is the encoder, not the plugin host")
    }

    @Test func greetingsAreExchanged() throws {
        let pair = try SocketPair()
        let child = WireSocket(try pair.theirs.duplicate())
        let master = try WireConnection(try pair.ours.duplicate())
        master.send(Hello(role: .master, pid: getpid()))
        // A read too many comes to an end, and does not wait.
        shutdown(pair.ours.rawValue, CInt(SHUT_WR))
        try child.greet(as: .source)
        let frames = master.receive().frames
        #expect(try frames.map { try Hello($0) } == [Hello(role: .source, pid: getpid())])
        pair.close()
    }

    @Test func childRefusesAnotherMaster() throws {
        for hello in [
            Hello(role: .master, pid: 1, wireVersion: 1), Hello(role: .encoder, pid: 1),
        ] {
            let pair = try SocketPair()
            let child = WireSocket(try pair.theirs.duplicate())
            let master = try WireConnection(try pair.ours.duplicate())
            master.send(hello)
            shutdown(pair.ours.rawValue, CInt(SHUT_WR))
            #expect { try child.greet(as: .source) } throws: { error in
                guard case .mismatch(let phrase)? = error as? WireSocketError else { return false }
                return phrase == hello.mismatch(expecting: .master)
            }
            pair.close()
        }
    }
}
