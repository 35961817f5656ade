import BulkheadSystem
package import NIOCore

/// Why a handshake failed.
package enum HandshakeError: Error, Hashable, CustomStringConvertible {
    /// The peer's first byte is not 3: another protocol, or the encrypted one.
    case unknownVersion(UInt8)

    package var description: String {
        switch self {
        case .unknownVersion(0x48): "the peer speaks HTTP, not RTMP"
        case .unknownVersion(0x15), .unknownVersion(0x16): "the peer speaks TLS, not plain RTMP"
        case .unknownVersion(6), .unknownVersion(8): "the peer wants encrypted RTMP (RTMPE)"
        case .unknownVersion(let byte): "the peer's first byte is \(byte), not RTMP's version 3"
        }
    }
}

/// The sizes and constants of both sides' handshakes.
/// - SeeAlso: Adobe RTMP 1.0, section 5.2.
private enum HandshakePart {
    static let version: UInt8 = 3
    /// Of C1, S1, C2 and S2 each.
    static let byteCount = 1536

    static func random(_ count: Int, _ generator: inout some RandomNumberGenerator) -> [UInt8] {
        // Eight bytes at a time: the system's generator is asked by a call to the kernel each time.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 7)
        while bytes.count < count { withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0) } }
        return Array(bytes.prefix(count))
    }
}

/// The client's side: the simple handshake, the one that all servers accept.
package struct ClientHandshake: Sendable {
    /// C0 and C1, to be sent at once: version, time 4, zero 4, random 1528 bytes.
    package let opening: ByteBuffer
    private var received = ByteBuffer()

    /// A handshake with 1528 random bytes in C1.
    package init(using generator: inout some RandomNumberGenerator) {
        var opening = ByteBuffer()
        opening.writeInteger(HandshakePart.version)
        opening.writeInteger(UInt64(0))
        opening.writeBytes(HandshakePart.random(HandshakePart.byteCount - 8, &generator))
        self.opening = opening
    }

    /// Takes bytes of S0, S1 and S2 in any split, leaving in `bytes` what belongs to the chunks after them. Gives C2,
    /// to be sent, once all have come. A wrong S2 is no failure: real servers send one.
    package mutating func receive(_ bytes: inout ByteBuffer) throws(HandshakeError) -> ByteBuffer? {
        let wanted = 1 + 2 * HandshakePart.byteCount
        if var piece = bytes.readSlice(length: min(bytes.readableBytes, wanted - received.readableBytes)) {
            received.writeBuffer(&piece)
        }
        if let version: UInt8 = received.getInteger(at: received.readerIndex), version != HandshakePart.version {
            throw .unknownVersion(version)
        }
        guard received.readableBytes == wanted else { return nil }
        return received.getSlice(at: received.readerIndex + 1, length: HandshakePart.byteCount)
    }
}

