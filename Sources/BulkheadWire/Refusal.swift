/// Why a child can't do what it was asked: a stable code, and one lowercase phrase for a person.
package struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: UInt16, Hashable, Sendable {
        case other = 0
        case notFound = 1
        case accessDenied = 2
        case notMedia = 3
        case unsupportedCodec = 4
        case unreachable = 5
        case nameNotResolved = 6
        case deviceBusy = 7
        case settings = 8
        case missingSymbol = 9
        case wrongVersion = 10
        case timedOut = 11
        case notLibrary = 12
    }

    package let code: Code
    package let description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    func write(to writer: inout WireWriter) {
        writer.write(code.rawValue)
        writer.write(description, atMost: 4096)
    }

    init(_ reader: inout WireReader) throws(WireError) {
        code = Code(rawValue: try reader.read()) ?? .other
        description = try reader.readString(atMost: 4096, "description")
    }
}
