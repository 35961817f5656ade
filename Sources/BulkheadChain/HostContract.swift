package import BulkheadMedia
package import BulkheadModel
package import BulkheadSystem
package import BulkheadWire

/// What one plugin host has been given and asked, and whether its answers keep to it. It owns no process and no clock.
package struct HostContract: Sendable {
    /// An answer that the host had no right to.
    package enum Breach: Error, Hashable, CustomStringConvertible {
        case pictureNotGiven(FrameNumber)
        case soundOutOfTurn(position: Int64)
        case pluginNotAsked(PluginID)
        case flood

        package var description: String {
            switch self {
            case .pictureNotGiven(let frame): "it answered for frame \(frame), which it was not given"
            case .soundOutOfTurn(let position): "it answered for sound at \(position), which was not its turn"
            case .pluginNotAsked(let id): "it answered for plugin \(id), for which it had nothing to answer"
            case .flood: "it floods the master with lines"
            }
        }
    }

    /// A change of one plugin that the host answers.
    package enum Change: Hashable, Sendable {
        /// The parameter of this name is set.
        case parameter(String)
        case removal
    }

    /// What a refusal is an answer to.
    package enum Refused: Hashable, Sendable {
        /// The plugin can't be loaded.
        case plugin
        /// The oldest change that has not been answered is not made.
        case change
    }

    /// A plugin's new place among those that are loaded.
    package struct Move: Hashable, Sendable {
        package let plugin: PluginID
        package let position: Int
    }

    /// So many blocks of sound may be unanswered: a second.
    package static let mostSounds = 48
    /// Lines that are passed on in a second.
    package static let mostLines = 50
    /// Lines in a second that end the host: reading them costs the master time, too.
    package static let floodLines = 10_000

    /// What is loaded, and what it can be given.
    package private(set) var loaded: [PluginID: PluginAbilities] = [:]
    /// All plugins of the chain are loaded or refused.
    package private(set) var isLoaded = false
    private let chain: [PluginID]
    private let start: MonotonicTime
    private var isReady = false
    /// Neither loaded nor refused yet.
    private var unanswered: Set<PluginID>
    /// The loaded plugins as they work, one after the other.
    private var order: [PluginID] = []
    private var inHand: (frame: FrameNumber, result: UInt32, since: MonotonicTime)?
    private var sounds: [(position: Int64, since: MonotonicTime)] = []
    private var changes: [(plugin: PluginID, change: Change, since: MonotonicTime)] = []
    private var lines: (since: MonotonicTime, count: Int)

    /// The contract with a host that is to load `chain`, in this order, and was started at `now`.
    package init(_ chain: [PluginID], at now: MonotonicTime) {
        self.chain = chain
        start = now
        unanswered = Set(chain)
        lines = (now, 0)
    }

    /// Since when the host has owed its oldest answer; nil when it owes none.
    package var owesSince: MonotonicTime? {
        if !isLoaded { return start }
        return [inHand?.since, sounds.first?.since, changes.first?.since].compactMap { $0 }.min()
    }

    // MARK: what it is given

    /// The host is open, and has no picture: it is given one at a time.
    package var takesPicture: Bool { isLoaded && inHand == nil }

    /// Notes a picture that it was given, with the slot for its result.
    package mutating func gave(_ frame: FrameNumber, result: UInt32, at now: MonotonicTime) {
        inHand = (frame, result, now)
    }

    /// Notes a block of sound that begins at `position`, in sample pairs.
    /// - Returns: false where the host can't be given any.
    package mutating func gaveSound(at position: Int64, now: MonotonicTime) -> Bool {
        guard isLoaded, sounds.count < Self.mostSounds else { return false }
        sounds.append((position, now))
        return true
    }

    /// Notes a change that it was asked for: changes are answered in their order.
    package mutating func asked(_ change: Change, of plugin: PluginID, at now: MonotonicTime) {
        if change == .removal { order.removeAll { $0 == plugin } }
        changes.append((plugin, change, now))
    }

    /// Puts what is loaded in the order of `ids`.
    /// - Returns: the moves that make it so, one after the other.
    package mutating func arrange(_ ids: [PluginID]) -> [Move] {
        var moves: [Move] = []
        for (position, id) in ids.filter(order.contains).enumerated() where order[position] != id {
            order.removeAll { $0 == id }
            order.insert(id, at: position)
            moves.append(Move(plugin: id, position: position))
        }
        return moves
    }

    // MARK: what it answers

    /// It has mapped what it was handed.
    package mutating func becameReady() { isReady = true }

    /// One plugin of the chain works.
    package mutating func noteLoaded(_ id: PluginID, _ abilities: PluginAbilities) throws(Breach) {
        guard unanswered.remove(id) != nil else { throw .pluginNotAsked(id) }
        loaded[id] = abilities
        order = chain.filter { loaded[$0] != nil }
    }

    /// A plugin of the chain can't be loaded, or a change of it is not made.
    package mutating func refused(_ id: PluginID) throws(Breach) -> Refused {
        if unanswered.remove(id) != nil { return .plugin }
        try answered(id) { $0 != .removal }
        return .change
    }

    /// The change that was asked for first is made.
    package mutating func parameterSet(_ name: String, of id: PluginID) throws(Breach) {
        try answered(id) { $0 == .parameter(name) }
    }

    /// The same, where a plugin was to be taken out.
    package mutating func unloaded(_ id: PluginID) throws(Breach) {
        try answered(id) { $0 == .removal }
        loaded[id] = nil
    }

    private mutating func answered(_ id: PluginID, _ fits: (Change) -> Bool) throws(Breach) {
        guard let first = changes.first, first.plugin == id, fits(first.change) else { throw .pluginNotAsked(id) }
        changes.removeFirst()
    }

    /// Whether the chain has just come to be loaded: true once.
    package mutating func takeLoaded() -> Bool {
        guard isReady, unanswered.isEmpty, !isLoaded else { return false }
        isLoaded = true
        return true
    }

    /// The picture in hand is worked on.
    /// - Returns: the slot that was lent for the result.
    package mutating func processed(_ frame: FrameNumber) throws(Breach) -> UInt32 {
        guard let inHand, inHand.frame == frame else { throw .pictureNotGiven(frame) }
        self.inHand = nil
        return inHand.result
    }

    /// The oldest block of sound is worked on.
    package mutating func processedSound(at position: Int64) throws(Breach) {
        guard sounds.first?.position == position else { throw .soundOutOfTurn(position: position) }
        sounds.removeFirst()
    }

    /// Takes a line in. The host cuts plugins short that say too much; one that they have taken over is cut short here.
    /// - Returns: whether it is passed on.
    package mutating func said(at now: MonotonicTime) throws(Breach) -> Bool {
        if now.since(lines.since) > 1_000_000_000 { lines = (now, 0) }
        lines.count += 1
        guard lines.count <= Self.floodLines else { throw .flood }
        return lines.count <= Self.mostLines
    }
}
