/// Which file of a list is played, and what comes next.
package struct PlaylistPlace: Hashable, Sendable {
    /// Its place in the order, from 0, of ``count`` files.
    package var number: UInt32
    package var count: UInt32
    /// How often the list has been played to its end before.
    package var round: UInt32
    /// The file's path.
    package var file: String
    /// What the list calls it; empty for nothing.
    package var title: String
    /// The path of the file that follows; empty where none does.
    package var next: String
    /// In nanoseconds from the file's start to the end of what is played of it; -1 where it is not known.
    package var length: Int64

    package init(
        number: UInt32, count: UInt32, round: UInt32 = 0, file: String = "", title: String = "", next: String = "",
        length: Int64 = -1
    ) {
        self.number = number
        self.count = count
        self.round = round
        self.file = file
        self.title = title
        self.next = next
        self.length = length
    }

    /// Paths of up to 4096 bytes, each of which takes 4 where it is no UTF-8.
    static let longestPath = 16_384
    private static let longestTitle = 1024

    init(_ reader: inout WireReader) throws(WireError) {
        self.init(
            number: try reader.read(), count: try reader.read(), round: try reader.read(),
            file: try reader.readString(atMost: Self.longestPath, "file"),
            title: try reader.readString(atMost: Self.longestTitle, "title"),
            next: try reader.readString(atMost: Self.longestPath, "next file"), length: try reader.read())
    }

    func write(to writer: inout WireWriter) {
        writer.write(number)
        writer.write(count)
        writer.write(round)
        writer.write(file, atMost: Self.longestPath)
        writer.write(title, atMost: Self.longestTitle)
        writer.write(next, atMost: Self.longestPath)
        writer.write(length)
    }
}

/// What is said of a list of files besides its name. All of it is left as it is for other inputs.
package struct PlaylistSettings: Hashable, Sendable {
    /// Files to be played one after the other, where no list names them.
    package var files: [String] = []
    /// What the order is shuffled by; nil for the order of the list.
    package var shuffleSeed: UInt32?
    /// Paths of files that are left out: they have ended processes, or the broadcast writes them.
    package var avoided: [String] = []

    /// The files of one list, and those of it that are left out.
    package static let mostFiles = 4096

    package init() {}

    init(_ reader: inout WireReader) throws(WireError) {
        files = try Self.paths(&reader, "files")
        let isShuffled = try reader.readBool("shuffle flag")
        let seed = try reader.read(UInt32.self)
        shuffleSeed = isShuffled ? seed : nil
        avoided = try Self.paths(&reader, "files to avoid")
    }

    func write(to writer: inout WireWriter) {
        Self.write(files, to: &writer)
        writer.write(shuffleSeed != nil)
        writer.write(shuffleSeed ?? 0)
        Self.write(avoided, to: &writer)
    }

    private static func write(_ paths: [String], to writer: inout WireWriter) {
        let paths = paths.prefix(mostFiles)
        writer.write(UInt32(paths.count))
        for path in paths { writer.write(path, atMost: PlaylistPlace.longestPath) }
    }

    private static func paths(_ reader: inout WireReader, _ field: String) throws(WireError) -> [String] {
        let count = try reader.read(UInt32.self)
        guard count <= mostFiles else { throw reader.outsideRange(field) }
        var paths: [String] = []
        for _ in 0..<count { paths.append(try reader.readString(atMost: PlaylistPlace.longestPath, field)) }
        return paths
    }
}
