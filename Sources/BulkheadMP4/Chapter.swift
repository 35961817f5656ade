/// A place in a finished file that players show by name.
package struct Chapter: Hashable, Sendable {
    /// When it begins: nanoseconds from where the presentation of the file begins.
    package let start: Int64
    /// Its name; 255 bytes of UTF-8 at most are shown.
    package let title: String

    /// A file has no more: what counts them is a byte.
    package static let most = 255

    package init(start: Int64, title: String) {
        self.start = start
        self.title = title
    }
}

extension BoxWriter {
    /// The chapters in Nero's `chpl`, which FFmpeg, mpv and VLC read: 255 at most, the first ones.
    ///
    ///     version and flags 4 | reserved 4 | count 1 | for each: start 8, in 100 ns | title's length 1 | title
    mutating func writeChapterList(_ chapters: [Chapter]) {
        fullBox("chpl", version: 1) { box in
            box.write(UInt32(0))
            let shown = chapters.prefix(Chapter.most)
            box.write(UInt8(shown.count))
            for chapter in shown {
                box.write(UInt64(max(0, chapter.start) / 100))
                let title = chapter.title.utf8(atMost: 255)
                box.write(UInt8(title.count))
                box.write(title)
            }
        }
    }
}

extension String {
    /// As much of the text as `limit` bytes of UTF-8 hold, in whole characters.
    package func utf8(atMost limit: Int) -> [UInt8] {
        guard utf8.count > limit else { return Array(utf8) }
        var bytes: [UInt8] = []
        for character in self {
            guard bytes.count + character.utf8.count <= limit else { break }
            bytes += character.utf8
        }
        return bytes
    }
}
