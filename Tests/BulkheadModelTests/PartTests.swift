import BulkheadModel
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct PartTests {
    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    @Test func childHasIdentityAndDuty() throws {
        #expect(try json(Part.encoder(7, .standby)) == #"{"duty":"standby","id":7,"name":"encoder","role":"encoder"}"#)
    }

    @Test func singlePartHasNumberZero() throws {
        #expect(try json(Part.timeline) == #"{"id":0,"name":"timeline","role":"timeline"}"#)
    }

    @Test(arguments: [
        Part.master, .encoder(3, .twin), .source(1, name: "source 1"), .pluginHost(2, .next), .plugin(4, name: "logo"),
        .link(1, name: "main", lane: 2),
    ])
    func partsSurviveJSON(part: Part) throws {
        #expect(try JSONDecoder().decode(Part.self, from: JSONEncoder().encode(part)) == part)
    }

    @Test(arguments: [
        (Part.encoder(1), "encoder"), (.encoder(1, .standby), "standby encoder"), (.encoder(1, .next), "next encoder"),
        (.pluginHost(2, .standby, name: "plugin host logo"), "standby plugin host logo"),
        (.plugin(1, name: "logo"), "plugin logo"), (.link(1, name: "main", lane: 2), "main, lane 2"),
    ])
    func partsHaveNamesForPeople(part: Part, name: String) { #expect("\(part)" == name) }

    @Test func sameNamesAreDifferentParts() {
        #expect(Part.link(1, name: "main") != Part.link(2, name: "main"))
    }
}

@Suite(.timeLimit(.minutes(1))) struct IdentityTests {
    @Test func identitiesAreNeverGivenTwice() {
        var counter = IdentityCounter<LinkSubject>()
        let identities = (0..<100).map { _ in counter.next() }
        #expect(identities.first == 1 && Set(identities).count == 100)
    }

    @Test func identityIsAPlainNumber() throws {
        let identities: [ChildID] = [7, 8]
        let json = try JSONEncoder().encode(identities)
        #expect(String(decoding: json, as: UTF8.self) == "[7,8]")
        #expect(try JSONDecoder().decode([ChildID].self, from: json) == identities)
    }
}
