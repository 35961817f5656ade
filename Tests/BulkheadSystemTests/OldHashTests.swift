import BulkheadSystem
import Testing

private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

@Suite(.timeLimit(.minutes(1))) struct MD5Tests {
    /// Of RFC 1321, section A.5, and of Python's hashlib around the lengths where padding takes another block.
    @Test(arguments: [
        ("", "d41d8cd98f00b204e9800998ecf8427e"), ("a", "0cc175b9c0f1b6a831c399e269772661"),
        ("abc", "900150983cd24fb0d6963f7d28e17f72"), ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        (String(repeating: "x", count: 55), "04364420e25c512fd958a70738aa8f72"),
        (String(repeating: "x", count: 56), "668a72d5ba17f08e62dabcafad6db14b"),
        (String(repeating: "x", count: 64), "c1bb4f81d892b2d57947682aeb252456"),
        (String(repeating: "x", count: 119), "ab347a5f68c8a443cfcddc633f12c24f"),
    ])
    func hashIsThatOfTheRFC(text: String, digits: String) {
        let bytes = MD5.hash(Array(text.utf8))
        #expect(hex(bytes) == digits && MD5.hexadecimal(text) == digits)
    }
}

@Suite(.timeLimit(.minutes(1))) struct SHA1Tests {
    /// The examples of NIST's FIPS 180-4 pages, that of RFC 6455, section 1.3, and of Python's hashlib around the lengths where
    /// padding takes another block.
    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"), ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        ),
        (
            "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11", "b37a4f2cc0624f1690f64606cf385945b2bec4ea"
        ),
        (String(repeating: "x", count: 55), "cef734ba81a024479e09eb5a75b6ddae62e6abf1"),
        (String(repeating: "x", count: 56), "901305367c259952f4e7af8323f480d59f81335b"),
        (String(repeating: "x", count: 64), "bb2fa3ee7afb9f54c6dfb5d021f14b1ffe40c163"),
        (String(repeating: "x", count: 119), "4300320394f7ee239bcdce7d3b8bcee173a0cd5c"),
    ])
    func hashIsThatOfTheStandard(text: String, digits: String) { #expect(hex(SHA1.hash(Array(text.utf8))) == digits) }
}
