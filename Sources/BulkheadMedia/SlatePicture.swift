/// What the broadcast shows when there is no picture to show, drawn without a typeface: a dark ground with one or two lines
/// of text. It stands until a ``Card`` has been drawn, and where none can be.
package struct SlatePicture: Hashable, Sendable {
    /// The first, larger line.
    package var title: String
    /// A second, smaller line; empty for none.
    package var detail: String

    /// A slate with a title and, if wanted, a second line.
    package init(title: String, detail: String = "") {
        self.title = title
        self.detail = detail
    }

    /// Draws the slate over all of a picture of `canvas`; does nothing when `bytes` is too short for one.
    package func draw(into bytes: UnsafeMutableRawBufferPointer, canvas: Canvas) {
        guard let painter = PicturePainter(bytes, canvas: canvas) else { return }
        painter.fillGround()
        let width = canvas.width * 9 / 10
        let titleScale = PixelFont.scale(fitting: title, width: width, limit: max(1, canvas.height / 90))
        let detailText = shortened(detail, width: width)
        let detailScale = PixelFont.scale(fitting: detailText, width: width, limit: max(1, titleScale / 2))
        let titleHeight = PixelFont.glyphHeight * titleScale
        let gap = detailText.isEmpty ? 0 : 6 * titleScale
        let detailHeight = detailText.isEmpty ? 0 : PixelFont.glyphHeight * detailScale
        let top = (canvas.height - titleHeight - gap - detailHeight) / 2
        painter.drawCentred(shortened(title, width: width), y: top, scale: titleScale)
        guard !detailText.isEmpty else { return }
        let rule = PixelRectangle(
            x: canvas.width * 3 / 8, y: top + titleHeight + gap / 2 - titleScale / 4, width: canvas.width / 4,
            height: max(1, titleScale / 2))
        painter.fillLuma(rule, 90)
        painter.drawCentred(detailText, y: top + titleHeight + gap, scale: detailScale, luma: 180)
    }

    /// As much of `text` as one line holds at the smallest scale.
    private func shortened(_ text: String, width: Int) -> String {
        let limit = max(4, (width + 1) / PixelFont.advance)
        return text.count <= limit ? text : text.prefix(limit - 3) + "..."
    }
}
