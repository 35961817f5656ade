import BulkheadChildren
import BulkheadEvents
import BulkheadFrames
import BulkheadLinks
import BulkheadMP4
import BulkheadMedia
import BulkheadModel
import BulkheadOutputs
import BulkheadRecording
import BulkheadRoom
import BulkheadSystem
import BulkheadTestSupport
import BulkheadWire
import Foundation
import Synchronization
import SystemPackage
import Testing

/// Files and pipes that misbehave, and recorders that do, with the real program.
@Suite(.timeLimit(.minutes(3))) struct RecorderSinkTests {
    /// A sink that runs, and is given what a test wants.
    private final class Course: Sendable {
        let sink: RecorderSink
        private let reactor: Reactor
        private let log: EventLog

        init(
            _ path: String, format: RecordingFormat = .flv, persists: Bool = false,
            limits: RecordQueue.Limits = .init()
        ) throws {
            reactor = try Reactor()
            log = EventLog()
            let task = RecorderTask(format, path: path, isPattern: persists, persists: persists)
            sink = Self.value(on: reactor) { [reactor, log] in
                let context = RoomContext(
                    reactor: reactor, pools: FramePools(), programs: Programs(folder: productFolder), events: log)
                return RecorderSink(
                    name: "file", number: 1, .init(task), limits: limits, awaitsIDR: false, in: context, onRoom: {})
            }
            try configure()
        }

        deinit { reactor.stop() }

        /// Does something where the sink lives.
        func on<Value: Sendable>(_ body: @escaping @Sendable (RecorderSink) -> Value) -> Value {
            Self.value(on: reactor) { [sink] in body(sink) }
        }

        private static func value<Value: Sendable>(
            on reactor: Reactor, _ body: @escaping @Sendable () -> Value
        ) -> Value {
            let value = Mutex<Value?>(nil)
            let done = DispatchSemaphore(value: 0)
            reactor.run {
                let result = body()
                value.withLock { $0 = result }
                done.signal()
            }
            done.wait()
            guard let result = value.withLock({ $0 }) else { preconditionFailure("the reactor has run it") }
            return result
        }

        private func configure() throws {
            let configuration = StreamConfiguration(
                canvas: try #require(Canvas(width: 64, height: 64)), frameRate: try #require(FrameRate(50)),
                videoBitsPerSecond: 1, audioBitsPerSecond: 1,
                avcConfiguration: [1, 0x42, 0xC0, 0x1E, 0xFF, 0xE0, 0], audioSpecificConfig: [0x11, 0x90])
            on { $0.configure(configuration, number: 0) }
        }

        /// Gives pictures, every tenth an IDR, 20 ms apart.
        func offer(_ numbers: Range<Int>, byteCount: Int = 100) {
            on { sink in
                for number in numbers {
                    let time = MediaTime(milliseconds: Int64(number) * 20)
                    sink.offer(
                        Packet(
                            kind: .video(isIDR: number % 10 == 0, isDisposable: false), dts: time, pts: time,
                            bytes: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: byteCount)))
                }
            }
        }

        func finish() { on { $0.finish() } }
        func abort() { on { $0.abort() } }
        var status: LinkStatus? { on { $0.statuses.first } }
        var recording: RecordingStatus { on { $0.recordingStatus } }
        var pid: Int32? { on { $0.childStatus?.pid } }

        func run() async -> BroadcastError? {
            do throws(BroadcastError) {
                try await sink.run()
                return nil
            } catch { return error }
        }

        /// Whether its end has come in time.
        func ends() async -> Bool {
            await eventually { self.status.map { [.ended, .failed].contains($0.state) } ?? false }
        }
    }

    /// A named pipe.
    private static func pipe(in folder: TemporaryFolder, _ name: String = "pipe") throws -> String {
        let path = folder.path(name)
        try #require(mkfifo(path, 0o600) == 0)
        return path
    }

    /// What a request can be refused for before anything is made.
    @Test func fileIsLookedAtBeforeItIsMade() async throws {
        func problem(_ path: String) async -> ErrorCode? {
            do throws(BroadcastError) { try await Output.check(DestinationSettings(url: "file:\(path)")) } catch {
                return error.code
            }
            return nil
        }
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let there = folder.path("there.flv")
        try Data([1]).write(to: URL(filePath: there))
        #expect(await problem(folder.path("new.flv")) == nil)
        #expect(!FileManager.default.fileExists(atPath: folder.path("new.flv")))
        #expect(await problem(there) == .fileExists)
        #expect(await problem(folder.path("none/new.flv")) == .noFolder)
        #expect(await problem(there + "/new.flv") == .noFolder)
        try FileManager.default.createDirectory(atPath: folder.path("is.flv"), withIntermediateDirectories: false)
        #expect(await problem(folder.path("is.flv")) == .file)
        #expect(await problem(try Self.pipe(in: folder, "pipe.flv")) == nil)
    }

    /// The times of the pictures in an FLV file, without its headers.
    private static func times(_ path: String) throws -> [Int] {
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        var times: [Int] = []
        var place = 13
        while place + 11 <= bytes.count {
            let length = bytes[(place + 1)...(place + 3)].reduce(0) { $0 << 8 | Int($1) }
            let time = bytes[(place + 4)...(place + 6)].reduce(0) { $0 << 8 | Int($1) }
            try #require(place + 15 + length <= bytes.count, "the last tag is whole")
            if bytes[place] == 9, bytes[place + 12] == 1 { times.append(time) }
            place += 15 + length
        }
        return times
    }

    @Test func failedFileIsWrittenWhenItIsTriedAgain() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let course = try Course(folder.path("later/a.flv"))
        #expect(await course.run()?.code == .noFolder)
        #expect(course.status?.state == .failed)
        // What comes meanwhile is nobody's, and is not kept.
        course.offer(0..<5)
        #expect(course.status?.queuedBytes == 0)
        try FileManager.default.createDirectory(atPath: folder.path("later"), withIntermediateDirectories: false)
        let running = Task { await course.run() }
        #expect(await eventually { course.status?.state == .writing })
        course.offer(5..<25)
        #expect(await eventually { course.status?.framesSent == 15 })
        course.finish()
        #expect(await running.value == nil)
        // From the next IDR on.
        #expect(try Self.times(folder.path("later/a.flv")) == (10..<25).map { $0 * 20 })
    }

    @Test func whatIsThereIsNotOverwritten() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let path = folder.path("a.flv")
        try Data("mine".utf8).write(to: URL(filePath: path))
        let course = try Course(path)
        course.offer(0..<20)
        #expect(await course.run()?.code == .fileExists)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
    }

    /// A recorder that is killed when it has made its file and not told of it leaves an empty one, which is no obstacle.
    @Test func anEmptyFileOfNobodyIsTaken() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let path = folder.path("a.flv")
        try Data().write(to: URL(filePath: path))
        let course = try Course(path)
        let running = Task { await course.run() }
        course.offer(0..<20)
        course.finish()
        #expect(await running.value == nil)
        #expect(try Self.times(path) == (0..<20).map { $0 * 20 })
    }

    /// What another process holds is that process's, empty or not.
    @Test func anEmptyFileThatIsHeldIsNotTaken() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let path = folder.path("a.flv")
        let holder = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
        defer { close(holder) }
        try #require(flock(holder, LOCK_EX | LOCK_NB) == 0)
        let course = try Course(path)
        #expect(await course.run()?.code == .fileExists)
        #expect(try Data(contentsOf: URL(filePath: path)).isEmpty)
    }

    @Test func nothingIsLeftOfAFileThatWasGivenNothing() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let course = try Course(folder.path("a.flv"))
        let running = Task { await course.run() }
        #expect(await eventually { course.pid != nil })
        course.finish()
        #expect(await running.value == nil)
        #expect(!FileManager.default.fileExists(atPath: folder.path("a.flv")))
    }

    /// A recorder that is killed again and again costs no frame: the same file goes on behind its last whole piece.
    @Test(arguments: [SIGKILL, SIGSTOP]) func killedRecorderCostsNothing(signal: Int32) async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let path = folder.path("a.flv")
        let course = try Course(path)
        let running = Task { await course.run() }
        for round in 0..<4 {
            course.offer((round * 50)..<(round * 50 + 50), byteCount: 20_000)
            #expect(await eventually { course.pid != nil })
            if round > 0 { #expect(await eventually { (course.status?.framesSent ?? 0) > round * 50 - 50 }) }
            guard let pid = course.pid else { continue }
            kill(pid, signal)
            #expect(await eventually { course.pid != pid })
        }
        course.finish()
        #expect(await running.value == nil)
        #expect(try Self.times(path) == (0..<200).map { $0 * 20 })
        #expect(course.status?.framesShed == 0)
    }

    /// The same of a recording: every picture once, one file, and an index that says what the file says, byte for byte.
    @Test(arguments: [SIGKILL, SIGSTOP]) func killedRecorderCostsARecordingNothing(signal: Int32) async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let path = folder.path("a.mp4")
        let course = try Course(path, format: .mp4, persists: true)
        let running = Task { await course.run() }
        for round in 0..<5 {
            course.offer((round * 60)..<(round * 60 + 60), byteCount: 5000)
            #expect(await eventually { course.pid != nil })
            if round % 2 == 1 { #expect(await eventually { course.recording.framesDurable > round * 60 }) }
            guard let pid = course.pid else { continue }
            kill(pid, signal)
            #expect(await eventually { course.pid != pid })
        }
        course.finish()
        #expect(await running.value == nil)
        try Self.expectRecording(path, pictures: 0..<300, isFinished: true)
        #expect(course.recording.framesDurable == 300 && course.recording.segments == 1)
    }

    /// Every comment once and in order, whenever recorders are killed, with its time from the file's beginning.
    @Test(arguments: [RecordingFormat.mp4, .flv]) func killedRecorderCostsNoComment(format: RecordingFormat)
        async throws
    {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let path = folder.path("a.\(format)")
        let course = try Course(path, format: format, persists: true)
        course.on { $0.tell(RecorderComment(number: 0, time: 7, body: Array(#"{"room":"evening"}"#.utf8))) }
        let running = Task { await course.run() }
        for round in 0..<6 {
            for number in (round * 30)..<(round * 30 + 30) {
                course.offer(number..<(number + 1), byteCount: 3000)
                course.on { sink in
                    sink.offer(
                        RecorderComment(
                            number: Int64(number) + 1, time: Int64(number) * 20_000_000,
                            body: Array(#"{"text":"\#(number)"}"#.utf8)))
                }
            }
            #expect(await eventually { course.pid != nil })
            // FLV is not synced piece by piece.
            if round % 2 == 1 { #expect(await eventually { (course.status?.framesSent ?? 0) > round * 30 - 30 }) }
            guard let pid = course.pid else { continue }
            kill(pid, SIGKILL)
            #expect(await eventually { course.pid != pid })
        }
        course.finish()
        #expect(await running.value == nil)
        let lines = try String(contentsOfFile: path + ".comments.jsonl", encoding: .utf8).split(separator: "\n")
        let expected = (0..<180).map { number in
            let milliseconds = number * 20
            let fraction = String(1000 + milliseconds % 1000).dropFirst()
            return #"{"number":\#(number + 1),"seconds":\#(milliseconds / 1000).\#(fraction),"text":"\#(number)"}"#
        }
        #expect(lines.first == #"{"seconds":0.000,"room":"evening"}"#)
        #expect(lines.dropFirst().map(String.init) == expected)
        #expect(course.recording.segments == 1)
    }

    /// Comments that others have written are not written to, nor is a file made to go with them.
    @Test func commentsOfAnotherFileAreLeftAlone() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        try Data("mine".utf8).write(to: URL(filePath: folder.path("a.mp4.comments.jsonl")))
        let course = try Course(folder.path("a.mp4"), format: .mp4, persists: true)
        let running = Task { await course.run() }
        course.offer(0..<40)
        course.on { $0.offer(RecorderComment(number: 1, time: 0, body: Array(#"{"a":1}"#.utf8))) }
        course.finish()
        #expect(await running.value == nil)
        #expect(try String(contentsOfFile: folder.path("a.mp4.comments.jsonl"), encoding: .utf8) == "mine")
        #expect(
            try String(contentsOfFile: folder.path("a-2.mp4.comments.jsonl"), encoding: .utf8)
                == #"{"number":1,"seconds":0.000,"a":1}"# + "\n")
        #expect(!FileManager.default.fileExists(atPath: folder.path("a.mp4")))
    }

    /// What a file holds: these pictures, once each and in order, and its index.
    private static func expectRecording(_ path: String, pictures: Range<Int64>, isFinished: Bool) throws {
        let media = try FileHandle(forReadingFrom: URL(filePath: path))
        defer { try? media.close() }
        let reading = try SegmentReading(DescriptorSource(media.fileDescriptor))
        let times = reading.fragments.flatMap { part in
            part.fragment.samples.filter { $0.track == SegmentWriter.videoTrack }.map(\.dts)
        }
        #expect(times == (0..<Int64(pictures.count)).map { $0 * 1800 })
        #expect(reading.nextFrame == pictures.upperBound && reading.start?.number != nil)
        #expect(reading.fragments.first?.entry.firstFrame == pictures.lowerBound)
        #expect(reading.header.isFinished == isFinished)
        let index = [UInt8](try Data(contentsOf: URL(filePath: path + ".index")))
        #expect(index == IndexWriter.bytes(of: reading.index))
    }

    /// A name that is taken is numbered, whoever has it.
    @Test func recordingOverwritesNothing() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        try Data("mine".utf8).write(to: URL(filePath: folder.path("a.mp4")))
        try Data("mine".utf8).write(to: URL(filePath: folder.path("a-2.mp4.index")))
        try FileManager.default.createDirectory(atPath: folder.path("a-3.mp4"), withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(atPath: folder.path("a-4.mp4"), withDestinationPath: "nowhere")
        let course = try Course(folder.path("a.mp4"), format: .mp4, persists: true)
        let running = Task { await course.run() }
        course.offer(0..<40)
        course.finish()
        #expect(await running.value == nil)
        try Self.expectRecording(folder.path("a-5.mp4"), pictures: 0..<40, isFinished: true)
        #expect(try String(contentsOfFile: folder.path("a.mp4"), encoding: .utf8) == "mine")
        #expect(try String(contentsOfFile: folder.path("a-2.mp4.index"), encoding: .utf8) == "mine")
    }

    /// The fields of strftime(3) are filled in, and a folder that is not there yet is waited for.
    @Test func recordingWaitsForItsFolder() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let course = try Course(folder.path("later/%%-%Y.mp4"), format: .mp4, persists: true)
        let running = Task { await course.run() }
        course.offer(0..<30)
        #expect(await eventually { course.recording.troubles.map(\.trouble) == [.notCreated] })
        try FileManager.default.createDirectory(atPath: folder.path("later"), withIntermediateDirectories: false)
        course.offer(30..<60)
        #expect(await eventually { course.recording.framesDurable > 0 })
        #expect(course.recording.troubles.isEmpty)
        course.finish()
        #expect(await running.value == nil)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("later"))
        let name = try #require(names.first { $0.hasSuffix(".mp4") })
        #expect(name.wholeMatch(of: /%-20\d\d\.mp4/) != nil)
        try Self.expectRecording(folder.path("later/" + name), pictures: 0..<60, isFinished: true)
    }

    @Test func pipeWithoutAReaderIsWaitedForAndLeft() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let course = try Course(try Self.pipe(in: folder))
        let running = Task { await course.run() }
        course.offer(0..<20)
        course.finish()
        course.abort()
        #expect(await course.ends())
        #expect(await running.value?.kind == .file)
    }

    /// Pipes whose readers have stopped hold up neither a file nor their own end.
    @Test func stoppedReadersHoldUpNothing() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        var stuck: [(Course, Task<BroadcastError?, Never>, FileHandle)] = []
        for number in 0..<4 {
            let path = try Self.pipe(in: folder, "pipe\(number)")
            let course = try Course(path)
            let running = Task { await course.run() }
            // Opened for both, it does not wait for the other side.
            stuck.append((course, running, try #require(FileHandle(forUpdatingAtPath: path))))
            course.offer(0..<20, byteCount: 100_000)
        }
        let course = try Course(folder.path("a.flv"))
        let running = Task { await course.run() }
        course.offer(0..<20, byteCount: 100_000)
        course.finish()
        #expect(await running.value == nil)
        #expect(try Self.times(folder.path("a.flv")).count == 20)
        for (course, running, reader) in stuck {
            course.abort()
            #expect(await course.ends())
            #expect(await running.value?.kind == .file)
            try reader.close()
        }
    }

    @Test func pipeIsWrittenAsItIsRead() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let path = try Self.pipe(in: folder)
        let course = try Course(path)
        let running = Task { await course.run() }
        course.offer(0..<20, byteCount: 100_000)
        course.finish()
        // On a thread of its own, which ends with the pipe: reading blocks.
        let bytes = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(returning: try? FileHandle(forReadingAtPath: path)?.readToEnd())
            }
        }
        #expect(await running.value == nil)
        #expect((bytes?.count ?? 0) > 2_000_000)
    }
}
