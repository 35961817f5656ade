import CPango

/// Words in a typeface, laid out by Pango: in any script that a typeface is installed for, shaped, and in their direction.
final class Words {
    /// How many letters' heights a line may be wide, and what becomes of what is longer.
    enum Fit {
        /// Broken where it is wider.
        case broken(atWidth: Double)
        /// As above, and cut with an ellipsis behind so many lines.
        case cut(atWidth: Double, lines: Int)
    }

    private let layout: OpaquePointer
    /// The height of the letters, in pixels.
    private let size: Double
    /// The rectangle that the letters reach over, in pixels from the layout's corner.
    let extent: (x: Double, y: Double, width: Double, height: Double)
    /// Letters that no installed typeface has.
    let unknownCount: Int

    /// Words whose letters are `size` pixels high, in lines around their middle.
    init(_ text: String, size: Double, isBold: Bool, _ fit: Fit, on sheet: Sheet) {
        self.size = size
        layout = pango_cairo_create_layout(sheet.context)
        // Words are drawn in other sizes than they are measured in, in the same shape.
        let options = cairo_font_options_create()
        cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
        cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
        cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
        let context = pango_layout_get_context(layout)
        pango_cairo_context_set_font_options(context, options)
        cairo_font_options_destroy(options)
        pango_context_set_round_glyph_positions(context, 0)
        pango_layout_context_changed(layout)
        let font = pango_font_description_new()
        pango_font_description_set_family(font, "sans-serif")
        pango_font_description_set_weight(font, isBold ? PANGO_WEIGHT_SEMIBOLD : PANGO_WEIGHT_NORMAL)
        pango_font_description_set_absolute_size(font, size * Double(PANGO_SCALE))
        pango_layout_set_font_description(layout, font)
        pango_font_description_free(font)
        pango_layout_set_text(layout, text, -1)
        pango_layout_set_alignment(layout, PANGO_ALIGN_CENTER)
        pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR)
        switch fit {
        case .broken(let width): pango_layout_set_width(layout, CInt(clamping: Int(width * size * Double(PANGO_SCALE))))
        case .cut(let width, let lines):
            pango_layout_set_width(layout, CInt(clamping: Int(width * size * Double(PANGO_SCALE))))
            pango_layout_set_height(layout, -CInt(clamping: lines))
            pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END)
        }
        unknownCount = Int(pango_layout_get_unknown_glyphs_count(layout))
        var (ink, logical) = (PangoRectangle(), PangoRectangle())
        pango_layout_get_pixel_extents(layout, &ink, &logical)
        // Lines stand as far apart as the typeface wants; letters may reach beyond them, as those with several marks do.
        let (left, right) = (min(ink.x, logical.x), max(ink.x + ink.width, logical.x + logical.width))
        let (top, foot) = (min(ink.y, logical.y), max(ink.y + ink.height, logical.y + logical.height))
        extent = (Double(left), Double(top), Double(right - left), Double(foot - top))
    }

    deinit { bulkhead_pango_free(layout) }

    /// Draws the words so that their extent's corner is at (`x`, `y`).
    /// - Parameter gray: 0 (black) to 1.
    func draw(on sheet: Sheet, x: Double, y: Double, gray: Double = 1, opacity: Double = 1) {
        cairo_set_source_rgba(sheet.context, gray, gray, gray, opacity)
        cairo_move_to(sheet.context, x - extent.x, y - extent.y)
        pango_cairo_show_layout(sheet.context, layout)
    }

    /// Draws the words as above, with a shadow that keeps them legible over any picture.
    func drawShadowed(on sheet: Sheet, x: Double, y: Double) {
        for (distance, opacity) in [(0.06, 0.35), (0.03, 0.55)] {
            draw(on: sheet, x: x + distance * size, y: y + distance * size, gray: 0, opacity: opacity)
        }
        draw(on: sheet, x: x, y: y)
    }
}
