package import BulkheadModel

/// What all clients of obs-websocket share and the broadcast knows nothing of.
package struct OBSDesk: Hashable, Sendable {
    package static let transitionMilliseconds: ClosedRange<Int64> = 50...20_000

    package var isStudioMode = false
    package var transition = Transition.Kind.cut
    package var milliseconds: Int64 = 300
    /// The file of the last replay that was saved; nil before one was.
    package var lastReplay: String?

    package init() {}

    /// What is done where a client says nothing.
    package var wish: Transition {
        transition == .cut ? .cut : Transition(transition, milliseconds: UInt32(clamping: milliseconds))
    }

    static func name(_ kind: Transition.Kind) -> String {
        switch kind {
        case .cut: "Cut"
        case .fade: "Fade"
        case .dip: "Fade to Black"
        case .wipe: "Wipe"
        }
    }

    static func obsKind(_ kind: Transition.Kind) -> String {
        switch kind {
        case .cut: "cut_transition"
        case .fade: "fade_transition"
        case .dip: "fade_to_color_transition"
        case .wipe: "wipe_transition"
        }
    }

    static func description(_ kind: Transition.Kind) -> [String: JSONValue] {
        [
            "transitionName": .string(name(kind)),
            "transitionUuid": .string(OBSNames.uuid("transition:\(kind.rawValue)")),
            "transitionKind": .string(obsKind(kind)), "transitionFixed": .bool(kind == .cut),
            "transitionConfigurable": false,
        ]
    }
}

/// What a computer does for a broadcast, for GetStats.
package struct ProcessLoad: Hashable, Sendable {
    /// Of one core, in hundredths; of all processes of the broadcast.
    package var processorPercent: Double
    package var memoryMebibytes: Double
    /// Where recordings go; nil where nothing is recorded.
    package var freeMebibytes: Double?

    package init(processorPercent: Double = 0, memoryMebibytes: Double = 0, freeMebibytes: Double? = nil) {
        self.processorPercent = processorPercent
        self.memoryMebibytes = memoryMebibytes
        self.freeMebibytes = freeMebibytes
    }
}
