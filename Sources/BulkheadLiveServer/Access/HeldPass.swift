import NIOCore

/// A pass while its holder publishes or plays: the server that was asked is asked again from time to time, where that is
/// wanted, and is told of the end.
final class HeldPass {
    let pass: AdmissionDesk.Pass
    private let desk: AdmissionDesk
    private let start = NIODeadline.now()
    private var renewedAt = NIODeadline.now()
    private var isReturned = false

    init(_ pass: AdmissionDesk.Pass, at desk: AdmissionDesk) {
        self.pass = pass
        self.desk = desk
    }

    /// Once a second.
    /// - Parameter onEnd: called when the holder may not go on.
    func tick(timestamp: UInt32 = 0, onEnd: @escaping () -> Void) {
        let now = NIODeadline.now()
        guard !isReturned, let interval = desk.updateInterval, now - renewedAt >= TimeAmount(interval) else { return }
        renewedAt = now
        let seconds = (now - start).nanoseconds / 1_000_000_000
        desk.renew(pass, after: seconds, timestamp: timestamp) { [weak self] mayGoOn in
            if let self, !isReturned, !mayGoOn { onEnd() }
        }
    }

    func giveBack() {
        guard !isReturned else { return }
        isReturned = true
        desk.returned(pass)
    }
}
