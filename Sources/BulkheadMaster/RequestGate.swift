package import BulkheadModel

/// Which requests a broadcast can take at a moment, and why not the others.
package struct RequestGate: Hashable, Sendable {
    private let state: BroadcastState
    private let children: ChildrenChoice
    private let isChanging: Bool

    /// - Parameters:
    ///   - children: which children the master starts.
    ///   - isChanging: a change that takes an encoder is under way.
    package init(_ state: BroadcastState, _ children: ChildrenChoice, isChanging: Bool) {
        self.state = state
        self.children = children
        self.isChanging = isChanging
    }

    private static let notOnAir = BroadcastError(
        code: .notOnAir, "the broadcast is not on air", advice: "try again when it is")

    /// Why links can't be changed; nil where they can.
    package var refusalOfLinks: BroadcastError? { state == .starting || state == .onAir ? nil : Self.notOnAir }

    /// Why the next frame can't be encoded as an IDR.
    package var refusalOfKeyframe: BroadcastError? { state == .onAir ? nil : Self.notOnAir }

    /// Why the chain of plugins can't be changed.
    package var refusalOfPlugins: BroadcastError? {
        guard state == .onAir else { return Self.notOnAir }
        guard children != .encoder else {
            return BroadcastError(
                code: .noPluginHost, "this broadcast has no plugin host", advice: "use another run mode")
        }
        return nil
    }

    /// Why settings can't be changed, and no part started anew.
    package var refusalOfSettings: BroadcastError? {
        guard state == .onAir else { return Self.notOnAir }
        guard children != .plugins else {
            return BroadcastError(
                code: .foreignEncoder, "the encoder was not started by this master",
                advice: "end it and connect one with other settings, or use another run mode")
        }
        guard !isChanging else {
            return BroadcastError(code: .changeUnderWay, "another change is under way", advice: "try again in a moment")
        }
        return nil
    }
}
