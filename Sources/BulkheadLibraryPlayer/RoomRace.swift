import BulkheadRTMP
import BulkheadRTMPTransport
import BulkheadStreamPlayer
import BulkheadSystem
import Synchronization

/// Connects to the servers of a room, the next one as soon as one fails or gives nothing for a moment, and plays from the first that
/// gives pictures or sound until it ends. The others are left when they begin.
struct RoomRace: Sendable {
    /// A server that gave nothing.
    struct Failure: Hashable, Sendable {
        let node: String
        let why: String
        /// It could not prove who it is.
        let isDistrust: Bool
    }

    enum Outcome: Sendable {
        /// The server at this place has played, and no longer does.
        case ended(Int, String)
        /// None has given anything.
        case none([Failure])
        /// Whoever takes it wants no more.
        case unwanted
    }

    let nodes: [RoomNode]
    /// How long one has for itself.
    let step: Duration
    /// How long one may give nothing.
    let silence: Duration
    let options: StreamOptions
    /// What became of the server that gave the stream before.
    let before: String?
    let tell: @Sendable (PlaybackHappening) -> Void

    private enum Step: Sendable {
        case failed(Failure)
        case ended(Int, String)
        case unwanted
        case broke(any Error)
        /// Another one was quicker.
        case lost
        case overdue(Int)
    }

    /// - Throws: what `take` throws.
    func run(_ take: @escaping RoomPlayback.Taker) async throws -> Outcome {
        let claim = Claim()
        return try await withThrowingTaskGroup(of: Step.self) { group in
            var (begun, running) = (0, 0)
            var failures: [Failure] = []
            func begin() {
                guard begun < nodes.count, !claim.isMade else { return }
                let place = begun
                begun += 1
                running += 1
                group.addTask { await attempt(place, take, claim) }
                group.addTask {
                    try? await Task.sleep(for: step)
                    return .overdue(place)
                }
            }
            begin()
            defer { group.cancelAll() }
            while running > 0, let next = try await group.next() {
                switch next {
                case .overdue(let place):
                    if place == begun - 1 { begin() }
                    continue
                case .ended(let place, let why): return .ended(place, why)
                case .unwanted: return .unwanted
                case .broke(let error): throw error
                case .failed(let failure):
                    failures.append(failure)
                    tell(.left(node: failure.node, because: failure.why))
                    begin()
                case .lost: break
                }
                running -= 1
            }
            return .none(failures)
        }
    }

    /// Which server plays: the first that gives something.
    private final class Claim: Sendable {
        private let winner = Mutex<Int?>(nil)

        var isMade: Bool { winner.withLock { $0 != nil } }

        func isMade(by place: Int) -> Bool { winner.withLock { $0 == place } }

        /// - Returns: whether the server at `place` is the one.
        func make(by place: Int) -> Bool {
            winner.withLock { winner in
                if winner == nil { winner = place }
                return winner == place
            }
        }
    }

    /// When something came of a server last, and whether what came is still being taken.
    private final class Pulse: Sendable {
        private let state = Mutex((last: MonotonicTime.now, isTaking: false))

        func begin() { state.withLock { $0.isTaking = true } }

        func end() { state.withLock { $0 = (.now, false) } }

        /// How long nothing has come; 0 while what came is being taken.
        var silence: Int64 { state.withLock { $0.isTaking ? 0 : MonotonicTime.now.since($0.last) } }
    }

    /// Plays from one of them, where `claim` lets it.
    private func attempt(
        _ place: Int, _ take: @escaping RoomPlayback.Taker, _ claim: Claim
    ) async -> Step {
        let pulse = Pulse()
        let node = nodes[place]
        @Sendable func end(_ why: String, isDistrust: Bool = false) -> Step {
            guard claim.isMade(by: place) else {
                return .failed(Failure(node: node.node, why: why, isDistrust: isDistrust))
            }
            tell(.left(node: node.node, because: why))
            return .ended(place, why)
        }
        return await withTaskGroup(of: Step?.self) { group in
            group.addTask { [silence] in
                while !Task.isCancelled {
                    let rest = silence.nanoseconds - pulse.silence
                    if rest <= 0 { return nil }
                    try? await Task.sleep(for: .nanoseconds(rest))
                }
                return nil
            }
            group.addTask {
                do {
                    return try await play(node, pulse, take) { claim.make(by: place) } ?? end("has ended the stream")
                } catch let stop as Stop {
                    return .broke(stop.error)
                } catch {
                    return end("\(error)", isDistrust: StreamPlayer.isDistrust(error))
                }
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            await group.waitForAll()
            return first ?? end("gave nothing for \(Double(silence.nanoseconds / 100_000_000) / 10) s")
        }
    }

    /// What `take` has thrown.
    private struct Stop: Error {
        let error: any Error
    }

    /// - Returns: nil where the stream has ended.
    private func play(
        _ node: RoomNode, _ pulse: Pulse, _ take: @escaping RoomPlayback.Taker,
        claim: @escaping @Sendable () -> Bool
    ) async throws -> Step? {
        let begun = MonotonicTime.now
        return try await StreamPlayer.play(node.source, options: options) { events in
            var isMine = false
            // Metadata come before the first picture.
            var held: [PlayedMessage] = []
            while let event = try await events.next() {
                switch event {
                case .unpublished: return nil
                case .republished:
                    guard isMine else { continue }
                    let piece = RoomPlayback.Piece.began(
                        node: node.node, why: node.why, before: "another publisher has taken the stream over")
                    guard try await give(piece, to: take) else { return .unwanted }
                case .media(let message):
                    if !isMine {
                        held.append(message)
                        guard message.message.type == .video || message.message.type == .audio || held.count > 16 else {
                            continue
                        }
                        guard claim() else { return .lost }
                        isMine = true
                        let waited = Double(MonotonicTime.now.since(begun)) / 1e6
                        tell(.playing(node: node.node, why: node.why, waitedMilliseconds: waited))
                        let piece = RoomPlayback.Piece.began(node: node.node, why: node.why, before: before)
                        guard try await give(piece, to: take) else { return .unwanted }
                    } else {
                        held = [message]
                    }
                    pulse.begin()
                    for message in held where try await !give(.message(message), to: take) { return .unwanted }
                    held = []
                    pulse.end()
                }
            }
            return nil
        }
    }

    private func give(_ piece: RoomPlayback.Piece, to take: RoomPlayback.Taker) async throws(Stop) -> Bool {
        do { return try await take(piece) } catch { throw Stop(error: error) }
    }
}
