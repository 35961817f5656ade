import BulkheadChildren
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadWire

/// The decoder's process as the viewer sees it, on the reactor's thread: it writes requests and reads answers, and carries
/// out what ``DecoderMachine`` decides.
final class DecoderStub {
    /// Called with each answer.
    var onReply: ((DecoderReply) -> Void)?
    /// Called with the access units that will not be answered.
    var onSkipped: (([Int64]) -> Void)?
    /// Called with a phrase when a decoder has died or can't be started.
    var onTrouble: ((String) -> Void)?

    private let launch: ChildLaunch
    private let reactor: Reactor
    private let parts: [PixelRectangle]
    private var machine = DecoderMachine()
    private var identities = IdentityCounter<ChildSubject>()
    private var child: Child?
    private var onFlushed: (() -> Void)?
    private var onGone: (() -> Void)?
    private var isClosing = false

    /// - Parameter parts: of pictures, in which numbers are also read.
    init(_ launch: ChildLaunch, lookingAt parts: [PixelRectangle], on reactor: Reactor) {
        self.launch = launch
        self.parts = parts
        self.reactor = reactor
    }

    var unansweredCount: Int { machine.unansweredCount }
    var restarts: Int { machine.restarts }

    func start() { handle(.start) }

    /// Gives an access unit, sound or a configuration to the decoder.
    func give(_ request: DecoderRequest, isIDR: Bool) { handle(.give(request, isIDR: isIDR)) }

    /// Calls `done` once all that was given is answered, or never will be.
    func flush(_ done: @escaping () -> Void) {
        onFlushed = done
        handle(.flush)
    }

    /// Ends the decoder and calls `done` when it is gone.
    func close(_ done: @escaping () -> Void) {
        isClosing = true
        guard let child else { return done() }
        onGone = done
        child.hangUp()
        let bound = ReactorBound(child, reactor)
        reactor.schedule(at: .now.advanced(by: .seconds(1))) { bound.value.dismiss("it did not end") }
    }

    private func handle(_ event: DecoderMachine.Event) {
        for action in machine.handle(event, at: .now) {
            switch action {
            case .launch(.zero): launchDecoder()
            case .launch(let delay):
                let bound = ReactorBound(self, reactor)
                reactor.schedule(at: .now.advanced(by: delay)) { bound.value.launchDecoder() }
            case .send(let request): child?.send(request)
            case .tell(let reply): onReply?(reply)
            case .skip(let units): onSkipped?(units)
            case .trouble(let phrase): onTrouble?(phrase)
            case .flushed:
                let done = onFlushed
                onFlushed = nil
                done?()
            }
        }
    }

    private func launchDecoder() {
        guard !isClosing else { return }
        do {
            let child = try Child(.decoder, launch, on: reactor)
            let id = identities.next()
            self.child = child
            child.onGreeted = { [weak self] in self?.greeted(id) }
            child.onFrame = { [weak self] in self?.took($0, from: id) }
            child.onEnd = { [weak self] in self?.ended(id, $0) }
            handle(.launched(id))
            activate(child, id)
        } catch {
            handle(.launchFailed("\(error)"))
        }
    }

    private func greeted(_ id: ChildID) {
        if !parts.isEmpty { child?.send(DecoderRequest.look(at: parts)) }
        handle(.greeted(id))
    }

    private func activate(_ child: Child, _ id: ChildID) {
        do { try child.activate() } catch {
            // Its end may never be seen.
            child.onEnd = nil
            child.dismiss("it could not be watched")
            self.child = nil
            handle(.ended(id, "it could not be watched: \(error)"))
        }
    }

    private func took(_ frame: WireFrame, from id: ChildID) {
        do { handle(.replied(id, try DecoderReply(frame))) } catch {
            child?.dismiss("it sent what can't be understood: \(error)")
        }
    }

    private func ended(_ id: ChildID, _ end: ChildEnd) {
        child = nil
        guard isClosing else { return handle(.ended(id, "\(end.cause)")) }
        onGone?()
        onGone = nil
    }
}
