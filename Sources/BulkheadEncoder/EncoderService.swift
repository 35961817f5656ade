package import BulkheadChildRuntime
import BulkheadFrames
import BulkheadMedia
import BulkheadSystem
import BulkheadWire

/// An encoder's side of the conversation with the master: one request after the other, on one thread.
package final class EncoderService {
    private enum State {
        case waiting
        case open(VideoEncoder, AudioEncoder)
        /// Without pictures.
        case sound(AudioEncoder)
        /// The settings were refused: what the master had already sent behind them is passed over.
        case refused
        case flushed
    }

    private let socket: WireSocket
    private var state = State.waiting
    private var pools: [UInt32: PoolMapping] = [:]

    /// An encoder that has said hello on `socket`; it opens x264 when it is configured.
    package init(_ socket: WireSocket) { self.socket = socket }

    /// Serves until the socket ends.
    /// - Throws: always in the end: `WireSocketError.closedByPeer` when all went well.
    package func run() throws {
        while true {
            guard var received = try socket.receive(EncoderRequest.self) else { continue }
            guard let descriptor = received.descriptor.take() else {
                try serve(received.message)
                continue
            }
            guard case .pool(let shape) = received.message else {
                descriptor.close()
                throw EncoderError.unexpectedDescriptor
            }
            try map(shape, descriptor)
        }
    }

    private func serve(_ request: EncoderRequest) throws {
        switch request {
        case .configure(let video, let audioBitsPerSecond):
            try configure(video, audioBitsPerSecond: audioBitsPerSecond)
        case .configureSound(let bitsPerSecond): try configureSound(bitsPerSecond)
        case .pool(let shape):
            throw EncoderError.poolNotMapped(id: shape.id, reason: "its descriptor is missing")
        case .dropPool(let id):
            guard pools.removeValue(forKey: id) != nil else { throw EncoderError.poolUnknown(id: id) }
        case .encode(let frame, let reference, let forceIDR):
            guard let (video, _) = try encoders() else { return }
            socket.reach(frame)
            if let unit = try video.encode(frame, in: slot(reference), forceIDR: forceIDR) {
                try socket.send(EncoderReply.accessUnit(unit))
            }
        case .encodeAudio(let block, let samples):
            if case .sound(let audio) = state { return try audio.encode(block, samples, emit: sendAudio) }
            guard let (_, audio) = try encoders() else { return }
            try audio.encode(block, samples, emit: sendAudio)
        case .probe: try socket.send(EncoderReply.alive)
        case .reconfigure(let bitsPerSecond):
            guard let (video, _) = try encoders() else { return }
            guard VideoEncoder.accepts(bitsPerSecond: bitsPerSecond) else {
                ChildProgram.say("bulkhead-encoder: bitrate \(bitsPerSecond) is out of range: it stays as it was")
                return
            }
            try video.reconfigure(bitsPerSecond: bitsPerSecond)
        case .flush:
            if case .sound(let audio) = state {
                try audio.finish(emit: sendAudio)
                try socket.send(EncoderReply.flushed)
                state = .flushed
                return
            }
            guard let (video, audio) = try encoders() else { return }
            while let unit = try video.flushNext() { try socket.send(EncoderReply.accessUnit(unit)) }
            try audio.finish(emit: sendAudio)
            try socket.send(EncoderReply.flushed)
            state = .flushed
        }
    }

    private func configure(_ settings: VideoSettings, audioBitsPerSecond: UInt32) throws {
        guard case .waiting = state else { throw EncoderError.configuredTwice }
        let video: VideoEncoder
        let audio: AudioEncoder
        do throws(Refusal) {
            audio = try AudioEncoder(bitsPerSecond: audioBitsPerSecond)
            video = try VideoEncoder(settings)
        } catch {
            // No fault of the settings, and none that the next encoder must have.
            guard ThreadSupply.hasRoom(for: VideoEncoder.threadCount(settings)) else {
                throw EncoderError.threadsMissing
            }
            state = .refused
            return try socket.send(EncoderReply.refused(error))
        }
        state = .open(video, audio)
        try socket.send(
            EncoderReply.ready(
                avcConfiguration: video.avcConfiguration, audioSpecificConfig: audio.audioSpecificConfig,
                maximumDelay: video.maximumDelay, reorderDepth: video.reorderDepth))
    }

    private func configureSound(_ bitsPerSecond: UInt32) throws {
        guard case .waiting = state else { throw EncoderError.configuredTwice }
        let audio: AudioEncoder
        do throws(Refusal) { audio = try AudioEncoder(bitsPerSecond: bitsPerSecond) } catch {
            state = .refused
            return try socket.send(EncoderReply.refused(error))
        }
        state = .sound(audio)
        try socket.send(
            EncoderReply.ready(
                avcConfiguration: [], audioSpecificConfig: audio.audioSpecificConfig, maximumDelay: 0, reorderDepth: 0))
    }

    /// The open encoders; nil when the settings were refused.
    private func encoders() throws(EncoderError) -> (VideoEncoder, AudioEncoder)? {
        switch state {
        case .open(let video, let audio): return (video, audio)
        case .refused: return nil
        case .waiting, .sound: throw .notConfigured
        case .flushed: throw .flushedAlready
        }
    }

    private func map(_ shape: PoolShape, _ descriptor: consuming OwnedDescriptor) throws(EncoderError) {
        let mapping: PoolMapping
        do {
            mapping = try PoolMapping(shape, descriptor, access: .readOnly)
            descriptor.close()
        } catch {
            descriptor.close()
            throw .poolNotMapped(id: shape.id, reason: "\(error)")
        }
        guard pools.updateValue(mapping, forKey: shape.id) == nil else { throw .poolKnown(id: shape.id) }
    }

    private func slot(_ reference: SlotReference) throws(EncoderError) -> UnsafeMutableRawBufferPointer {
        guard let pool = pools[reference.pool] else { throw .poolUnknown(id: reference.pool) }
        guard let bytes = pool.bytes(of: reference.slot) else {
            throw .slotUnknown(pool: reference.pool, slot: reference.slot)
        }
        return bytes
    }

    private func sendAudio(_ block: Int64, _ bytes: [UInt8]) throws {
        // With the next picture's answer, or when nothing is left to be done.
        socket.post(EncoderReply.audioPacket(block: block, bytes: bytes))
    }
}
