import BulkheadChildren
import BulkheadDanmaku
import BulkheadEvents
import BulkheadMedia
import BulkheadModel
import BulkheadRoom
import BulkheadSystem
import BulkheadWire

/// The broadcast's own server, by a child that may take its time: its death costs its players a reconnect, and nothing else.
///
/// ``OriginMachine`` decides; this carries out, on the reactor's thread. It has no say in what the broadcast does.
final class OriginSink {
    private let context: RoomContext
    private let post: PostID
    private var machine: OriginMachine
    private var stubs: [ChildID: Stub] = [:]
    private let work = ActionQueue<OriginMachine.Action>()
    private var ticker: Reactor.Token?
    private let certificate: CertificateWatch?
    /// Called with what viewers write.
    var onSaid: ((ViewerComment) -> Void)?

    /// One origin's process.
    private struct Stub {
        let child: Child
        var lastSign: MonotonicTime
    }

    /// - Parameter certificate: the files of a certificate and its key; nil for a server without TLS.
    init(_ address: ListenAddress, certificate files: CertificateFiles?, in context: RoomContext) {
        self.context = context
        certificate = files.map { CertificateWatch($0) }
        machine = OriginMachine(address)
        post = context.nextPostID()
        handle(.start)
        look()
        scheduleTick()
    }

    func configure(_ configuration: StreamConfiguration, number: Int) {
        handle(.configuration(configuration, number: number))
    }

    func offer(_ packet: Packet) { handle(.packet(packet, wallClock: Int64(EventLog.wallClock() * 1000))) }

    /// Something of the live room is new.
    func tell(_ news: RoomNews) { handle(.news(news)) }

    /// Looks whether the certificate has changed, on a thread of its own.
    private func look() {
        let bound = ReactorBound(
            { [weak self] in self?.take($0) } as (CertificateWatch.Finding) -> Void, context.reactor)
        certificate?.look { [reactor = context.reactor] finding in reactor.run { bound.value(finding) } }
    }

    private func take(_ finding: CertificateWatch.Finding) {
        switch finding {
        case .changed(let chain, let key): handle(.certificate(chain: chain, key: key))
        case .unreadable(let text): context.post(.server, .server(.certificateUnusable(text: text)))
        }
    }

    /// The end, as it is meant: players are told.
    func finish() {
        if let ticker { context.reactor.cancel(ticker) }
        ticker = nil
        handle(.finish)
    }

    private func scheduleTick() {
        ticker = context.schedule(after: .seconds(1)) { [weak self] in
            self?.handle(.tick)
            self?.look()
            self?.scheduleTick()
        }
    }

    // MARK: machine

    private func handle(_ event: OriginMachine.Event) {
        work.append(contentsOf: machine.handle(event, at: .now))
        work.run { carryOut($0) }
    }

    private func carryOut(_ action: OriginMachine.Action) {
        switch action {
        case .launch(let delay):
            context.launch(after: delay) { [weak self] () throws(BroadcastError) in try self?.launch() }
        case .give(let child, let request): stubs[child]?.child.send(request)
        case .release(let child): stubs[child]?.child.hangUp()
        case .dismiss(let child, let reason): stubs[child]?.child.dismiss(reason)
        case .post(let happening): context.post(.server, .server(happening))
        case .ready(let child):
            context.post(.origin(child), .child(.ready(pid: stubs[child]?.child.pid ?? 0, plugins: nil)))
        case .worked(let child): context.recovered(.origin(child), at: post)
        }
    }

    // MARK: the child

    private func launch() throws(BroadcastError) {
        let process: Child
        do throws(ChildLaunchError) {
            process = try Child(.origin, context.programs.launch(.origin), on: context.reactor)
        } catch { throw BroadcastError(starting: "the origin", error) }
        let child = context.nextChildID()
        process.onGreeted = { [weak self] in self?.handle(.greeted(child)) }
        process.onFrame = { [weak self] in self?.take($0, of: child) }
        process.onEnd = { [weak self] in self?.ended(child, $0) }
        stubs[child] = Stub(child: process, lastSign: .now)
        do { try process.activate() } catch { process.dismiss("it could not be watched: \(error)") }
        context.post(.origin(child), .child(.started(pid: process.pid, isForeign: false)))
        handle(.launched(child))
    }

    private func take(_ frame: WireFrame, of child: ChildID) {
        stubs[child]?.lastSign = .now
        do throws(WireError) {
            switch try OriginReply(frame) {
            case .ready(let port): handle(.ready(child, port: port))
            case .trouble(let text): handle(.trouble(child, text: text))
            case .alive(let players): handle(.alive(child, players: players))
            case .said(let comment): onSaid?(comment)
            case .certified(let problem): handle(.certified(child, problem: problem))
            }
        } catch { stubs[child]?.child.dismiss("it sent what can't be understood: \(error)") }
    }

    private func ended(_ child: ChildID, _ end: ChildEnd) {
        guard let stub = stubs.removeValue(forKey: child) else { return }
        if end.cause != .released {
            context.died(.origin(child), at: post, end, .init(pid: stub.child.pid, lastSign: stub.lastSign))
        }
        handle(.ended(child, "\(end.cause)"))
    }

    /// As the status has children.
    var childStatus: ChildStatus {
        let record = machine.record
        return ChildStatus(
            part: .origin(machine.holder ?? 0), pid: machine.holder.flatMap { stubs[$0]?.child.pid },
            state: record.state, restarts: record.restarts, lastEnd: record.lastEnd)
    }
}
