package import BulkheadModel

/// Which requests a broadcast can take at a moment, and why not the others.
package struct RequestGate: Hashable, Sendable {
    private let state: BroadcastState
    private let children: ChildrenChoice
    private let isCopying: Bool
    private let isChanging: Bool

    /// - Parameters:
    ///   - children: which children the master starts.
    ///   - isCopying: the input is passed on as it is.
    ///   - isChanging: a change that takes an encoder is under way.
    package init(_ state: BroadcastState, _ children: ChildrenChoice, isCopying: Bool = false, isChanging: Bool) {
        self.state = state
        self.children = children
        self.isCopying = isCopying
        self.isChanging = isChanging
    }

    private static let notOnAir = BroadcastError(
        code: .notOnAir, "the broadcast is not on air", advice: "try again when it is")

    /// Why what is made of inputs can't be changed where nothing is made of them.
    package static let copied = BroadcastError(
        code: .copied, "the input of this broadcast is copied as it is, and nothing of it can be changed",
        advice: "begin the next one without the setting copy")

    /// Why neither scenes nor the mix can be changed.
    package var refusalOfProgram: BroadcastError? {
        state == .onAir ? (isCopying ? Self.copied : nil) : Self.notOnAir
    }

    /// Why `part` can't be started anew.
    package func refusal(ofRestarting part: RestartablePart) -> BroadcastError? {
        guard isCopying, part == .source else { return refusalOfSettings }
        return state == .onAir ? nil : Self.notOnAir
    }

    /// Why links can't be changed; nil where they can.
    package var refusalOfLinks: BroadcastError? { state == .starting || state == .onAir ? nil : Self.notOnAir }

    /// Why the next frame can't be encoded as an IDR.
    package var refusalOfKeyframe: BroadcastError? { refusalOfProgram }

    /// Why the chain of plugins can't be changed.
    package var refusalOfPlugins: BroadcastError? {
        if let refusalOfProgram { return refusalOfProgram }
        guard children != .encoder else {
            return BroadcastError(
                code: .noPluginHost, "this broadcast has no plugin host", advice: "use another run mode")
        }
        return nil
    }

    /// Why settings can't be changed, and no part started anew.
    package var refusalOfSettings: BroadcastError? {
        if let refusalOfProgram { return refusalOfProgram }
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
