import BulkheadLiveServer
import NIOHTTP1

/// The page: its files lie in the program, so that it needs no folder and no other server.
enum RoomPage {
    private static let files: [String: (type: String, bytes: [UInt8])] = [
        "/": ("text/html", PackageResources.index_html), "/style.css": ("text/css", PackageResources.style_css),
        "/page.js": ("text/javascript", PackageResources.page_js),
        "/tools.js": ("text/javascript", PackageResources.tools_js),
        "/screen.js": ("text/javascript", PackageResources.screen_js),
        "/thumbnails.js": ("text/javascript", PackageResources.thumbnails_js),
        "/deaths.js": ("text/javascript", PackageResources.deaths_js),
        "/drills.js": ("text/javascript", PackageResources.drills_js),
        "/chat.js": ("text/javascript", PackageResources.chat_js),
    ].merging(PlayerCode.files.map { ("/" + $0.key, ("text/javascript", $0.value)) }) { own, _ in own }

    static func answer(_ path: String) -> RoomAnswer? {
        guard let (type, bytes) = files[path] else { return nil }
        return RoomAnswer(
            .ok,
            [
                ("Content-Type", type + "; charset=utf-8"), ("Cache-Control", "no-cache"),
                // Nothing is loaded from elsewhere, and nothing that came by a name can run.
                (
                    "Content-Security-Policy",
                    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; media-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
                ),
            ], bytes)
    }
}
