import BulkheadMedia
import BulkheadWire
import CPango
import Glibc

/// Draws a card: a title on nothing, or the slate.
final class CardDrawing: Drawing {
    private let card: Card
    private let logo: Logo?
    /// A title's, whose letters are ``measure`` pixels high.
    private let words: Words
    /// Of a title, with its margins.
    private let extent: (width: Double, height: Double)
    /// The slate without its clock, in the size that was wanted last.
    private var ground: (bytes: [UInt8], canvas: Canvas)?
    let description: SourceDescription
    let remark: String?

    private static let measure = 100.0
    /// Around a title's letters, in their heights: for its shadow.
    private static let margin = 0.12

    /// - Throws: where no installed typeface has any of the letters, or the logo can't be read.
    init(_ card: Card, summary: String) throws(OpenFailure) {
        guard let sheet = Sheet(width: 16, height: 16) else {
            throw .refused(Refusal(.other, "there is no memory to draw in"))
        }
        self.card = card
        logo = card.logoPath.isEmpty ? nil : try Logo(card.logoPath)
        words = Words(
            card.words.isEmpty ? " " : card.words, size: Self.measure, isBold: true, Self.fit(card.kind), on: sheet)
        let letterCount = card.words.unicodeScalars.count { !$0.properties.isWhitespace }
        guard words.unknownCount == 0 || words.unknownCount < letterCount else {
            throw .refused(Refusal(.settings, "no installed typeface has the letters of \"\(card.words)\""))
        }
        extent = (
            words.extent.width + 2 * Self.margin * Self.measure, words.extent.height + 2 * Self.margin * Self.measure
        )
        let isSlate = card.kind == .slate
        description = .drawn(
            summary, width: isSlate ? 0 : UInt32(extent.width), height: isSlate ? 0 : UInt32(extent.height),
            hasAlpha: !isSlate)
        remark =
            words.unknownCount > 0
            ? "no installed typeface has \(words.unknownCount) of the letters in \"\(card.words)\"" : nil
    }

    var goesOn: Bool { card.hasClock }

    private static func fit(_ kind: Card.Kind) -> Words.Fit {
        switch kind {
        case .title: .broken(atWidth: 30)
        case .name: .cut(atWidth: 9, lines: 2)
        case .slate: .broken(atWidth: 24)
        }
    }

    func draw(_ number: Int, into bytes: UnsafeMutableRawBufferPointer, canvas: Canvas, hasAlpha: Bool) {
        guard card.kind == .slate else { return drawTitle(into: bytes, canvas: canvas, hasAlpha: hasAlpha) }
        if ground?.canvas != canvas { drawSlate(for: canvas) }
        guard let ground, bytes.count >= ground.bytes.count else { return }
        ground.bytes.withUnsafeBytes { bytes.copyMemory(from: $0) }
        if number > 0 { drawClock(into: bytes, canvas: canvas) }
    }

    /// The words, as large as they go into the canvas.
    private func drawTitle(into bytes: UnsafeMutableRawBufferPointer, canvas: Canvas, hasAlpha: Bool) {
        let layout = PictureLayout(canvas, hasAlpha: hasAlpha)
        guard bytes.count >= layout.byteCount else { return }
        PicturePainter(bytes, canvas: canvas)?.fill(.black)
        if let alpha = layout.alpha {
            PicturePainter.fill(alpha, of: bytes, with: 0)
        }
        let place = PicturePlacement(
            width: Int(extent.width), height: Int(extent.height), aspect: 1, orientation: .upright, canvas: canvas)
        guard let sheet = Sheet(width: place.width, height: place.height) else { return }
        cairo_scale(sheet.context, Double(place.width) / extent.width, Double(place.height) / extent.height)
        words.drawShadowed(on: sheet, x: Self.margin * Self.measure, y: Self.margin * Self.measure)
        sheet.lay(on: bytes, canvas: canvas, x: place.x, y: place.y, hasAlpha: hasAlpha)
    }

    // MARK: slate

    /// Draws all that stands still of the slate.
    private func drawSlate(for canvas: Canvas) {
        var bytes = [UInt8](repeating: 0, count: canvas.layout.byteCount)
        let form = SlateForm(canvas, hasLogo: logo != nil, hasWords: !card.words.isEmpty, hasClock: card.hasClock)
        bytes.withUnsafeMutableBytes { bytes in
            PicturePainter(bytes, canvas: canvas)?.fillGround()
            guard let sheet = Sheet(width: canvas.width, height: canvas.height) else { return }
            if let logo { logo.draw(on: sheet, within: form.logo) }
            if !card.words.isEmpty { drawWords(on: sheet, within: form.words) }
            sheet.lay(on: bytes, canvas: canvas, x: 0, y: 0, hasAlpha: false)
        }
        ground = (bytes, canvas)
    }

