import BulkheadFLV
import BulkheadLibraryProtocol
import BulkheadRTMP
import BulkheadSystem
import Glibc
import NIOCore

/// One peer's RTMP connection: plays a recording in the pace of its pictures, some seconds ahead of them.
final class RTMPPlayHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How far a player is given what it has not shown yet, in milliseconds.
    private static let ahead: Int64 = 4000
    /// What a peer may have us say without reading it.
    private static let unreadByteLimit = 64 << 10

    private let node: NodeService
    private var connection = Connection.server()
    private var session = ServerSessionStateMachine()
    private var context: ChannelHandlerContext?
    private var play: Play?
    private var isClosing = false
    private var unreadByteCount = 0

    /// What is played; its clock stands while it is paused.
    private struct Play {
        let streamID: MessageStreamID
        let stream: FLVStream
        var decoder = FLVDecoder()
        var waiting: [FLVTag] = []
        var isFetching = false
        var isEnded = false
        var pausedAt: MonotonicTime?
        /// When its time 0 was, or would have been without pauses.
        var zero = MonotonicTime.now
        var timer: Scheduled<Void>?
    }

    init(_ node: NodeService) { self.node = node }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        do {
            try connection.receive(unwrapInboundIn(data))
            while !isClosing, let event = try connection.next() {
                if case .command(let command, let streamID) = event { carryOut(session.receive(command, on: streamID)) }
            }
        } catch { return close() }
        writeOutput()
    }

    func channelReadComplete(context: ChannelHandlerContext) { context.flush() }

    func channelWritabilityChanged(context: ChannelHandlerContext) { if context.channel.isWritable { pump() } }

    // A reset is an ordinary end of a player.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) {
        isClosing = true
        endPlay()
    }

    private func carryOut(_ actions: [ServerSessionStateMachine.Action]) {
        for action in actions {
            switch action {
            case .sendControl(let control): connection.send(control)
            case .send(let command, let id, let streamID):
                do { try connection.send(command.message(on: streamID), on: id) } catch { close() }
            case .requestPublish(let request):
                carryOut(session.refuse(.publishDenied("This server plays recordings only."), on: request.streamID))
            case .requestPlay(let request): open(request)
            case .endPublish: break
            case .endPlay: endPlay()
            case .pausePlay(_, let isPaused): setPaused(isPaused)
            case .close: close()
            }
        }
    }

    // MARK: - A recording

    private func open(_ request: StreamRequest) {
        guard play == nil else {
            return carryOut(session.refuse(.playDenied("One recording at a time."), on: request.streamID))
        }
        guard let context, request.app == RTMPPlace.app else {
            return carryOut(session.refuse(.playDenied("There is nothing under this address."), on: request.streamID))
        }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let media = MediaAnswers(node: node)
        context.eventLoop.makeFutureWithTask { await media.recording(request.fullName) }.whenSuccess { result in
            bound.value.opened(request, result)
        }
    }

    private func opened(_ request: StreamRequest, _ result: Result<FLVStream, MediaAnswers.Refusal>) {
        guard !isClosing, play == nil, session.awaitsAnswer(to: request) else { return }
        switch result {
        case .failure(let refusal): carryOut(session.refuse(.playDenied(refusal.text), on: request.streamID))
        case .success(let stream):
            carryOut(session.acceptPlay(on: request.streamID))
            play = Play(streamID: request.streamID, stream: stream)
        }
        writeOutput()
        context?.flush()
        pump()
    }

    private func setPaused(_ isPaused: Bool) {
        guard var current = play else { return }
        if isPaused {
            current.pausedAt = current.pausedAt ?? .now
        } else if let since = current.pausedAt {
            current.zero = current.zero.advanced(by: MonotonicTime.now.since(since))
            current.pausedAt = nil
        }
        play = current
        pump()
    }

    private func endPlay() {
        play?.timer?.cancel()
        play = nil
    }

    /// Gives what is due, as far as the socket takes it.
    private func pump() {
        guard let context, !isClosing else { return }
        while let current = play, current.pausedAt == nil, context.channel.isWritable {
            guard let tag = current.waiting.first else {
                if current.isEnded { return finish() }
                return fetch()
            }
            let elapsed = MonotonicTime.now.since(current.zero) / 1_000_000
            let wait = Int64(tag.timestampMilliseconds) - Self.ahead - elapsed
            guard wait <= 0 else { return wake(in: wait) }
            play?.waiting.removeFirst()
            send(tag, on: current.streamID)
        }
        context.flush()
    }

    private func wake(in milliseconds: Int64) {
        guard let context else { return }
        context.flush()
        play?.timer?.cancel()
        play?.timer = context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(milliseconds)) { [weak self] in
            self?.pump()
        }
    }

    private func send(_ tag: FLVTag, on streamID: MessageStreamID) {
        let ids: [FLVTag.Kind: (MessageType, ChunkStreamID)] = [
            .audio: (.audio, .audio), .video: (.video, .video), .script: (.data, .data),
        ]
        guard let (type, id) = ids[tag.kind] else { return }
        let message = Message(
            type: type, streamID: streamID, timestampMilliseconds: tag.timestampMilliseconds, payload: tag.payload)
        do { try connection.send(message, on: id) } catch { return close() }
        guard let context, let output = connection.takeOutput() else { return }
        node.traffic.count(output.readableBytes)
        context.write(wrapOutboundOut(output), promise: nil)
    }

    private func fetch() {
        guard let context, let stream = play?.stream, play?.isFetching == false else { return }
        play?.isFetching = true
        context.flush()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.makeFutureWithTask { try await stream.nextPiece() }.whenComplete { result in
            bound.value.fetched(result, of: stream)
        }
    }

    private func fetched(_ result: Result<[UInt8]?, any Error>, of stream: FLVStream) {
        guard !isClosing, play?.stream === stream else { return }
        play?.isFetching = false
        do {
            if let bytes = try result.get() {
                play?.decoder.append(ByteBuffer(bytes: bytes))
                while let tag = try play?.decoder.next() { play?.waiting.append(tag) }
            } else {
                play?.isEnded = true
            }
        } catch { return close() }
        pump()
    }

    /// Players end with the connection.
    private func finish() {
        guard let current = play else { return }
        carryOut(session.unpublishNotice(on: current.streamID))
        endPlay()
        close()
    }

    // MARK: - The connection

    private func writeOutput() {
        guard let context, let output = connection.takeOutput() else { return }
        let byteCount = output.readableBytes
        unreadByteCount += byteCount
        context.write(wrapOutboundOut(output)).assumeIsolated().whenComplete { [self] _ in unreadByteCount -= byteCount
        }
        if unreadByteCount > Self.unreadByteLimit { close() }
    }

    /// Sends what is there, then closes.
    private func close() {
        guard !isClosing else { return }
        isClosing = true
        endPlay()
        guard let context else { return }
        if let output = connection.takeOutput() { context.write(wrapOutboundOut(output), promise: nil) }
        context.flush()
        context.close(promise: nil)
    }
}
