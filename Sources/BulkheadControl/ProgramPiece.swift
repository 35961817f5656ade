import FoundationEssentials

/// A line that holds a piece of the program, as masters write it. JSON's own decoder takes many times as long for these few long
/// strings, which are all that comes while somebody looks.
struct ProgramPiece {
    let bytes: [UInt8]

    private static let beginning = Array(#"{"flv":""#.utf8)
    private static let end = Array(#"","reply":"program"}"#.utf8)

    /// Nil for any other line, and for one that is written in another way: that is for the decoder.
    init?(line: [UInt8]) {
        guard line.count >= Self.beginning.count + Self.end.count, line.starts(with: Self.beginning),
            line.suffix(Self.end.count).elementsEqual(Self.end)
        else { return nil }
        // Base64 has neither quotes nor backslashes: what has is refused here.
        let text = line[Self.beginning.count..<(line.count - Self.end.count)]
        guard let data = Data(base64Encoded: Data(text)) else { return nil }
        bytes = Array(data)
    }
}
