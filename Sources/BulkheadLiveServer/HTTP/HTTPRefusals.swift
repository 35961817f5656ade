import NIOHTTP1

/// What viewers are told who don't get what they ask for.
extension HTTPRoute.Refusal {
    var answer: HTTPAnswer {
        switch self {
        case .tooLong: .sentence(.uriTooLong, "The address is too long.")
        case .malformed: .sentence(.badRequest, "The address is malformed.")
        case .unknown:
            .sentence(
                .notFound,
                "Nothing is here. Streams are at /APP/NAME.flv, /APP/NAME.mp4 and /APP/NAME/index.m3u8, and a page at /."
            )
        }
    }
}

extension RefusalReason {
    var answer: HTTPAnswer {
        switch self {
        case .unknownKey: .notFound("No stream of that name may be played here.")
        case .tooOften: .sentence(.tooManyRequests, sentence + ".", retryAfter: 60)
        case .tooManyPlayers, .tooManyPlayersOfStream, .noBandwidth, .hookSilent:
            .sentence(.serviceUnavailable, sentence + ".", retryAfter: 10)
        case .alreadyPublishing, .tooManyStreams, .noToken, .expiredToken, .wrongToken, .refusedByHook:
            .sentence(.forbidden, sentence + ".")
        case .loop: .sentence(.loopDetected, sentence + ".")
        }
    }
}

extension HTTPAnswer {
    /// To a request for a stream by another method than GET and HEAD; nil for these.
    static func answer(toOther method: HTTPMethod) -> HTTPAnswer? {
        let allowed = ("Allow", "GET, HEAD, OPTIONS")
        switch method {
        case .GET, .HEAD: return nil
        case .OPTIONS:
            return HTTPAnswer(
                .noContent,
                [
                    allowed, ("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"),
                    ("Access-Control-Allow-Headers", "Range, Cache-Control"), ("Access-Control-Max-Age", "86400"),
                ])
        default:
            var refusal = HTTPAnswer.sentence(.methodNotAllowed, "Streams can only be read here: use GET.")
            refusal.headers.append(allowed)
            return refusal
        }
    }
}

extension String {
    /// As a piece of a path (RFC 3986, 3.3): what is not unreserved is encoded.
    var addingPercentEncoding: String {
        utf8.reduce(into: "") { text, byte in
            let character = Character(Unicode.Scalar(byte))
            if byte < 0x80, character.isLetter || character.isNumber || "-._~".contains(character) {
                text.append(character)
            } else {
                text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
    }
}

extension Packager.Obstacle {
    /// For viewers.
    var sentence: String {
        switch self {
        case .nothingYet: "Nothing of this stream has come yet."
        case .pictures(let coding):
            "This stream's pictures (\(coding)) can't be given as MP4 or HLS: take it as FLV, or by RTMP."
        case .sound(let coding):
            "This stream's sound (\(coding)) can't be given as MP4 or HLS: take it as FLV, or by RTMP."
        }
    }
}
