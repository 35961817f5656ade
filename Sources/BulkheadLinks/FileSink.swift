import BulkheadFLV
package import BulkheadMedia
package import BulkheadModel
import Glibc
import NIOCore
import Synchronization
import SystemPackage

/// A sink that is an FLV file on this machine: see ``SinkFile`` for what it may be. After a failure it can be run again,
/// and goes on in the same file with the next IDR.
package final class FileSink: Sink {
    private struct State {
        var state = LinkState.writing
        var lastError = ""
        var isAborted = false
        /// The file that it is with.
        var file: SinkFile?
        /// What was written before the last failure.
        var part: SinkFile.Part?
    }

    private let name: String
    private let path: String
    private let mailbox: LinkMailbox
    private let state = Mutex(State())

    package init(name: String, path: String, awaitsIDR: Bool, onRoom: @escaping @Sendable () -> Void) {
        self.name = name
        self.path = path
        mailbox = LinkMailbox(awaitsIDR: awaitsIDR, onRoom: onRoom)
    }

    /// How long a disk may take to say whether a file could be written.
    private static let lookPatience = Duration.seconds(3)

    /// Finds out whether a sink could write to `path`, as far as that shows without making the file.
    /// - Throws: what the sink would fail with.
    package static func check(_ path: String) async throws(BroadcastError) {
        let file = SinkFile(path: path)
        let failure = await withTaskGroup(of: Errno?.self) { group in
            group.addTask {
                do throws(Errno) { try await file.look() } catch { return error }
                return nil
            }
            group.addTask {
                // Cancelled as soon as the file has been looked at.
                do { try await Task.sleep(for: lookPatience) } catch { return nil }
                file.abort()
                return .timedOut
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        try? await file.close()
        switch failure {
        // Without a thread to look with, making the link is refused for want of one.
        case nil, .resourceTemporarilyUnavailable: return
        case .canceled, .timedOut:
            throw BroadcastError(
                .file, "\(path) can't be looked at: its disk does not answer", advice: "look at its disk")
        case let error?: throw phrase(error, path)
        }
    }

    package func configure(_ configuration: StreamConfiguration, number: Int) {
        mailbox.configure(configuration, number: number)
    }
    package func offer(_ packet: Packet) { mailbox.offer(packet) }
    package var hasRoom: Bool { mailbox.hasRoom }
    package func finish() { mailbox.finish() }
    package var firstSent: MediaTime? { mailbox.firstSent }

    package func abort() {
        let file = state.withLock { state in
            state.isAborted = true
            return state.file
        }
        file?.abort()
        mailbox.finish()
    }

    package var statuses: [LinkStatus] {
        let state = state.withLock { $0 }
        var status = LinkStatus(name: name, destination: "file:\(path)", state: state.state, lastError: state.lastError)
        mailbox.measure(&status)
        return [status]
    }

    package func run() async throws(BroadcastError) {
        // Whoever sees that it is writing again may count on what is offered from then on.
        if state.withLock({ $0.state == .failed }) {
            mailbox.pause(false)
            mailbox.repeatHeaders()
        }
        let file = state.withLock { state in
            let file = SinkFile(path: path, continuing: state.part)
            (state.state, state.file) = (.writing, file)
            return file
        }
        if state.withLock({ $0.isAborted }) { file.abort() }
        do {
            try await write(to: file)
            state.withLock { ($0.state, $0.file) = (.ended, nil) }
        } catch {
            // Nothing is kept for a file that may never be written again.
            mailbox.pause(true)
            let problem = Self.phrase(error, path)
            state.withLock { ($0.state, $0.lastError, $0.file, $0.part) = (.failed, problem.problem, nil, file.part) }
            throw problem
        }
    }

    private func write(to file: SinkFile) async throws {
        var isNew = false
        // A broadcast that failed before its first packet leaves no empty file behind.
        defer { if isNew, mailbox.isUnused { unlink(path) } }
        do {
            let opening = try await file.open()
            isNew = opening == .new
            try await write(to: file, begins: opening != .continued)
        } catch {
            // What has failed is told, and not what closing says of it.
            try? await file.close()
            throw error
        }
        try await file.close()
    }

    private func write(to file: SinkFile, begins: Bool) async throws {
        let writer = FLVWriter()
        // The disk may be slow: one write for all that waits.
        var output = begins ? writer.fileHeader : ByteBuffer()
        while true {
            await mailbox.wait()
            var isFinished = false
            collecting: while !state.withLock({ $0.isAborted }) {
                switch mailbox.take() {
                case .configuration(let configuration):
                    var bytes = try writer.bytes(of: configuration)
                    output.writeBuffer(&bytes)
                case .packet(let packet):
                    var bytes = try writer.bytes(of: packet)
                    output.writeBuffer(&bytes)
                    if output.readableBytes > 1 << 20 { try await flush(&output, to: file) }
                case .empty:
                    break collecting
                case .finished:
                    isFinished = true
                    break collecting
                }
            }
            try await flush(&output, to: file)
            if isFinished { return }
            guard state.withLock({ $0.isAborted }) else { continue }
            // The end of the file is only whole where nothing waits for it.
            guard mailbox.firstTime == nil else { throw Errno.canceled }
            return
        }
    }

    private func flush(_ buffer: inout ByteBuffer, to file: SinkFile) async throws {
        guard buffer.readableBytes > 0 else { return }
        let bytes = buffer
        buffer.clear()
        try await file.write(bytes)
    }

    private static func phrase(_ error: any Error, _ path: String) -> BroadcastError {
        switch error {
        case Errno.fileExists:
            BroadcastError(
                code: .fileExists, ["path": path], "\(path) exists already",
                advice: "name another file, or move this one away: it is not overwritten")
        case Errno.noSpace:
            BroadcastError(
                code: .diskFull, ["path": path], "no space is left for \(path)",
                advice: "free some, or write to another disk")
        case Errno.fileTooLarge:
            BroadcastError(
                .file, "\(path) has reached the largest size of a file of this process or disk",
                advice: "raise the limit (ulimit -f, LimitFSIZE), or write to another disk")
        case Errno.canceled, Errno.timedOut:
            BroadcastError(
                .file, "\(path) took nothing any more: its end is missing",
                advice: "look at its disk, or at what reads the pipe")
        case Errno.noSuchFileOrDirectory where SinkFile.hasFolder(path):
            BroadcastError(
                code: .notWritable, ["path": path], "\(path) can't be made where it is to lie",
                advice: "choose another folder")
        case Errno.noSuchFileOrDirectory:
            BroadcastError(
                code: .noFolder, ["path": path], "the folder of \(path) does not exist", advice: "make it first")
        case Errno.permissionDenied, Errno.notPermitted, Errno.readOnlyFileSystem:
            BroadcastError(
                code: .notWritable, ["path": path], "\(path) may not be written by this user",
                advice: "choose another folder")
        case Errno.isDirectory:
            BroadcastError(.file, "\(path) is a folder", advice: "name a file in it")
        case Errno.notDirectory:
            BroadcastError(
                code: .noFolder, ["path": path], "what \(path) lies in is no folder", advice: "choose another folder")
        default:
            BroadcastError(.file, "\(path) can't be written: \(error)")
        }
    }
}
