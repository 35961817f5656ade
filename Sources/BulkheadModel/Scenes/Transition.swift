package import BulkheadMedia

/// How one scene becomes another.
package struct Transition: Codable, Hashable, Sendable {
    /// The kinds of transitions.
    package enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        /// From one frame to the next.
        case cut = "cut"
        /// One dissolves into the other.
        case fade = "fade"
        /// The old one sinks into black, and the new one comes out of it.
        case dip = "dip"
        /// The new one is uncovered from the left to the right.
        case wipe = "wipe"
    }

    /// How long a transition may last.
    package static let millisecondRange: ClosedRange<UInt32> = 0...60_000

    /// What it looks like.
    package var kind: Kind
    /// How long it lasts; a cut takes no time.
    package var milliseconds: UInt32

    /// From one frame to the next.
    package static let cut = Transition(.cut, milliseconds: 0)

    /// A transition of that length.
    package init(_ kind: Kind, milliseconds: UInt32) {
        self.kind = kind
        self.milliseconds = milliseconds
    }

    private enum CodingKeys: String, CodingKey {
        case kind = "kind"
        case milliseconds = "milliseconds"
    }

    /// Checks what the control socket brought.
    /// - Throws: kind `usage`.
    package func check() throws(BroadcastError) {
        guard Self.millisecondRange.contains(milliseconds) else {
            throw BroadcastError(
                .usage,
                "a \(kind.rawValue) of \(milliseconds) ms is too long: the longest takes "
                    + "\(Self.millisecondRange.upperBound / 1000) s")
        }
    }

    /// How many frames show a mixture; 0 for a cut.
    package func frameCount(at rate: FrameRate) -> Int {
        guard kind != .cut else { return 0 }
        return Int((Double(milliseconds) / 1000 * rate.framesPerSecond).rounded())
    }

    /// How far it is with frame `index` of those that show a mixture, from 0: more than 0 and less than 1, in even steps.
    /// From ``frameCount(at:)`` on it is 1.
    package func progress(ofFrame index: Int, at rate: FrameRate) -> Double {
        let count = frameCount(at: rate)
        return index >= count ? 1 : Double(max(0, index) + 1) / Double(count + 1)
    }

    /// What `canvas` shows at `progress`, 0 (the old scene) to 1 (the new one). The old composition may be a mixture itself.
    package func composition<Picture>(
        from old: Composition<Picture>, to new: Composition<Picture>, progress: Double, on canvas: Canvas
    ) -> Composition<Picture> {
        guard progress > 0 else { return old }
        guard progress < 1, kind != .cut else { return new }
        switch kind {
        case .cut: return new
        case .fade: return old.adding(new.groups, opacity: Self.level(progress))
        case .dip:
            let black = Composition<Picture>.Group([], clip: canvas.rectangle)
            return progress < 0.5
                ? old.adding([black], opacity: Self.level(2 * progress))
                : new.adding([black], opacity: Self.level(2 - 2 * progress))
        case .wipe:
            let width = Int((Double(canvas.width) * progress / 2).rounded()) * 2
            guard width > 0 else { return old }
            let clip = PixelRectangle(x: 0, y: 0, width: width, height: canvas.height)
            return Composition(
                old.groups
                    + new.groups.map { Composition.Group($0.layers, opacity: $0.opacity, clip: clip) })
        }
    }

    private static func level(_ share: Double) -> UInt8 { UInt8((max(0, min(1, share)) * 255).rounded()) }
}

extension Composition {
    /// With `groups` on top, at `opacity`; as it is where nothing would show.
    fileprivate func adding(_ groups: [Group], opacity: UInt8) -> Composition {
        guard opacity > 0 else { return self }
        return Composition(self.groups + groups.map { Group($0.layers, opacity: opacity, clip: $0.clip) })
    }
}