    /// The first line, and the others below it, smaller: as large as they go into `area`, but not beyond their usual size.
    private func drawWords(on sheet: Sheet, within area: PixelRectangle) {
        let lines = card.words.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let detail = lines.count > 1 ? lines[1] : ""
        var size = Double(sheet.height) * 0.11
        while true {
            let title = Words(
                lines[0], size: size, isBold: true, .broken(atWidth: Double(area.width) / size), on: sheet)
            let small = size * 0.5
            let rest = Words(
                detail, size: small, isBold: false, .broken(atWidth: Double(area.width) / small), on: sheet)
            let gap = detail.isEmpty ? 0 : size * 0.35
            let height = title.extent.height + (detail.isEmpty ? 0 : gap + rest.extent.height)
            guard height > Double(area.height), size > 6 else {
                var y = Double(area.y) + max(0, (Double(area.height) - height) / 2)
                let middle = Double(area.x) + Double(area.width) / 2
                title.draw(on: sheet, x: middle - title.extent.width / 2, y: y)
                y += title.extent.height + gap
                if !detail.isEmpty {
                    rest.draw(on: sheet, x: middle - rest.extent.width / 2, y: y, gray: 0.78)
                }
                return
            }
            size *= 0.9
        }
    }

    /// The time of day, below the words.
    private func drawClock(into bytes: UnsafeMutableRawBufferPointer, canvas: Canvas) {
        let area = SlateForm(canvas, hasLogo: logo != nil, hasWords: !card.words.isEmpty, hasClock: true).clock
        guard let sheet = Sheet(width: area.width, height: area.height) else { return }
        var now = time(nil)
        var parts = tm()
        localtime_r(&now, &parts)
        func digits(_ number: CInt) -> String { (number < 10 ? "0" : "") + "\(number)" }
        let text = "\(digits(parts.tm_hour)):\(digits(parts.tm_min)):\(digits(parts.tm_sec))"
        let words = Words(
            text, size: Double(area.height) * 0.7, isBold: false, .broken(atWidth: 1000), on: sheet)
        words.draw(
            on: sheet, x: (Double(area.width) - words.extent.width) / 2,
            y: (Double(area.height) - words.extent.height) / 2, gray: 0.9)
        sheet.lay(on: bytes, canvas: canvas, x: area.x, y: area.y, hasAlpha: false)
    }
}

/// Where on the slate its parts stand, from top to bottom: logo, words, clock. Edges are even.
private struct SlateForm {
    var logo: PixelRectangle
    var words: PixelRectangle
    var clock: PixelRectangle

    init(_ canvas: Canvas, hasLogo: Bool, hasWords: Bool, hasClock: Bool) {
        func even(_ share: Double, of length: Int) -> Int { max(2, Int(share * Double(length) / 2) * 2) }
        let left = even(0.06, of: canvas.width)
        let width = canvas.width - 2 * left
        func area(_ top: Double, _ foot: Double) -> PixelRectangle {
            let (y, end) = (even(top, of: canvas.height), even(foot, of: canvas.height))
            return PixelRectangle(x: left, y: y, width: width, height: max(2, end - y))
        }
        logo = hasWords || hasClock ? area(0.08, 0.40) : area(0.1, 0.9)
        words = area(hasLogo ? 0.44 : 0.08, hasClock ? 0.76 : 0.92)
        clock = hasWords || hasLogo ? area(0.78, 0.92) : area(0.35, 0.65)
    }
}

/// A logo from a PNG file.
private final class Logo {
    private let surface: OpaquePointer

    /// - Throws: where the file is no PNG, or can't be read.
    init(_ path: String) throws(OpenFailure) {
        surface = cairo_image_surface_create_from_png(path)
        let status = cairo_surface_status(surface)
        guard status == CAIRO_STATUS_SUCCESS, cairo_image_surface_get_width(surface) > 0,
            cairo_image_surface_get_height(surface) > 0
        else {
            cairo_surface_destroy(surface)
            let code: Refusal.Code = status == CAIRO_STATUS_FILE_NOT_FOUND ? .notFound : .notMedia
            throw .refused(Refusal(code, "the logo is no PNG file that can be read"))
        }
    }

    deinit { cairo_surface_destroy(surface) }

    /// Draws it in the middle of `area`, as large as it goes in, but not larger than twice its size.
    func draw(on sheet: Sheet, within area: PixelRectangle) {
        let width = Double(cairo_image_surface_get_width(surface))
        let height = Double(cairo_image_surface_get_height(surface))
        let scale = min(2, Double(area.width) / width, Double(area.height) / height)
        cairo_save(sheet.context)
        cairo_translate(
            sheet.context, Double(area.x) + (Double(area.width) - width * scale) / 2,
            Double(area.y) + (Double(area.height) - height * scale) / 2)
        cairo_scale(sheet.context, scale, scale)
        cairo_set_source_surface(sheet.context, surface, 0, 0)
        cairo_pattern_set_filter(cairo_get_source(sheet.context), CAIRO_FILTER_BEST)
        cairo_paint(sheet.context)
        cairo_restore(sheet.context)
    }
}
