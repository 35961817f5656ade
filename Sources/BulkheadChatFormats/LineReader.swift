/// Lines out of a stream of foreign bytes, however it is cut.
///
/// A line ends with LF, with or without CR before it. One that is too long is cut, and the connection goes on: servers send
/// more than their specification says where text is Chinese.
package struct LineReader: Sendable {
    /// Of a line of IRC: tags of 8191 bytes, and more text than 512 bytes.
    package static let longestIRCLine = 16 << 10

    private let limit: Int
    private var line: [UInt8] = []
    /// The rest of a line that was cut is passed over.
    private var isOver = false
    /// How many lines were cut.
    package private(set) var cutCount = 0

    /// - Parameter limit: how many bytes of a line are kept.
    package init(limit: Int = longestIRCLine) { self.limit = limit }

    /// Takes bytes, and gives the lines that end in them; what is no UTF-8 is repaired. Empty lines are left out.
    package mutating func take(_ bytes: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            switch byte {
            case 0x0A:
                if line.last == 0x0D { line.removeLast() }
                if !line.isEmpty { lines.append(String(decoding: line, as: UTF8.self)) }
                line.removeAll(keepingCapacity: true)
                isOver = false
            case _ where isOver: continue
            case _ where line.count == limit:
                isOver = true
                cutCount += 1
            default: line.append(byte)
            }
        }
        return lines
    }
}
