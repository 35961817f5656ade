import Foundation

/// What a stream left in several recordings: of servers that were killed, or that took over from one another.
package enum RecordingPieces {
    /// The numbers of all pictures in FLV files that may end in the middle of a tag.
    package static func numbers(_ paths: [String], width: Int, height: Int) async throws -> Set<UInt32> {
        var numbers: Set<UInt32> = []
        for path in paths {
            guard let whole = try wholeTags(path) else { continue }
            defer { try? FileManager.default.removeItem(atPath: whole) }
            let seen = try await ViewedFrames.decode(whole, width: width, height: height)
            numbers.formUnion(seen.numbers.compactMap { $0 })
        }
        return numbers
    }

    /// A copy without the tag that its writer did not finish; nil where there is no picture in it.
    ///
    /// Adobe's FLV 10.1, annex E: after a header of 9 bytes and a size, each tag has 11 bytes, its data and its size.
    private static func wholeTags(_ path: String) throws -> String? {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        var place = 13
        var pictures = 0
        while place + 11 <= bytes.count {
            let size = Int(bytes[place + 1]) << 16 | Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
            guard place + 15 + size <= bytes.count else { break }
            if bytes[place] == 9, size > 5, bytes[place + 12] == 1 { pictures += 1 }
            place += 15 + size
        }
        guard pictures > 0 else { return nil }
        let copy = path + ".whole.flv"
        try Data(bytes[..<min(place, bytes.count)]).write(to: URL(fileURLWithPath: copy))
        return copy
    }
}
