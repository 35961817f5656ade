/// The watch page's player, for other pages that play a stream: `player.js` exports `Player`.
package enum PlayerCode {
    /// By the names under which they load each other.
    package static let files: [String: [UInt8]] = [
        "player.js": PackageResources.player_js, "delay.js": PackageResources.delay_js,
        "mp4.js": PackageResources.mp4_js,
    ]
}
