import BulkheadFLV
package import BulkheadMedia
import BulkheadRTMP
import NIOCore

/// Publishes a stream from within the process, at the server's event loop. Its methods wait for it: they are not called there.
package final class LocalPublisher: Sendable {
    private final class State {
        let hub: StreamHub
        let stream: LiveStream

        init(_ hub: StreamHub, _ stream: LiveStream) {
            self.hub = hub
            self.stream = stream
        }

        func forward(_ type: MessageType, _ time: MediaTime, _ payload: ByteBuffer) {
            stream.forward(
                Message(
                    type: type, timestampMilliseconds: UInt32(truncatingIfNeeded: time.milliseconds), payload: payload))
        }
    }

    private let state: NIOLoopBound<State>
    private let eventLoop: any EventLoop

    /// - Throws: ``RefusalReason``.
    init(_ name: StreamName, timeZero: Int64, at hub: NIOLoopBound<StreamHub>, on eventLoop: any EventLoop) throws {
        self.eventLoop = eventLoop
        state = try eventLoop.submit {
            let stream = try hub.value.publish(
                name, by: ObjectIdentifier(hub.value), wallClockOfZero: timeZero)
            return NIOLoopBound(State(hub.value, stream), eventLoop: eventLoop)
        }.wait()
    }

    /// What players must know for all that follows.
    package func configure(_ configuration: StreamConfiguration) {
        perform { state in
            state.forward(.data, .zero, configuration.metadataPayload)
            state.forward(.video, .zero, configuration.videoSequenceHeader)
            state.forward(.audio, .zero, configuration.audioSequenceHeader)
        }
    }

    /// The next access unit or AAC frame, in DTS order.
    package func send(_ packet: Packet) {
        perform { state in
            state.forward(packet.isVideo ? .video : .audio, packet.dts, packet.flvPayload)
            state.stream.flush()
        }
    }

    /// The stream ends: players are told.
    package func end() { perform { $0.hub.endPublishing($0.stream, isWanted: true) } }

    private func perform(_ body: @escaping @Sendable (State) -> Void) {
        try? eventLoop.submit { [state] in body(state.value) }.wait()
    }
}
