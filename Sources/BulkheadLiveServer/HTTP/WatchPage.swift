import NIOCore
import NIOHTTP1

/// The watch page: its files lie in the program, so that it needs no folder and no other server.
enum WatchPage {
    /// What `/` gives.
    static let first = "index.html"

    private static let files: [String: (type: String, bytes: ByteBuffer)] = [
        first: ("text/html", PackageResources.index_html), "style.css": ("text/css", PackageResources.style_css),
        "icon.svg": ("image/svg+xml", PackageResources.icon_svg),
        "page.js": ("text/javascript", PackageResources.page_js),
        "controls.js": ("text/javascript", PackageResources.controls_js),
        "player.js": ("text/javascript", PackageResources.player_js),
        "delay.js": ("text/javascript", PackageResources.delay_js),
        "mp4.js": ("text/javascript", PackageResources.mp4_js),
        "streams.js": ("text/javascript", PackageResources.streams_js),
        "choice.js": ("text/javascript", PackageResources.choice_js),
        "room.js": ("text/javascript", PackageResources.room_js),
        "danmaku.js": ("text/javascript", PackageResources.danmaku_js),
    ].mapValues { ($0.0 + "; charset=utf-8", ByteBuffer(bytes: $0.1)) }

    static func has(_ file: String) -> Bool { files[file] != nil }

    static func answer(_ file: String) -> HTTPAnswer {
        guard let (type, bytes) = files[file] else { return .notFound("The watch page has no such file.") }
        return HTTPAnswer(
            .ok,
            [
                ("Content-Type", type),
                // The files of two versions do not go together.
                ("Cache-Control", "no-cache"),
                // Nothing is loaded from elsewhere, and nothing that came by a stream's name can run.
                ("Content-Security-Policy", "default-src 'self'; media-src 'self' blob:; base-uri 'none'"),
                ("Referrer-Policy", "no-referrer"),
            ], body: [bytes])
    }
}
