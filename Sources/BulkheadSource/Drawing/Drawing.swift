import BulkheadFrames
import BulkheadMedia
import BulkheadWire

/// A picture that a source makes by itself and that stands still.
protocol Drawing: AnyObject {
    /// What the input is, before the size of its pictures is known.
    var description: SourceDescription { get }
    /// What its user should know of it; nil for nothing.
    var remark: String? { get }
    /// There is another picture for each slot that is lent.
    var goesOn: Bool { get }
    /// Draws picture `number`, from 0, over all of `bytes`.
    func draw(_ number: Int, into bytes: UnsafeMutableRawBufferPointer, canvas: Canvas, hasAlpha: Bool)
}

/// Gives the one picture of a drawing, and waits for the master from then on: one that goes on gives the next picture when the
/// next slot is lent.
final class DrawingPlayer: Player {
    private let drawing: any Drawing
    private let link: MasterLink
    private let canvas: Canvas
    private var pts: Int64
    private var count = 0

    init(_ drawing: any Drawing, _ settings: SourceSettings, link: MasterLink) {
        self.drawing = drawing
        self.link = link
        canvas = settings.canvas
        // Another process may have given the picture before, in another size.
        pts = max(0, (settings.resume?.pts ?? -1).addingReportingOverflow(1).partialValue)
    }

    func step() throws(SourceStop) -> PlayerStep {
        guard count == 0 || drawing.goesOn, let slot = link.takeSlot(), let bytes = link.pool?.bytes(of: slot) else {
            return .idle
        }
        drawing.draw(count, into: bytes, canvas: canvas, hasAlpha: link.hasAlpha)
        try link.send(.video(slot: slot, pts: pts, position: pts))
        count += 1
        pts += 1
        return .progressed
    }
}

extension SourceDescription {
    /// Of a picture that a source draws by itself.
    /// - Parameters:
    ///   - width: in any unit, as `height`; 0 for a picture that fills every canvas.
    static func drawn(_ summary: String, width: UInt32, height: UInt32, hasAlpha: Bool) -> SourceDescription {
        var picture = PictureFormat(codec: "", width: width, height: height)
        (picture.isStill, picture.isDrawn, picture.hasAlpha) = (true, true, hasAlpha)
        return SourceDescription(
            hasVideo: true, hasAudio: false, isLive: false, duration: 0, summary: summary, picture: picture)
    }
}

/// One colour all over the canvas, whatever its size.
final class ColorDrawing: Drawing {
    private let color: PaintColor
    let remark: String? = nil
    let goesOn = false

    init(_ color: PaintColor) { self.color = color }

    var description: SourceDescription { .drawn("colour", width: 0, height: 0, hasAlpha: color.alpha < 255) }

    func draw(_ number: Int, into bytes: UnsafeMutableRawBufferPointer, canvas: Canvas, hasAlpha: Bool) {
        PicturePainter(bytes, canvas: canvas)?.fill(color.videoOnBlack(for: canvas))
        let layout = PictureLayout(canvas, hasAlpha: hasAlpha)
        guard let alpha = layout.alpha, bytes.count >= layout.byteCount else { return }
        PicturePainter.fill(alpha, of: bytes, with: color.alpha)
    }
}
