/// Where and how one picture is drawn on a canvas. Chroma has half the resolution: edges are even, and no rounding is left
/// to the one that draws.
package struct PictureLayer: Hashable, Sendable {
    /// What is taken of the picture, in its own pixels; not empty, within it, with even edges.
    package var source: PixelRectangle
    /// What is drawn over, in pixels of the canvas; not empty, within it, with even edges.
    package var target: PixelRectangle
    /// The shape that corners and border follow, in pixels of the canvas. `target` is what of it lies on the canvas.
    package var outline: PixelRectangle
    /// 0 (nothing shows) to 255.
    package var opacity: UInt8
    /// Of the outline, in pixels; 0 for square corners.
    package var cornerRadius: Int
    /// Inside the outline, in pixels; 0 for none.
    package var borderWidth: Int
    /// The border's colour.
    package var borderColor: VideoColor

    /// A layer whose outline is its target, with square corners and no border where nothing else is said.
    package init(
        source: PixelRectangle, target: PixelRectangle, outline: PixelRectangle? = nil, opacity: UInt8 = 255,
        cornerRadius: Int = 0, borderWidth: Int = 0, borderColor: VideoColor = .black
    ) {
        self.source = source
        self.target = target
        self.outline = outline ?? target
        self.opacity = opacity
        self.cornerRadius = cornerRadius
        self.borderWidth = borderWidth
        self.borderColor = borderColor
    }

    /// The canvas is not seen through it anywhere, and its pixels are the picture's alone.
    package var isPlain: Bool { opacity == 255 && cornerRadius == 0 && borderWidth == 0 }
}

/// What a canvas shows: groups of layers, each drawn over black and then laid over the groups before it.
///
/// A scene is one group. While it fades into another there are two: layers that lie over each other fade as one picture.
package struct Composition<Picture> {
    /// A picture and its place.
    package struct Layer {
        /// What is drawn.
        package var picture: Picture
        /// Where and how.
        package var placement: PictureLayer

        /// A picture at its place.
        package init(_ picture: Picture, _ placement: PictureLayer) {
            self.picture = picture
            self.placement = placement
        }
    }

    /// Layers that are drawn over black, from the back to the front, and shown as one picture.
    package struct Group {
        /// From the back to the front; a group without layers is black.
        package var layers: [Layer]
        /// 0 (nothing shows) to 255.
        package var opacity: UInt8
        /// The part of the canvas that the group is shown in; not empty, within the canvas, with even edges.
        package var clip: PixelRectangle

        /// A group of layers.
        package init(_ layers: [Layer], opacity: UInt8 = 255, clip: PixelRectangle) {
            self.layers = layers
            self.opacity = opacity
            self.clip = clip
        }
    }

    /// The most groups: a scene, and fades that begin within fades.
    package static var mostGroups: Int { 4 }
    /// The most layers of one group.
    package static var mostLayers: Int { 64 }

    /// From the back to the front.
    package var groups: [Group]

    /// A composition of these groups, of which the last ``mostGroups`` count.
    package init(_ groups: [Group]) { self.groups = groups.suffix(Self.mostGroups) }

    /// The pictures, each as often as it is drawn.
    package var pictures: [Picture] { groups.flatMap { $0.layers.map(\.picture) } }

    /// The same places with other pictures; layers for which `picture` gives nil are left out.
    package func with<Other>(_ picture: (Picture) -> Other?) -> Composition<Other> {
        Composition<Other>(
            groups.map { group in
                let layers = group.layers.compactMap { layer in
                    picture(layer.picture).map { Composition<Other>.Layer($0, layer.placement) }
                }
                return Composition<Other>.Group(layers, opacity: group.opacity, clip: group.clip)
            })
    }

    /// The same groups with other layers in the place of each.
    package func replacing<Other>(_ layers: (Layer) -> [Composition<Other>.Layer]) -> Composition<Other> {
        Composition<Other>(
            groups.map {
                Composition<Other>.Group($0.layers.flatMap(layers), opacity: $0.opacity, clip: $0.clip)
            })
    }

    /// The one picture that is the whole canvas as it is, where the composition is no more than that.
    package func unmixed(on canvas: Canvas) -> Picture? {
        let whole = canvas.rectangle
        guard groups.count == 1, groups[0].opacity == 255, groups[0].clip == whole, groups[0].layers.count == 1 else {
            return nil
        }
        let layer = groups[0].layers[0]
        let isWhole = layer.placement.source == whole && layer.placement.target == whole
        return isWhole && layer.placement.isPlain ? layer.picture : nil
    }
}

extension Composition: Equatable where Picture: Equatable {}
extension Composition: Hashable where Picture: Hashable {}
extension Composition: Sendable where Picture: Sendable {}
extension Composition.Layer: Equatable where Picture: Equatable {}
extension Composition.Layer: Hashable where Picture: Hashable {}
extension Composition.Layer: Sendable where Picture: Sendable {}
extension Composition.Group: Equatable where Picture: Equatable {}
extension Composition.Group: Hashable where Picture: Hashable {}
extension Composition.Group: Sendable where Picture: Sendable {}

extension PixelRectangle {
    /// The same part of a picture of another size: within it, not empty, with even edges, where this one is so in `old`.
    package func scaled(from old: Canvas, to new: Canvas) -> PixelRectangle {
        guard old != new else { return self }
        func edge(_ value: Int, _ old: Int, _ new: Int) -> Int { (value * new + old) / (2 * old) * 2 }
        let left = min(edge(x, old.width, new.width), new.width - 2)
        let top = min(edge(y, old.height, new.height), new.height - 2)
        let right = min(max(edge(x + width, old.width, new.width), left + 2), new.width)
        let bottom = min(max(edge(y + height, old.height, new.height), top + 2), new.height)
        return PixelRectangle(x: left, y: top, width: right - left, height: bottom - top)
    }

    /// Whether all of it is on `canvas`.
    package func lies(within canvas: Canvas) -> Bool {
        x >= 0 && y >= 0 && width <= canvas.width && height <= canvas.height && x <= canvas.width - width
            && y <= canvas.height - height
    }
}

extension Canvas {
    /// All of it.
    package var rectangle: PixelRectangle { PixelRectangle(x: 0, y: 0, width: width, height: height) }
}
