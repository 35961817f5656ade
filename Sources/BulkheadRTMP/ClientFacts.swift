import BulkheadFLV

/// What a client has said of itself in connect.
package struct ClientFacts: Hashable, Sendable {
    /// Behind the application's name, without `?`.
    package var appQuery = ""
    /// The address that it has connected to, as it says.
    package var tcURL = ""
    package var flashVersion = ""
    package var swfURL = ""
    package var pageURL = ""
    /// Servers that would be given what it plays, by their marks: it is one of them, and a relay.
    package var relayMarks: [String] = []

    /// Of whom nothing is known.
    package init() {}

    /// What is kept of a text, in characters.
    private static let longestText = 1024
    /// Servers in a row.
    private static let mostMarks = 16

    /// Takes the marks of servers in a row, with commas between them.
    package mutating func take(relayMarks text: String) {
        relayMarks = text.prefix(Self.longestText).split(separator: ",").prefix(Self.mostMarks).map(String.init)
    }

    /// The property of connect with a relay's marks, and that of its answer with the server's.
    package static let marksName = "bulkheadServers"

    init(_ properties: AMF0Value?) {
        func text(_ name: String) -> String { String((properties?[name]?.string ?? "").prefix(Self.longestText)) }
        appQuery = String(text("app").drop { $0 != "?" }.dropFirst())
        tcURL = text("tcUrl")
        flashVersion = text("flashVer")
        swfURL = text("swfUrl")
        pageURL = text("pageUrl")
        take(relayMarks: text(Self.marksName))
        // Some put it into the address alone.
        if appQuery.isEmpty { appQuery = String(tcURL.drop { $0 != "?" }.dropFirst()) }
    }
}
