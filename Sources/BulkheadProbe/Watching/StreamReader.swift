import BulkheadFLV
import BulkheadRTMP
import BulkheadRTMPTransport
package import BulkheadStreamPlayer
import NIOCore
import SystemPackage

/// Brings a stream to a probe.
package enum StreamReader {
    /// How a stream of a server is watched.
    package struct Options: Sendable {
        /// How the server is reached.
        package var stream = StreamOptions()
        /// Goes on when the publisher or the server goes away, connecting anew.
        package var stays = false
        /// How long is waited before connecting anew.
        package var reconnectDelay = Duration.seconds(1)
        /// How long a first picture is waited for; nil for ever.
        package var patience: Duration? = .seconds(10)
        /// After so long without anything the stream has ended: some servers don't tell. Nil to wait for ever.
        package var silence: Duration? = .seconds(10)

        /// Ends with the stream, and waits ten seconds for a first picture.
        package init() {}
    }

    /// Watches the stream at `source` until it ends or the task is cancelled.
    /// - Throws: ``ProbeError`` when there is nothing to watch.
    package static func watch(_ source: StreamSource, with probe: Probe, options: Options) async throws(ProbeError) {
        let result: Result<Void, ProbeError> = await withTaskGroup(of: Result<Void, ProbeError>?.self) { group in
            group.addTask { await follow(source, with: probe, options: options) }
            group.addTask { await limit(probe, options) }
            var result: Result<Void, ProbeError> = .success(())
            while let next = await group.next() {
                if let next {
                    result = next
                    break
                }
            }
            group.cancelAll()
            return result
        }
        try result.get()
    }

    /// Ends the watching of a stream that does not come, or comes no more.
    private static func limit(_ probe: Probe, _ options: Options) async -> Result<Void, ProbeError>? {
        let start = ContinuousClock.now
        while !Task.isCancelled {
            if await !probe.hasMedia {
                if let patience = options.patience, ContinuousClock.now - start > patience {
                    return .failure(.nothingCame(after: patience))
                }
            } else if let silence = options.silence, await probe.isSilent(for: silence) {
                await probe.fellSilent(for: silence)
                return .success(())
            }
            do { try await Task.sleep(for: .milliseconds(100)) } catch { return nil }
        }
        return nil
    }

    private static func follow(
        _ source: StreamSource, with probe: Probe, options: Options
    ) async -> Result<Void, ProbeError> {
        while !Task.isCancelled {
            let reason: String
            do {
                let isOver = try await StreamPlayer.play(source, options: options.stream) { events in
                    await probe.connected(to: "\(source)")
                    while let event = try await events.next() {
                        switch event {
                        case .media(let played): await forward(played.message, to: probe)
                        case .republished: await probe.unpublished()
                        case .unpublished:
                            guard await probe.hasMedia else { continue }
                            await probe.unpublished()
                            if !options.stays { return true }
                        }
                    }
                    return false
                }
                if isOver { return .success(()) }
                reason = "the server closed the connection"
            } catch is CancellationError {
                return .success(())
            } catch {
                if StreamPlayer.isDistrust(error), await !probe.hasMedia { return .failure(.untrusted("\(error)")) }
                reason = "\(error)"
            }
            let hasMedia = await probe.hasMedia
            if Task.isCancelled { return .success(()) }
            if !options.stays { return hasMedia ? .success(()) : .failure(.notPlayed(reason)) }
            if hasMedia { await probe.disconnected(reason) }
            do { try await Task.sleep(for: options.reconnectDelay) } catch { return .success(()) }
        }
        return .success(())
    }

    private static func forward(_ message: Message, to probe: Probe) async {
        switch message.type {
        case .video:
            await probe.take(.video, timestamp: message.timestampMilliseconds, payload: message.payload)
        case .audio:
            await probe.take(.audio, timestamp: message.timestampMilliseconds, payload: message.payload)
        default: break
        }
    }

    /// Reads the FLV file at `path` to its end.
    package static func read(_ path: String, with probe: Probe) async throws(ProbeError) {
        let file: SystemPackage.FileDescriptor
        do { file = try SystemPackage.FileDescriptor.open(path, .readOnly, options: .closeOnExec) } catch {
            throw .file(path: path, reason: "it can't be read: \(error)")
        }
        do {
            try await feed(file, to: probe)
            try file.close()
        } catch {
            try? file.close()
            if let error = error as? FLVError { throw .file(path: path, reason: "\(error)") }
            throw .file(path: path, reason: "it can't be read: \(error)")
        }
        guard await probe.hasMedia else { throw .file(path: path, reason: "there is no picture in it") }
    }

    private static func feed(_ file: SystemPackage.FileDescriptor, to probe: Probe) async throws {
        var decoder = FLVDecoder()
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { chunk.deallocate() }
        while !Task.isCancelled {
            let count = try file.read(into: chunk)
            guard count > 0 else { return }
            decoder.append(ByteBuffer(bytes: chunk[..<count]))
            while let tag = try decoder.next() {
                // A file comes faster than its pictures can be decoded.
                while await !probe.hasRoom, !Task.isCancelled { try await Task.sleep(for: .milliseconds(5)) }
                await probe.take(tag.kind, timestamp: tag.timestampMilliseconds, payload: tag.payload)
            }
        }
    }
}
