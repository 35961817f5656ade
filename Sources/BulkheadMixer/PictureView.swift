package import BulkheadMedia
import CYUV

/// One plane of a picture, or a part of one, in memory that somebody else holds.
struct PlaneView {
    let base: UnsafeMutablePointer<UInt8>
    /// From row to row, in bytes; 0 where every row is the same one.
    let stride: Int
    let width: Int
    let height: Int

    /// The part at `rectangle`, in pixels of this plane.
    func part(_ rectangle: PixelRectangle) -> PlaneView {
        PlaneView(
            base: base + rectangle.y * stride + rectangle.x, stride: stride, width: rectangle.width,
            height: rectangle.height)
    }

    /// Sets every pixel to `value`.
    func fill(_ value: UInt8) { SetPlane(base, Int32(stride), Int32(width), Int32(height), UInt32(value)) }

    /// Draws `source`, scaled to this plane's size where it has another one.
    ///
    /// What is more than twice as large is halved first, by libyuv's means of four pixels: a bilinear filter would pass over
    /// pixels, and libyuv's filter for any other size rounds down, so that white and grey lose a step.
    func draw(_ source: PlaneView, _ scratch: Scratch) {
        var source = source
        while source.width >= 2 * width, source.height >= 2 * height {
            let (half, halfHeight) = halved(source)
            if half == width, halfHeight == height { break }
            let smaller = scratch.plane(half, halfHeight)
            smaller.scale(source)
            source = smaller
        }
        if source.width == width, source.height == height {
            CopyPlane(source.base, Int32(source.stride), base, Int32(stride), Int32(width), Int32(height))
        } else {
            scale(source)
        }
    }

    /// Half the size of `source`; where that is odd, what is halved down to this plane's size and fits into it.
    private func halved(_ source: PlaneView) -> (Int, Int) {
        if source.width % 2 == 0, source.height % 2 == 0 { return (source.width / 2, source.height / 2) }
        var shift = 1
        while width << (shift + 1) <= source.width, height << (shift + 1) <= source.height { shift += 1 }
        return (width << shift, height << shift)
    }

    private func scale(_ source: PlaneView) {
        ScalePlane(
            source.base, Int32(source.stride), Int32(source.width), Int32(source.height), base, Int32(stride),
            Int32(width), Int32(height), kFilterBilinear)
    }

    /// Lays `front`, which stands as it looks on `black`, over what is here; all are of this plane's size.
    func lay(_ front: PlaneView, alpha: PlaneView, black: UInt8) {
        bulkhead_lay_on_black(
            front.base, Int32(front.stride), alpha.base, Int32(alpha.stride), base, Int32(stride), Int32(width),
            Int32(height), Int32(black))
    }

    /// Lays `front` over `back`, each of this plane's size: (front · alpha + back · (255 - alpha)) / 255.
    func blend(_ front: PlaneView, over back: PlaneView, alpha: PlaneView) {
        _ = BlendPlane(
            front.base, Int32(front.stride), back.base, Int32(back.stride), alpha.base, Int32(alpha.stride), base,
            Int32(stride), Int32(width), Int32(height))
    }
}

