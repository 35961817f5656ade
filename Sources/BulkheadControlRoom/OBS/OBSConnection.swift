import BulkheadControl
import BulkheadControlFormats
import NIOCore
import NIOWebSocket
import Synchronization

/// One client of obs-websocket: reads its messages in order, and writes answers and events in the order in which they arise.
final class OBSConnection: Sendable {
    /// More that wait end the connection: the client doesn't read.
    private static let mostWaiting = 1024
    /// From here on meters are left out.
    private static let mostBeforeMeters = 64
    private static let mostUnanswered = 32
    /// Requests a second, as many at once after a pause.
    private static let mostRequests = 200.0

    private let channel: RoomServer.FrameChannel
    private let wording: OBSWording
    private let watch: RoomWatch
    private let room: ControlRoom
    private let gate: Gatekeeper
    private let photographer: Photographer
    private let isVouchedFor: Bool
    private let (outgoing, outbox) = AsyncStream.makeStream(
        of: WebSocketFrame.self, bufferingPolicy: .bufferingOldest(OBSConnection.mostWaiting))
    private let subscriptions = Mutex(OBSProtocol.Subscriptions())
    private let incomingCount = Atomic<Int>(0)
    private let outgoingCount = Atomic<Int>(0)
    private let unanswered = Atomic<Int>(0)

    /// The same for all connections of a process.
    private static let salt = OBSAuthentication.nonce()

    init(
        _ channel: RoomServer.FrameChannel, _ wording: OBSWording, _ watch: RoomWatch, room: ControlRoom,
        gate: Gatekeeper, photographer: Photographer, isVouchedFor: Bool
    ) {
        self.isVouchedFor = isVouchedFor
        self.photographer = photographer
        self.channel = channel
        self.wording = wording
        self.watch = watch
        self.room = room
        self.gate = gate
    }

