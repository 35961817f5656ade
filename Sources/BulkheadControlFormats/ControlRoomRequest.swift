package import BulkheadControl
import BulkheadModel

/// A request of the control protocol that came over the network: what would read files, hold keys or end the broadcast is not
/// for the control room.
package struct ControlRoomRequest: Sendable {
    package let request: ControlRequest

    /// Reads a line of the control protocol; nil for what is none.
    package init?(json bytes: some Sequence<UInt8>) {
        guard let line = try? JSONLine.decode(ControlLine<ControlRequest>.self, from: bytes) else { return nil }
        request = line.content
    }

    package init(_ request: ControlRequest) { self.request = request }

    /// What somebody may do who has come in.
    package struct Rights: Hashable, Sendable, Encodable {
        /// Without it, only look.
        package var maySteer: Bool
        /// Kill and freeze children.
        package var mayDrill: Bool

        package init(maySteer: Bool, mayDrill: Bool) {
            self.maySteer = maySteer
            self.mayDrill = mayDrill
        }
    }

    /// Why a request isn't passed on that nobody may make over the network.
    package static let refusal = "The control room may not ask for that: use the command line."

    /// Why nothing is changed for those who may only look.
    package static let lookRefusal = "This password is for looking: come in with the other one."

    /// Why the request isn't passed on for somebody with these rights; nil where it is.
    package func refusal(for rights: Rights) -> String? {
        if case .drill = request {
            guard rights.maySteer else { return Self.lookRefusal }
            return rights.mayDrill ? nil : "Drills are not allowed here: start bulkhead control with --allow-drills."
        }
        guard isAllowed else { return Self.refusal }
        return rights.maySteer || request.leastRole == .look ? nil : Self.lookRefusal
    }

    /// Whether whoever steers may ask for it over the network.
    package var isAllowed: Bool {
        switch request {
        // They have addresses of their own, and drills a right of their own.
        case .events, .thumbnails, .program, .drill: false
        case .foresee(let request): ControlRoomRequest(request).isAllowed
        default: request.leastRole < .own
        }
    }
}
