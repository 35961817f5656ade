import BulkheadChildren
import BulkheadModel
import BulkheadSystem
import BulkheadWire

/// The master's face of one notifier. It lives on the reactor's thread.
final class NotifierStub {
    /// Called with each answer.
    var onReply: ((NotifierReply) -> Void)?
    /// Called when the notifier has said hello.
    var onGreeted: (() -> Void)?
    /// Called once, last.
    var onEnd: ((ChildEnd) -> Void)?

    /// The process.
    let child: Child
    /// When it last said anything.
    private(set) var lastSign = MonotonicTime.now

    private let addresses: [NoticeAddress]
    private let origin: String

    init(_ child: Child, _ targets: [NoticeTarget], origin: String) {
        self.child = child
        self.origin = origin
        addresses = targets.map(Self.address)
        child.onGreeted = { [weak self] in
            self?.configure()
            self?.onGreeted?()
        }
        child.onFrame = { [weak self] in self?.take($0) }
        child.onEnd = { [weak self] in self?.onEnd?($0) }
    }

    private static func address(_ target: NoticeTarget) -> NoticeAddress {
        let (rule, standard) = (target.rule, NoticeRule.standard)
        let kind: NoticeAddress.Kind =
            switch target.kind {
            case .http: .http
            case .command: .command
            case .file: .file
            }
        return NoticeAddress(
            kind, url: target.url, secret: target.key,
            limitMilliseconds: UInt32(min(rule.limitSeconds ?? standard.limitSeconds, 600) * 1000),
            byteCount: UInt64(clamping: rule.fileByteCount ?? standard.fileByteCount),
            keptFiles: UInt16(clamping: rule.keptFiles ?? standard.keptFiles))
    }

    /// Begins to listen to the notifier. Call it once the callbacks are set.
    func activate() {
        do { try child.activate() } catch { child.dismiss("it could not be watched: \(error)") }
    }

    func give(_ notice: Notice, targets: [UInt8]) { child.send(NotifierRequest.notice(notice, targets: targets)) }
    func forget(_ number: UInt64) { child.send(NotifierRequest.forget(number: number)) }

    /// Lets the notifier end by itself, which it does not take for the master's death.
    func release() {
        if child.isGreeted { child.send(NotifierRequest.finish) }
        child.hangUp()
    }

    private func configure() { child.send(NotifierRequest.configure(addresses, origin: origin)) }

    private func take(_ frame: WireFrame) {
        lastSign = .now
        do { onReply?(try NotifierReply(frame)) } catch {
            child.dismiss("it sent what can't be understood: \(error)")
        }
    }
}