/// An I420 picture, or a part of one with even edges, in memory that somebody else holds.
package struct PictureView {
    /// The size of the whole picture.
    package let canvas: Canvas
    /// Luma, Cb, Cr.
    let planes: [PlaneView]
    /// How opaque each pixel of luma is; nil for an opaque picture.
    let alpha: PlaneView?

    /// A picture laid out as ``PictureLayout`` says; nil when `bytes` is too short for one. The memory must outlive it.
    /// - Parameter hasAlpha: it has a plane of alpha.
    package init?(_ bytes: UnsafeMutableRawBufferPointer, canvas: Canvas, hasAlpha: Bool = false) {
        let layout = PictureLayout(canvas, hasAlpha: hasAlpha)
        guard let base = bytes.baseAddress, bytes.count >= layout.byteCount else { return nil }
        func view(_ plane: PictureLayout.Plane) -> PlaneView {
            PlaneView(
                base: base.assumingMemoryBound(to: UInt8.self) + plane.offset, stride: plane.stride,
                width: plane.width, height: plane.height)
        }
        self.canvas = canvas
        planes = layout.planes.map(view)
        alpha = layout.alpha.map(view)
    }

    private init(_ planes: [PlaneView], alpha: PlaneView?, of canvas: Canvas) {
        self.planes = planes
        self.alpha = alpha
        self.canvas = canvas
    }

    /// The part at `rectangle`, which lies within and has even edges.
    func part(_ rectangle: PixelRectangle) -> PictureView {
        let half = PixelRectangle(
            x: rectangle.x / 2, y: rectangle.y / 2, width: rectangle.width / 2, height: rectangle.height / 2)
        return PictureView(
            planes.enumerated().map { $1.part($0 == 0 ? rectangle : half) }, alpha: alpha?.part(rectangle), of: canvas)
    }

    /// Whether `other` needs no scaling to be drawn here.
    func isAsLarge(as other: PictureView) -> Bool {
        planes[0].width == other.planes[0].width && planes[0].height == other.planes[0].height
    }

    /// Draws `source` over all that is here.
    func draw(_ source: PictureView, _ scratch: Scratch) {
        for (plane, other) in zip(planes, source.planes) { plane.draw(other, scratch) }
    }

    /// Lays `source`, whose pixels are opaque as far as `alpha` says, over what is here. Its colours stand as they look on
    /// black, so that they can be scaled like those of any other picture: no edge takes on what is not seen.
    func lay(onBlack source: PictureView, _ alpha: PlaneView, _ sheet: AlphaSheet, _ scratch: Scratch) {
        var front = source
        let (luma, chroma) = sheet.planes(for: self)
        chroma.draw(alpha, scratch)
        var opacity = alpha
        if !source.isAsLarge(as: self) {
            luma.draw(alpha, scratch)
            opacity = luma
            front = sheet.picture(like: self)
            front.draw(source, scratch)
        }
        let black = VideoColor.black
        for (index, value) in [black.y, black.cb, black.cr].enumerated() {
            planes[index].lay(front.planes[index], alpha: index == 0 ? opacity : chroma, black: value)
        }
    }

    func fill(_ color: VideoColor) {
        for (plane, value) in zip(planes, [color.y, color.cb, color.cr]) { plane.fill(value) }
    }

    /// Lays `front` over what is here; `alpha` is that of luma and that of chroma.
    func lay(_ front: PictureView, alpha: (luma: PlaneView, chroma: PlaneView)) {
        for (index, plane) in planes.enumerated() {
            plane.blend(front.planes[index], over: plane, alpha: index == 0 ? alpha.luma : alpha.chroma)
        }
    }

    /// Lets what is here stand only as far as `alpha` says, and `color` beyond.
    func surround(with color: VideoColor, alpha: (luma: PlaneView, chroma: PlaneView)) {
        for ((index, plane), value) in zip(planes.enumerated(), [color.y, color.cb, color.cr]) {
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: plane.width) { row in
                row.initialize(repeating: value)
                guard let base = row.baseAddress else { return }
                let ground = PlaneView(base: base, stride: 0, width: plane.width, height: plane.height)
                plane.blend(plane, over: ground, alpha: index == 0 ? alpha.luma : alpha.chroma)
            }
        }
    }
}

/// Memory for one picture.
final class Sheet {
    private let bytes: UnsafeMutableRawBufferPointer
    /// The whole picture; not to be used longer than the sheet.
    let view: PictureView

    /// A sheet for pictures of `canvas`. Memory is taken up only where it is drawn on.
    init(_ canvas: Canvas) {
        bytes = .allocate(byteCount: canvas.layout.byteCount, alignment: 4096)
        guard let view = PictureView(bytes, canvas: canvas) else { preconditionFailure("a sheet holds its picture") }
        self.view = view
    }

    deinit { bytes.deallocate() }
}

/// Memory for a transparent picture that is brought to another size.
final class AlphaSheet {
    private let colours: Sheet
    private let luma: UnsafeMutableBufferPointer<UInt8>
    private let chroma: UnsafeMutableBufferPointer<UInt8>

    /// A sheet for pictures up to `canvas`.
    init(_ canvas: Canvas) {
        colours = Sheet(canvas)
        luma = .allocate(capacity: canvas.width * canvas.height)
        chroma = .allocate(capacity: canvas.width * canvas.height / 4)
    }

    deinit {
        luma.deallocate()
        chroma.deallocate()
    }

    /// Planes of alpha for the luma and the chroma of `view`; not to be used longer than the sheet.
    func planes(for view: PictureView) -> (luma: PlaneView, chroma: PlaneView) {
        func plane(_ memory: UnsafeMutableBufferPointer<UInt8>, like plane: PlaneView) -> PlaneView {
            guard let base = memory.baseAddress else { preconditionFailure("a canvas has pixels") }
            return PlaneView(base: base, stride: plane.width, width: plane.width, height: plane.height)
        }
        return (plane(luma, like: view.planes[0]), plane(chroma, like: view.planes[1]))
    }

    /// Memory for colours of the size of `view`.
    func picture(like view: PictureView) -> PictureView {
        colours.view.part(
            PixelRectangle(x: 0, y: 0, width: view.planes[0].width, height: view.planes[0].height))
    }
}

/// Memory for planes on their way to another size: two of them, one after the other.
final class Scratch {
    private var memory: [UnsafeMutableBufferPointer<UInt8>] = []
    private var next = 0

    /// A plane to be written to, which holds until the next but one.
    func plane(_ width: Int, _ height: Int) -> PlaneView {
        let stride = (width + 63) & ~63
        if memory.isEmpty { memory = (0..<2).map { _ in .allocate(capacity: 64) } }
        next = 1 - next
        if memory[next].count < stride * height {
            memory[next].deallocate()
            memory[next] = .allocate(capacity: stride * height)
        }
        guard let base = memory[next].baseAddress else { preconditionFailure("memory that is not empty has a base") }
        return PlaneView(base: base, stride: stride, width: width, height: height)
    }

    deinit { for bytes in memory { bytes.deallocate() } }
}
