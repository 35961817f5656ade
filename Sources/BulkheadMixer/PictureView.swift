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
    func draw(_ source: PlaneView) {
        guard source.width != width || source.height != height else {
            return CopyPlane(
                source.base, Int32(source.stride), base, Int32(stride), Int32(width), Int32(height))
        }
        // Below about a half, a bilinear filter passes over pixels. A little below it is hard to see, and half the work.
        let isSmall = 5 * width < 2 * source.width || 5 * height < 2 * source.height
        ScalePlane(
            source.base, Int32(source.stride), Int32(source.width), Int32(source.height), base, Int32(stride),
            Int32(width), Int32(height), isSmall ? kFilterBox : kFilterBilinear)
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

    /// A picture laid out as ``PictureLayout`` says; nil when `bytes` is too short for one. The memory must outlive it.
    package init?(_ bytes: UnsafeMutableRawBufferPointer, canvas: Canvas) {
        let layout = canvas.layout
        guard let base = bytes.baseAddress, bytes.count >= layout.byteCount else { return nil }
        self.canvas = canvas
        planes = layout.planes.map {
            PlaneView(
                base: base.assumingMemoryBound(to: UInt8.self) + $0.offset, stride: $0.stride, width: $0.width,
                height: $0.height)
        }
    }

    private init(_ planes: [PlaneView], of canvas: Canvas) {
        self.planes = planes
        self.canvas = canvas
    }

    /// The part at `rectangle`, which lies within and has even edges.
    func part(_ rectangle: PixelRectangle) -> PictureView {
        let half = PixelRectangle(
            x: rectangle.x / 2, y: rectangle.y / 2, width: rectangle.width / 2, height: rectangle.height / 2)
        return PictureView(planes.enumerated().map { $1.part($0 == 0 ? rectangle : half) }, of: canvas)
    }

    /// Whether `other` needs no scaling to be drawn here.
    func isAsLarge(as other: PictureView) -> Bool {
        planes[0].width == other.planes[0].width && planes[0].height == other.planes[0].height
    }

    func draw(_ source: PictureView) { for (plane, other) in zip(planes, source.planes) { plane.draw(other) } }

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