    /// - Parameter isWelcome: there is room for one more client.
    func serve(isWelcome: Bool) async throws {
        try await channel.executeThenClose { inbound, outbound in
            guard isWelcome else {
                return try await outbound.write(Self.closing(.sessionInvalidated, "Too many clients are connected."))
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await frame in self.outgoing {
                        try await outbound.write(frame)
                        self.watch.waiting.subtract(1, ordering: .relaxed)
                        if frame.opcode == .connectionClose { break }
                    }
                }
                group.addTask {
                    try await self.read(inbound)
                    self.outbox.finish()
                }
                // The writer ends behind the last word; the reader may end earlier.
                try await group.next()
                if !Task.isCancelled { self.outbox.finish() }
                self.channel.channel.eventLoop.scheduleTask(in: .seconds(1)) { [channel = self.channel.channel] in
                    channel.close(promise: nil)
                }
                while try await group.next() != nil {}
            }
        }
    }

    // MARK: writing

    private func send(_ message: JSONValue) { send(wording.frame(message)) }

    private func send(_ frame: WebSocketFrame) {
        watch.waiting.add(1, ordering: .relaxed)
        switch outbox.yield(frame) {
        case .enqueued: outgoingCount.add(1, ordering: .relaxed)
        default:
            watch.waiting.subtract(1, ordering: .relaxed)
            channel.channel.close(promise: nil)
        }
    }

    private static func closing(_ code: OBSProtocol.CloseCode, _ reason: String) -> WebSocketFrame {
        var data = ByteBuffer()
        data.writeInteger(code.rawValue)
        // A control frame holds 125 bytes, and the end of a text is no half a letter.
        var text = reason
        while text.utf8.count > 123 { text.removeLast() }
        data.writeString(text)
        return WebSocketFrame(fin: true, opcode: .connectionClose, data: data)
    }

    private func tell(_ news: RoomNews) {
        guard case .obs(let events) = news else { return }
        let wanted = subscriptions.withLock { $0 }
        for event in events where !wanted.isDisjoint(with: event.intent) {
            let isLate = watch.waiting.load(ordering: .relaxed) > Self.mostBeforeMeters
            if event.intent == .volumeMeters, isLate { continue }
            send(event.message)
        }
    }

    // MARK: reading

    private func read(_ inbound: NIOAsyncChannelInboundStream<WebSocketFrame>) async throws {
        var session = OBSSession(authentication: gate.authentication(salt: Self.salt, isVouchedFor: isVouchedFor))
        var limit = RequestLimit(perSecond: Self.mostRequests)
        var listener: Int?
        send(session.hello)
        do {
            try await withThrowingDiscardingTaskGroup { batches in
                for try await frame in inbound {
                    switch frame.opcode {
                    case .ping:
                        send(WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData))
                        continue
                    case .connectionClose:
                        send(WebSocketFrame(fin: true, opcode: .connectionClose, data: frame.unmaskedData))
                        return batches.cancelAll()
                    case .text, .binary: break
                    default: continue
                    }
                    incomingCount.add(1, ordering: .relaxed)
                    await limit.wait()
                    let action =
                        gate.mayTry(channel.channel.peerName) || session.isIdentified
                        ? session.receive(wording.message(frame))
                        : .close(.authenticationFailed, "Authentication failed. Try again in ten seconds.")
                    subscriptions.withLock { $0 = session.isIdentified ? session.subscriptions : [] }
                    switch action {
                    case .send(let message): send(message)
                    case .identified(let message):
                        listener = await begin()
                        send(message)
                    case .refuse(let reason):
                        gate.failed(channel.channel.peerName)
                        send(Self.closing(.authenticationFailed, reason))
                        return batches.cancelAll()
                    case .close(let code, let reason):
                        send(Self.closing(code, reason))
                        return batches.cancelAll()
                    case .perform(let call):
                        // In order, as clients that switch and then ask expect it.
                        send(await perform(call, session.maySteer).response(to: call))
                    case .performBatch(let batch):
                        guard unanswered.add(1, ordering: .relaxed).newValue <= Self.mostUnanswered else {
                            send(Self.closing(.sessionInvalidated, "Too many batches wait for an answer."))
                            return batches.cancelAll()
                        }
                        batches.addTask { [maySteer = session.maySteer] in
                            let response = await self.perform(batch, maySteer)
                            self.unanswered.subtract(1, ordering: .relaxed)
                            if let response { self.send(response) }
                        }
                    }
                    if let listener {
                        await room.set(listener, wantsMeters: session.subscriptions.contains(.volumeMeters))
                    }
                }
                batches.cancelAll()
            }
        } catch {
            if let listener { await room.remove(listener) }
            throw error
        }
        if let listener { await room.remove(listener) }
    }

    /// From now on the client is told of events.
    private func begin() async -> Int {
        watch.isListening.store(true, ordering: .relaxed)
        let (number, _, _) = await room.add(
            RoomListener(kind: .obs, wantsStatus: false) { [weak self] in self?.tell($0) })
        // What it asks first is answered from how things are now.
        _ = await room.fresh()
        return number
    }

    // MARK: requests

    private func perform(_ call: OBSCall, _ maySteer: Bool, isInBatch: Bool = false) async -> OBSResult {
        if Self.readsTruth(call.type) { _ = await room.fresh() }
        var view = await room.view
        view.incomingMessages = Int64(incomingCount.load(ordering: .relaxed))
        view.outgoingMessages = Int64(outgoingCount.load(ordering: .relaxed))
        let plan = OBSPlanner(call, view, isInBatch: isInBatch).plan
        guard maySteer || plan.isLooking else {
            // The protocol has no code for it; this one is for what its comment says.
            return .failure(.genericError, ControlRoomRequest.lookRefusal)
        }
        switch plan {
        case .answer(let result): return result
        case .ask(let requests, let data):
            for request in requests {
                let result = OBSResult(await room.ask(request), data: data)
                guard result.isSuccess else { return result }
            }
            return .success(data)
        case .relay(let request):
            let reply = await room.ask(request)
            let result = OBSResult(reply)
            guard result.isSuccess, let reply else { return result }
            return .success([
                "vendorName": .string(OBSPlanner.vendor), "requestType": .string(request.word.rawValue),
                "responseData": JSONValue(encoding: reply),
            ])
        case .saveReplay: return OBSResult(await room.ask(.saveReplay(path: nil, seconds: nil)))
        case .change(let change):
            await room.change(change)
            return .success()
        case .tell(let event):
            await room.tell(event)
            return .success()
        case .shoot(let shot):
            guard let bytes = await photographer.picture(shot) else {
                return .failure(.requestProcessingFailed, "No picture of the program is to be had. Try again later.")
            }
            return shot.answer(bytes)
        case .sleep(let milliseconds):
            do { try await Task.sleep(for: .milliseconds(milliseconds)) } catch {
                return .failure(.genericError, "The connection ends.")
            }
            return .success()
        }
    }

    /// What is answered from the state needs a new one.
    private static func readsTruth(_ type: String?) -> Bool { type != "Sleep" && type != "GetVersion" }

    /// Nil where the connection ends meanwhile.
    private func perform(_ batch: OBSBatch, _ maySteer: Bool) async -> JSONValue? {
        var results: [JSONValue] = []
        if batch.order == .parallel {
            results = await withTaskGroup(of: (Int, JSONValue).self) { group in
                for (index, entry) in batch.calls.enumerated() {
                    group.addTask {
                        (index, await self.perform(entry.call, maySteer, isInBatch: true).answer(to: entry.call))
                    }
                }
                var answers: [Int: JSONValue] = [:]
                for await (index, answer) in group { answers[index] = answer }
                return answers.sorted { $0.key < $1.key }.map(\.value)
            }
        } else {
            var variables = batch.variables
            for entry in batch.calls {
                let call = entry.call(with: variables)
                let result = await perform(call, maySteer, isInBatch: true)
                for (variable, field) in entry.outputVariables {
                    guard let field = field.string, let value = result.data?[field] else { continue }
                    variables[variable] = value
                }
                results.append(result.answer(to: call))
                if batch.haltsOnFailure, !result.isSuccess { break }
                if Task.isCancelled { return nil }
            }
        }
        return Task.isCancelled ? nil : batch.response(results)
    }
}

/// Lets so many requests through a second; a client that sends more waits.
struct RequestLimit {
    private let perSecond: Double
    private var left: Double
    private var at = ContinuousClock.now

    init(perSecond: Double) {
        self.perSecond = perSecond
        left = perSecond
    }

    mutating func wait() async {
        let now = ContinuousClock.now
        let span = now - at
        at = now
        let seconds = Double(span.components.seconds) + Double(span.components.attoseconds) / 1e18
        left = min(perSecond, left + seconds * perSecond) - 1
        if left < 0 { try? await Task.sleep(for: .seconds(-left / perSecond)) }
    }
}
