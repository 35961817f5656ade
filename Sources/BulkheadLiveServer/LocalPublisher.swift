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
    private let timeZero: Int64

    /// - Parameter onSaid: called with what viewers write into the room, at the event loop.
    /// - Throws: ``RefusalReason``.
    init(
        _ name: StreamName, timeZero: Int64, onSaid: @escaping @Sendable (WrittenComment) -> Void,
        at hub: NIOLoopBound<StreamHub>, on eventLoop: any EventLoop
    ) throws {
        self.eventLoop = eventLoop
        self.timeZero = timeZero
        state = try eventLoop.submit {
            let stream = try hub.value.publish(
                name, by: ObjectIdentifier(hub.value), wallClockOfZero: timeZero)
            stream.room.begin(epoch: timeZero)
            stream.room.onSaid = onSaid
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
            state.stream.flushSoon()
        }
    }

    // MARK: its room

    /// How the room is, as JSON in one line; with `isOpen` viewers may write.
    package func show(room json: [UInt8], isOpen: Bool) {
        perform { $0.stream.room.change { $0.set(board: json, isOpen: isOpen) } }
    }

    /// A comment of the room, by its number there, at `time` of the stream; all else of it as JSON in one line.
    package func add(comment number: Int64, at time: MediaTime, _ json: [UInt8]) {
        perform { [timeZero] state in
            let (wallClock, isFar) = timeZero.addingReportingOverflow(time.milliseconds)
            state.stream.room.change { $0.add(comment: number, at: isFar ? 0 : wallClock, json) }
        }
    }

    /// Comments, by their numbers, that are no more to be seen, or not on the picture.
    package func takeBack(_ numbers: [Int64], fromPictureOnly: Bool) {
        perform { $0.stream.room.change { $0.takeBack(numbers, fromPictureOnly: fromPictureOnly) } }
    }

    /// The stream ends: players are told.
    package func end() { perform { $0.hub.endPublishing($0.stream, isWanted: true) } }

    private func perform(_ body: @escaping @Sendable (State) -> Void) {
        try? eventLoop.submit { [state] in body(state.value) }.wait()
    }
}
