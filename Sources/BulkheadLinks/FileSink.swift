import BulkheadFLV
package import BulkheadMedia
package import BulkheadModel
import Glibc
import NIOCore
import NIOPosix
import Synchronization
import SystemPackage

/// A sink that is an FLV file on this machine. A file that is already there is not overwritten.
package final class FileSink: Sink {
    private let name: String
    private let path: String
    private let mailbox: LinkMailbox
    private let state = Mutex((state: LinkState.writing, lastError: "", isAborted: false))

    package init(name: String, path: String, awaitsIDR: Bool, onRoom: @escaping @Sendable () -> Void) {
        self.name = name
        self.path = path
        mailbox = LinkMailbox(awaitsIDR: awaitsIDR, onRoom: onRoom)
    }

    package func configure(_ configuration: StreamConfiguration, number: Int) {
        mailbox.configure(configuration, number: number)
    }
    package func offer(_ packet: Packet) { mailbox.offer(packet) }
    package var hasRoom: Bool { mailbox.hasRoom }
    package func finish() { mailbox.finish() }

    package func abort() {
        state.withLock { $0.isAborted = true }
        mailbox.finish()
    }

    package var statuses: [LinkStatus] {
        let (state, lastError, _) = state.withLock { $0 }
        var status = LinkStatus(name: name, destination: "file:\(path)", state: state, lastError: lastError)
        mailbox.measure(&status)
        return [status]
    }

    package func run() async throws(BroadcastError) {
        do {
            try await write()
            state.withLock { $0.state = .ended }
        } catch {
            let problem = Self.phrase(error, path)
            state.withLock { $0 = (.failed, problem.problem, true) }
            throw problem
        }
    }

    private func write() async throws {
        let (file, isNew) = try Self.open(path)
        // A broadcast that failed before its first packet leaves no empty file behind.
        defer { if isNew, mailbox.isUnused { unlink(path) } }
        do { try await write(to: file) } catch {
            try? file.close()
            throw error
        }
        try file.close()
    }

    /// Gives also whether the file was made just now.
    private static func open(_ path: String) throws(Errno) -> (SystemPackage.FileDescriptor, isNew: Bool) {
        do {
            let file = try SystemPackage.FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            return (file, true)
        } catch Errno.fileExists where !isRegularFile(path) {
            // A pipe or a device holds nothing that could be overwritten.
            do {
                return (try SystemPackage.FileDescriptor.open(path, .writeOnly, options: .closeOnExec), false)
            } catch let errno
                as Errno
            {
                throw errno
            } catch { throw .ioError }
        } catch let errno as Errno {
            throw errno
        } catch { throw .ioError }
    }

    private static func isRegularFile(_ path: String) -> Bool {
        var information = stat()
        return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFREG
    }

    private func write(to file: SystemPackage.FileDescriptor) async throws {
        let writer = FLVWriter()
        // The disk may be slow: one write for all that waits, on a thread that may block.
        var output = writer.fileHeader
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
            if isFinished || state.withLock({ $0.isAborted }) { return }
        }
    }

    private func flush(_ buffer: inout ByteBuffer, to file: SystemPackage.FileDescriptor) async throws {
        let bytes = buffer
        buffer.clear()
        try await NIOThreadPool.singleton.runIfActive {
            _ = try bytes.withUnsafeReadableBytes { try file.writeAll($0) }
        }
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
        case Errno.noSuchFileOrDirectory:
            BroadcastError(
                code: .noFolder, ["path": path], "the folder of \(path) does not exist", advice: "make it first")
        case Errno.permissionDenied:
            BroadcastError(
                code: .notWritable, ["path": path], "\(path) may not be written by this user",
                advice: "choose another folder")
        default:
            BroadcastError(.file, "\(path) can't be written: \(error)")
        }
    }
}
