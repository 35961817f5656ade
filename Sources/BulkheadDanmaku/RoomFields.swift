/// What a person has set of a room, in a configuration or on air: nil for what stays as it is.
package struct RoomFields: Codable, Hashable, Sendable {
    package var platform: String?
    package var room: String?
    package var title: String?
    package var category: String?
    package var notice: String?
    /// Comments are shown at all.
    package var isShown: Bool?
    package var font: String?
    package var size: Double?
    /// 0xRRGGBB.
    package var color: UInt32?
    package var opacity: Double?
    package var scrollSeconds: Double?
    package var standSeconds: Double?
    package var area: Double?
    package var density: Int?
    /// In the order of their declaration, each once.
    package var modes: [CommentMode]?
    /// All words that are blocked, and no others.
    package var blockedWords: [String]?
    package var blockedUsers: [String]?
    /// Of title, notice, pinned and paid comments; see ``BoardStyle``.
    package var boardPosition: BoardStyle.Position?
    package var boardSize: Double?
    package var boardWidth: Double?
    package var boardBox: Double?
    /// Viewers may write on the watch page.
    package var viewers: Bool?

    package init() {}

    /// Nothing is set.
    package var isEmpty: Bool { self == RoomFields() }

    /// The names of what is set, in the order of this declaration.
    package var names: [String] {
        let fields: [(String, Bool)] = [
            ("platform", platform != nil), ("room", room != nil), ("title", title != nil),
            ("category", category != nil),
            ("notice", notice != nil), ("shown", isShown != nil), ("font", font != nil), ("size", size != nil),
            ("color", color != nil), ("opacity", opacity != nil), ("scroll", scrollSeconds != nil),
            ("stand", standSeconds != nil), ("area", area != nil), ("density", density != nil), ("modes", modes != nil),
            ("block-words", blockedWords != nil), ("block-users", blockedUsers != nil),
            ("board-position", boardPosition != nil), ("board-size", boardSize != nil),
            ("board-width", boardWidth != nil), ("board-box", boardBox != nil), ("viewers", viewers != nil),
        ]
        return fields.filter(\.1).map(\.0)
    }

    /// What of these a person has changed since `before`: what was set to the same value then is left out.
    package func since(_ before: RoomFields) -> RoomFields {
        func changed<Value: Equatable>(_ field: KeyPath<RoomFields, Value?>) -> Value? {
            self[keyPath: field] == before[keyPath: field] ? nil : self[keyPath: field]
        }
        var fields = RoomFields()
        (fields.platform, fields.room) = (changed(\.platform), changed(\.room))
        (fields.title, fields.category) = (changed(\.title), changed(\.category))
        (fields.notice, fields.isShown, fields.font) = (changed(\.notice), changed(\.isShown), changed(\.font))
        (fields.size, fields.color, fields.opacity) = (changed(\.size), changed(\.color), changed(\.opacity))
        fields.scrollSeconds = changed(\.scrollSeconds)
        fields.standSeconds = changed(\.standSeconds)
        (fields.area, fields.density, fields.modes) = (changed(\.area), changed(\.density), changed(\.modes))
        fields.blockedWords = changed(\.blockedWords)
        fields.blockedUsers = changed(\.blockedUsers)
        (fields.boardPosition, fields.boardSize) = (changed(\.boardPosition), changed(\.boardSize))
        (fields.boardWidth, fields.boardBox) = (changed(\.boardWidth), changed(\.boardBox))
        fields.viewers = changed(\.viewers)
        return fields
    }

    /// The settings with what is set here.
    package func applied(to settings: DanmakuSettings) -> DanmakuSettings {
        var new = settings
        new.isShown = isShown ?? new.isShown
        new.font = font ?? new.font
        new.size = size ?? new.size
        new.color = color ?? new.color
        new.opacity = opacity ?? new.opacity
        new.scrollSeconds = scrollSeconds ?? new.scrollSeconds
        new.standSeconds = standSeconds ?? new.standSeconds
        new.area = area ?? new.area
        new.density = density ?? new.density
        new.modes = modes ?? new.modes
        new.blockedWords = blockedWords ?? new.blockedWords
        new.blockedUsers = blockedUsers ?? new.blockedUsers
        return new
    }

    /// The style with what is set here.
    package func applied(to style: BoardStyle) -> BoardStyle {
        var new = style
        new.position = boardPosition ?? new.position
        new.size = boardSize ?? new.size
        new.width = boardWidth ?? new.width
        new.box = boardBox ?? new.box
        return new
    }

    /// The first field that can't be set so; nil where all can: what another process sends is checked.
    package var outside: String? {
        let texts = [
            ("platform", platform), ("room", room), ("title", title), ("category", category), ("notice", notice),
        ]
        for (name, text) in texts where !(text.map(Self.isLine) ?? true) { return name }
        if !(font.map { $0.count <= DanmakuSettings.longestBlocked && Self.isLine($0) } ?? true) { return "font" }
        let numbers = [size, opacity, scrollSeconds, standSeconds, area].compactMap { $0 }
        guard numbers.allSatisfy(\.isFinite) else { return "size" }
        if let modes, modes != CommentMode.allCases.filter({ modes.contains($0) }) { return "modes" }
        guard applied(to: BoardStyle()).isInRange else { return "board" }
        return applied(to: DanmakuSettings()).outside
    }

    /// Whether it can be shown: short, and without what moves a terminal's cursor.
    private static func isLine(_ text: String) -> Bool {
        text.count <= RoomRecord.longestText && text.utf8.count <= RoomRecord.longestText * 8
            && text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control }
    }
}

extension RoomRecord {
    /// Sets what `fields` say.
    package mutating func apply(_ fields: RoomFields) {
        platform = fields.platform ?? platform
        room = fields.room ?? room
        title = fields.title ?? title
        category = fields.category ?? category
        notice = fields.notice ?? notice
        viewers = fields.viewers ?? viewers
        let style = fields.applied(to: board ?? BoardStyle())
        if style != BoardStyle() { board = style }
        let settings = fields.applied(to: stage.settings)
        if settings != stage.settings { change(to: settings) }
    }

    /// Takes up what a configuration says, where a person has changed it there since it was last taken up: what was set on
    /// air meanwhile stays, and is not undone by starting again.
    /// - Returns: what has changed.
    package mutating func takeUp(_ configured: RoomFields) -> RoomFields {
        let fields = configured.since(self.configured)
        self.configured = configured
        apply(fields)
        return fields
    }
}
