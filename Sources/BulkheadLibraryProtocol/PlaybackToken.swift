import BulkheadSystem

/// Lets a player have one video from one node for a while. The node checks it with a key that it shares with the tracker, and
/// asks nobody.
///
///     seconds since 1970 . hex of HMAC-SHA256(key, "play|video|node|seconds")
package enum PlaybackToken {
    /// How long a token is good.
    package static let seconds: Int64 = 6 * 3600

    package static func make(_ video: VideoID, _ node: NodeID, until seconds: Int64, key: [UInt8]) -> String {
        "\(seconds).\(code(video, node, seconds, key))"
    }

    package static func isGood(
        _ token: String, _ video: VideoID, _ node: NodeID, atSeconds now: Int64, key: [UInt8]
    ) -> Bool {
        let parts = token.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, let until = Int64(parts[0]), until >= now else { return false }
        return SecretText.isSame(String(parts[1]), code(video, node, until, key))
    }

    private static func code(_ video: VideoID, _ node: NodeID, _ seconds: Int64, _ key: [UInt8]) -> String {
        Hexadecimal.text(SHA256.authenticationCode(key: key, Array("play|\(video)|\(node)|\(seconds)".utf8)))
    }
}

/// Signs what node and centre say to each other.
///
///     Authorization: Bulkhead <node> <seconds since 1970> <hex of HMAC-SHA256(key, "speaker|node|seconds|METHOD|target|body")>
///
/// Each node has a key of its own, which the centre's configuration has as well. A signature is good for a minute and for one
/// request: what it would say a second time is idempotent.
package enum PeerSignature {
    /// Who speaks.
    package enum Speaker: String, Sendable { case node, centre }

    private static let toleranceSeconds: Int64 = 60

    package static func header(
        _ speaker: Speaker, _ node: NodeID, method: String, target: String, body: [UInt8], seconds: Int64, key: [UInt8]
    ) -> String {
        "Bulkhead \(node) \(seconds) \(code(speaker, node, method, target, body, seconds, key))"
    }

    /// The node that a header names, before it is known whether it is right.
    package static func node(in header: String) -> NodeID? {
        let words = header.split(separator: " ")
        guard words.count == 4, words[0] == "Bulkhead" else { return nil }
        return NodeID(String(words[1]))
    }

    package static func isGood(
        _ header: String, _ speaker: Speaker, method: String, target: String, body: [UInt8], seconds now: Int64,
        key: [UInt8]
    ) -> Bool {
        let words = header.split(separator: " ")
        guard words.count == 4, words[0] == "Bulkhead", let node = NodeID(String(words[1])),
            let seconds = Int64(words[2]), seconds > 0, now > 0, !key.isEmpty
        else { return false }
        let (age, overflows) = now.subtractingReportingOverflow(seconds)
        guard !overflows, (-toleranceSeconds...toleranceSeconds).contains(age) else { return false }
        return SecretText.isSame(String(words[3]), code(speaker, node, method, target, body, seconds, key))
    }

    private static func code(
        _ speaker: Speaker, _ node: NodeID, _ method: String, _ target: String, _ body: [UInt8], _ seconds: Int64,
        _ key: [UInt8]
    ) -> String {
        let head = Array("\(speaker.rawValue)|\(node)|\(seconds)|\(method)|\(target)|".utf8)
        return Hexadecimal.text(SHA256.authenticationCode(key: key, head + body))
    }
}

/// Texts that must not be guessed by the time that a comparison takes.
enum SecretText {
    static func isSame(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }
}

package enum Hexadecimal {
    package static func text(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        var text = ""
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text
    }
}
