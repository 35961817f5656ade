/// Why a child can't do what it was asked: a stable code, and one lowercase phrase for a person.
package struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of reasons; numbers are part of the schema.
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
        /// It can't be passed on as it is.
        case notCopied = 13
    }

    /// The kind of reason, to decide by.
    package let code: Code
    /// What is wrong, in one lowercase phrase.
    package let description: String

    /// A refusal with a phrase for people.
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