/// The server's side: answers the simple handshake and the digest handshake of Flash-era clients (FFmpeg among them),
/// with the digest at either place.
package struct ServerHandshake: Sendable {
    private var received = ByteBuffer()
    private var hasAnswered = false
    private var generator: any RandomNumberGenerator & Sendable

    /// A handshake that waits for C0; `generator` makes the random bytes of S1.
    package init(using generator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()) {
        self.generator = generator
    }

    /// What to do after bytes have come.
    package enum Step: Hashable, Sendable {
        case needsMoreBytes
        /// S0, S1 and S2, to be sent at once.
        case answer(ByteBuffer)
        /// C2 has come; its content is not checked.
        case finished
    }

    /// Takes bytes of C0, C1 and C2 in any split, leaving in `bytes` what belongs to the chunks after them. Call again
    /// after an answer.
    package mutating func receive(_ bytes: inout ByteBuffer) throws(HandshakeError) -> Step {
        let wanted = hasAnswered ? HandshakePart.byteCount : 1 + HandshakePart.byteCount
        if var piece = bytes.readSlice(length: min(bytes.readableBytes, wanted - received.readableBytes)) {
            received.writeBuffer(&piece)
        }
        if !hasAnswered, let version: UInt8 = received.getInteger(at: received.readerIndex),
            version != HandshakePart.version
        {
            throw .unknownVersion(version)
        }
        guard received.readableBytes == wanted else { return .needsMoreBytes }
        if hasAnswered { return .finished }
        hasAnswered = true
        let opening = Array(received.readableBytesView.dropFirst())
        received = ByteBuffer()
        return .answer(answer(to: opening))
    }

    private mutating func answer(to opening: [UInt8]) -> ByteBuffer {
        var output = ByteBuffer()
        output.writeInteger(HandshakePart.version)
        // A client with a digest states its version where others have zeros.
        let states = opening[4..<8].contains { $0 != 0 }
        if states, let (digest, place) = HandshakeDigest.find(in: opening) {
            var first: [UInt8] = [0, 0, 0, 0, 4, 5, 0, 1]
            first += HandshakePart.random(HandshakePart.byteCount - 8, &generator)
            HandshakeDigest.sign(&first, at: place)
            output.writeBytes(first)
            let body = HandshakePart.random(HandshakePart.byteCount - SHA256.byteCount, &generator)
            output.writeBytes(body)
            output.writeBytes(HandshakeDigest.response(to: digest, body: body))
        } else {
            output.writeInteger(UInt64(0))
            output.writeBytes(HandshakePart.random(HandshakePart.byteCount - 8, &generator))
            output.writeBytes(opening)
        }
        return output
    }
}

/// The digests that Flash hid in C1 and S1.
package enum HandshakeDigest {
    /// Which of the two halves holds the digest: behind its four offset bytes, which stand at this place.
    package enum Place: Int, CaseIterable {
        case second = 772
        case first = 8
    }

    /// The text with which a client's digest is keyed.
    package static let playerKey = Array("Genuine Adobe Flash Player 001".utf8)
    /// The text with which a server's digest is keyed.
    package static let serverKey = Array("Genuine Adobe Flash Media Server 001".utf8)
    /// What follows either text where the whole key is used.
    private static let keyTail: [UInt8] = [
        0xF0, 0xEE, 0xC2, 0x4A, 0x80, 0x68, 0xBE, 0xE8, 0x2E, 0x00, 0xD0, 0xD1, 0x02, 0x9E, 0x7E, 0x57,
        0x6E, 0xEC, 0x5D, 0x2D, 0x29, 0x80, 0x6F, 0xAB, 0x93, 0xB8, 0xE6, 0x36, 0xCF, 0xEB, 0x31, 0xAE,
    ]

    /// The digest's place in a part: the four offset bytes' sum, modulo 728, behind them.
    package static func range(in part: [UInt8], at place: Place) -> Range<Int> {
        let sum = part[place.rawValue..<place.rawValue + 4].reduce(0) { $0 + Int($1) }
        let start = place.rawValue + 4 + sum % 728
        return start..<start + SHA256.byteCount
    }

    /// The digest that belongs to `part`: of all its bytes but the digest's own.
    package static func digest(of part: [UInt8], at place: Place, key: [UInt8]) -> [UInt8] {
        let range = range(in: part, at: place)
        return SHA256.authenticationCode(key: key, Array(part[..<range.lowerBound] + part[range.upperBound...]))
    }

    /// The valid digest of a client's C1, if there is one.
    package static func find(in part: [UInt8]) -> (digest: [UInt8], place: Place)? {
        for place in Place.allCases {
            let digest = digest(of: part, at: place, key: playerKey)
            if part[range(in: part, at: place)].elementsEqual(digest) { return (digest, place) }
        }
        return nil
    }

    /// Puts the server's digest into S1.
    package static func sign(_ part: inout [UInt8], at place: Place) {
        part.replaceSubrange(range(in: part, at: place), with: digest(of: part, at: place, key: serverKey))
    }

    /// The end of S2: a digest of what stands before, with a key made from the client's digest.
    package static func response(to digest: [UInt8], body: [UInt8]) -> [UInt8] {
        let key = SHA256.authenticationCode(key: serverKey + keyTail, digest)
        return SHA256.authenticationCode(key: key, body)
    }
}
