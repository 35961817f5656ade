import BulkheadTestSupport
import BulkheadWire
import Testing

/// The schema can't change in silence: processes that differ in it must not believe that they agree.
@Suite(.timeLimit(.minutes(1))) struct SchemaTests {
    /// What each version of the schema looks like, by ``fingerprint()``. A row is added when the schema changes, together
    /// with `BulkheadVersion.wire`; rows that stand are never changed.
    static let versions: [UInt16: UInt64] = [
        2: 0xDDFC_B79B_4FB0_41C8, 3: 0xD2A3_3B11_91EC_54C6, 4: 0x0507_D325_7B17_3FE7,
        5: 0x520F_AA12_6E4A_42E2, 6: 0xA578_A0F3_5FEC_8B9E,
        7: 0xC385_02CF_37D3_4549, 8: 0x009E_1127_762D_BB0B, 9: 0x9881_6C6D_C2BF_20FF, 10: 0x8AFE_E9DF_1467_F248,
        11: 0x9850_9ED7_304F_11CE, 12: 0x6F77_5709_BE6B_E144, 13: 0x6DB9_97A9_E129_7321,
        14: 0x2E4F_2C17_3168_4FDC, 15: 0xCB57_4946_F26B_BA8E, 16: 0x800C_A689_F785_C6FE,
        17: 0xE6DA_615C_9533_DFF9, 18: 0x73E0_595E_4EF9_9F1B,
    ]

    /// FNV-1a over the register of messages and the bytes of one or more samples of each, with every field off its
    /// default.
    static func fingerprint() throws -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ bytes: some Sequence<UInt8>) {
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        }
        for type in MessageType.allCases { add("\(type) \(type.rawValue)\n".utf8) }
        for frame in try Self.samples() { add(frame.bytes) }
        return hash
    }

    private static func samples() throws -> [WireFrame] { try Messages.all().map { $0.frame } }

    @Test func theSchemaIsThatOfItsVersion() throws {
        let fingerprint = try Self.fingerprint()
        #expect(
            Self.versions[BulkheadVersion.wire] == fingerprint,
            """
            the schema has changed: raise BulkheadVersion.wire, describe the change in docs/wire.md, and add the row \
            \(BulkheadVersion.wire + 1): 0x\(String(fingerprint, radix: 16, uppercase: true))
            """)
    }

    /// Without a sample a message could change unseen.
    @Test func everyMessageHasASample() throws {
        let sampled = Set(try Self.samples().compactMap(\.knownType))
        #expect(Set(MessageType.allCases).subtracting(sampled).map { "\($0)" }.sorted() == [])
    }
}
