package import BulkheadModel

/// What somebody who is connected to a master may ask for; the raw values are stable.
package enum ControlRole: String, Comparable, Codable, CaseIterable, Sendable {
    /// See how it goes, and change nothing.
    case look
    /// Change what is on air.
    case steer
    /// All of it: also what reads and writes files, holds keys or ends the broadcast.
    case own

    package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .look: 0
        case .steer: 1
        case .own: 2
        }
    }

    /// The role at the socket `path` of another user's master; nil for one that is its user's alone.
    package init?(ofSocketAt path: String) {
        guard let role = ControlDoor.roles.first(where: { path.hasSuffix(".\($0.rawValue)") }) else { return nil }
        self = role
    }
}

/// A further control socket, for the members of a group.
package struct ControlDoor: Hashable, Sendable {
    /// Those that a group can have.
    package static let roles = [ControlRole.look, .steer]

    package let role: ControlRole
    /// The group's number.
    package let group: UInt32

    package init(role: ControlRole, group: UInt32) {
        self.role = role
        self.group = group
    }

    /// Where it is, beside the control socket at `path`.
    package func path(beside path: String) -> String { "\(path).\(role.rawValue)" }
}

extension ControlRequest {
    /// What it takes to ask for it.
    package var leastRole: ControlRole {
        if mayHoldKey { return .own }
        switch self {
        case .status, .events, .deaths, .summary, .timetable, .room, .comments, .thumbnails, .program: return .look
        case .servers(_, let isMeasured): return isMeasured ? .steer : .look
        case .keyframe, .restart, .scene, .audio, .mark, .changeRoom: return .steer
        // A path would let others write files.
        case .saveReplay(let path, _): return path == nil ? .steer : .own
        case .input(let change):
            switch change {
            // The name of a file would choose what is read; a number chooses from the list.
            case .skip(_, let file): return file.map { Int($0) != nil } ?? true ? .steer : .own
            case .reopen, .choose, .rename, .remove: return .steer
            case .add: return .own
            }
        case .link(let change):
            switch change {
            case .pause, .retry, .move: return .steer
            case .add, .remove: return .own
            }
        case .plugin(let change):
            switch change {
            case .enable, .pardon, .reload, .move: return .steer
            case .add, .remove, .set: return .own
            }
        case .foresee(let request): return request.leastRole
        case .stop, .broadcast, .set, .reload, .drill: return .own
        }
    }

    /// Why somebody of that role may not ask for it; nil where they may.
    package func refusal(for role: ControlRole) -> BroadcastError? {
        guard role < leastRole else { return nil }
        let isOwners = leastRole == .own
        let door = role == .look ? "looking" : "steering"
        let problem =
            "this socket is for \(door), and \(word.rawValue) "
            + (isOwners ? "is for the user of the broadcast alone" : "changes something")
        let advice = isOwners ? "let that user ask" : "ask by the socket that ends with .steer"
        return BroadcastError(
            code: .notAllowed, ["request": word.rawValue, "role": role.rawValue], problem, advice: advice)
    }
}
