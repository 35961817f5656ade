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

    /// Why the request isn't passed on for somebody with these rights; nil where it is.
    package func refusal(for rights: Rights) -> String? {
        if case .drill = request {
            guard rights.maySteer else { return "This password is for looking: come in with the other one." }
            return rights.mayDrill ? nil : "Drills are not allowed here: start bulkhead control with --allow-drills."
        }
        guard isAllowed else { return Self.refusal }
        return rights.maySteer || isLooking ? nil : "This password is for looking: come in with the other one."
    }

    /// It changes nothing.
    private var isLooking: Bool {
        switch request {
        case .status, .deaths, .summary, .room, .comments: true
        case .servers(_, let isMeasured): !isMeasured
        default: false
        }
    }

    /// Whether whoever steers may ask for it over the network.
    package var isAllowed: Bool {
        if request.mayHoldKey { return false }
        switch request {
        case .status, .deaths, .servers, .keyframe, .restart, .scene, .audio, .mark, .room, .comments, .changeRoom,
            .timetable, .summary:
            return true
        // A path would let others write files.
        case .saveReplay(let path, _): return path == nil
        case .input(let change):
            switch change {
            // The name of a file would choose what is read; a number chooses from the list.
            case .skip(_, let file): return file.map { Int($0) != nil } ?? true
            case .reopen, .choose, .rename, .remove: return true
            case .add: return false
            }
        case .link(let change):
            switch change {
            case .pause, .retry, .move: return true
            case .add, .remove: return false
            }
        case .plugin(let change):
            switch change {
            case .enable, .pardon, .reload, .move: return true
            case .add, .remove, .set: return false
            }
        case .foresee(let request): return ControlRoomRequest(request).isAllowed
        // The program has an address of its own, and drills need a right of their own.
        case .stop, .broadcast, .events, .set, .reload, .program, .drill: return false
        }
    }
}
