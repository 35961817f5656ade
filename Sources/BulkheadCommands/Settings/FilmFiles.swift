import BulkheadModel
import Glibc

/// Several films that are named without a layout are a playlist, in their order: what a shell makes of `*.mp4`.
///
/// What a file is goes by its name, before any is opened: one that can't be played is then left out like any other of a list. Files
/// that are named as sounds, stills or lists stay inputs of their own, and so does whatever has an option behind it.
enum FilmFiles {
    /// How files are called that have no moving picture.
    private static let otherEndings = [
        // Sounds.
        ".mp3", ".m4a", ".m4b", ".aac", ".ac3", ".wav", ".flac", ".ogg", ".oga", ".opus", ".wma", ".aif", ".aiff",
        ".mka",
        ".mp2", ".au", ".caf",
        // Stills.
        ".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".svg", ".avif", ".heic",
        // Lists and descriptions of streams.
        ".m3u", ".m3u8", ".ffconcat", ".mpd", ".sdp", ".txt", ".pls", ".xspf",
    ]
    /// As many as a source takes.
    private static let most = 4096

    /// Whether the input at `url`, which was named by `word`, is a file that is called as a film.
    static func isFilm(_ url: String, named word: String) -> Bool {
        guard url.hasPrefix("/"), !word.hasPrefix("playlist:"), !word.hasPrefix("image:"), !url.contains("%") else {
            return false
        }
        let name = url.lowercased()
        return FilePaths.isRegularFile(url) && !otherEndings.contains { name.hasSuffix($0) }
    }

    /// Makes one input of those of `inputs` at `films`, at the place of the first.
    /// - Throws: kind `usage` where there are more than a list can have.
    static func listed(_ films: [Int], of inputs: [InputSettings]) throws(BroadcastError) -> [InputSettings] {
        guard let first = films.first else { return inputs }
        guard films.count <= most else {
            throw BroadcastError(
                .usage, "\(films.count) files are more than the \(most) of a playlist",
                advice: "put them into a folder, and write playlist:FOLDER")
        }
        var listed = inputs
        listed[first].files = films.map { inputs[$0].url }
        for index in films.dropFirst().reversed() { listed.remove(at: index) }
        return listed
    }
}
