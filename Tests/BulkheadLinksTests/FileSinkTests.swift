import BulkheadLinks
import BulkheadMedia
import BulkheadModel
import BulkheadTestSupport
import Foundation
import NIOCore
import SystemPackage
import Testing

/// Files and pipes that misbehave.
@Suite(.timeLimit(.minutes(2))) struct FileSinkTests {
    /// A sink that runs, and is given what a test wants.
    private final class Course: Sendable {
        let sink: FileSink

        init(_ path: String) throws {
            sink = FileSink(name: "file", path: path, awaitsIDR: false, onRoom: {})
            sink.configure(
                StreamConfiguration(
                    canvas: try #require(Canvas(width: 64, height: 64)), frameRate: try #require(FrameRate(50)),
                    videoBitsPerSecond: 1, audioBitsPerSecond: 1,
                    avcConfiguration: [1, 0x42, 0xC0, 0x1E, 0xFF, 0xE0, 0], audioSpecificConfig: [0x11, 0x90]),
                number: 0)
        }

        /// Gives pictures, every tenth an IDR, 20 ms apart.
        func offer(_ numbers: Range<Int>, byteCount: Int = 100) {
            for number in numbers {
                let time = MediaTime(milliseconds: Int64(number) * 20)
                sink.offer(
                    Packet(
                        kind: .video(isIDR: number % 10 == 0, isDisposable: false), dts: time, pts: time,
                        bytes: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: byteCount)))
            }
        }

        func run() async -> BroadcastError? {
            do throws(BroadcastError) {
                try await sink.run()
                return nil
            } catch { return error }
        }

        /// What the sink's end came to; nil also where it has not ended in time.
        func ends(_ running: Task<BroadcastError?, Never>) async -> Bool {
            await eventually { [.ended, .failed].contains(self.sink.statuses.first?.state) }
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
            do throws(BroadcastError) { try await FileSink.check(path) } catch { return error.code }
            return nil
        }
        let folder = try TemporaryFolder()
        let there = folder.path("there.flv")
        try Data([1]).write(to: URL(filePath: there))
        #expect(await problem(folder.path("new.flv")) == nil)
        #expect(!FileManager.default.fileExists(atPath: folder.path("new.flv")))
        #expect(await problem(there) == .fileExists)
        #expect(await problem(folder.path("none/new.flv")) == .noFolder)
        #expect(await problem(there + "/new.flv") == .noFolder)
        #expect(await problem(folder.path("")) == .file)
        #expect(await problem(try Self.pipe(in: folder)) == nil)
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
        #expect(course.sink.statuses.map(\.state) == [.failed])
        // What comes meanwhile is nobody's, and is not kept.
        course.offer(0..<5)
        #expect(course.sink.statuses.map(\.queuedBytes) == [0])
        try FileManager.default.createDirectory(atPath: folder.path("later"), withIntermediateDirectories: false)
        let running = Task { await course.run() }
        #expect(await eventually { course.sink.statuses.map(\.state) == [.writing] })
        course.offer(5..<25)
        #expect(await eventually { course.sink.statuses.map(\.framesSent) == [15] })
        course.sink.finish()
        #expect(await running.value == nil)
        // From the next IDR on.
        #expect(try Self.times(folder.path("later/a.flv")) == (10..<25).map { $0 * 20 })
    }

    @Test func fileGoesOnBehindItsLastWholePiece() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let path = folder.path("a")
        let first = SinkFile(path: path)
        #expect(try await first.open() == .new)
        try await first.write(ByteBuffer(string: "whole "))
        try await first.close()
        let part = first.part
        // Half a piece, as a full disk leaves it.
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("ha".utf8))
        try handle.close()
        let second = SinkFile(path: path, continuing: part)
        #expect(try await second.open() == .continued)
        try await second.write(ByteBuffer(string: "again"))
        try await second.close()
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "whole again")
        // Another file of that name is not touched.
        try FileManager.default.removeItem(atPath: path)
        try Data("mine".utf8).write(to: URL(filePath: path))
        let third = SinkFile(path: path, continuing: part)
        await #expect(throws: Errno.fileExists) { try await third.open() }
        try await third.close()
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
    }

    @Test func pipeWithoutAReaderIsWaitedForAndLeft() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let course = try Course(try Self.pipe(in: folder))
        let running = Task { await course.run() }
        course.offer(0..<20)
        course.sink.finish()
        course.sink.abort()
        #expect(await course.ends(running))
        #expect(await running.value?.kind == .file)
    }

    /// Two pipes whose readers have stopped hold up neither a file nor their own end.
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
        course.sink.finish()
        #expect(await running.value == nil)
        #expect(try Self.times(folder.path("a.flv")).count == 20)
        for (course, running, reader) in stuck {
            course.sink.abort()
            #expect(await course.ends(running))
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
        course.sink.finish()
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
