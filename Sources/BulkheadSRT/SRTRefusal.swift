/// Why the other side, or we, did not make an SRT connection, by the codes of srt.h and of SRT's access control.
package enum SRTRefusal: Hashable, Sendable {
    /// 1401: it wants to know who publishes, or does not believe it.
    case unauthorized
    /// 1403
    case forbidden
    /// 1404
    case notFound
    /// 1409: somebody else uses the resource; perhaps our own last connection.
    case conflict
    /// Both have a passphrase, and not the same one.
    case wrongPassphrase
    /// One of the two has a passphrase, and the other has not.
    case oneSidedEncryption
    /// It has as many connections as it takes.
    case full
    /// 1400 and other codes of access control.
    case other(code: Int)
    /// It said no, without a reason, or with one that a stream does not meet.
    case unexplained(code: Int)

    /// The refusal that stands behind a code of `srt_getrejectreason`; nil for those that are no refusals but failures.
    package init?(code: Int) {
        switch code {
        case 1401: self = .unauthorized
        case 1403: self = .forbidden
        case 1404: self = .notFound
        case 1409, 1423: self = .conflict
        case 1402: self = .full
        case 1000...: self = .other(code: code)
        // SRT_REJ_PEER, _RESOURCE, _BACKLOG, _BADSECRET, _UNSECURE of srt.h; not _TIMEOUT (16) and our own failures.
        case 10: self = .wrongPassphrase
        case 11: self = .oneSidedEncryption
        case 5: self = .full
        case 2, 3, 4, 8, 12, 13, 14: self = .unexplained(code: code)
        default: return nil
        }
    }

    /// Another attempt makes sense, when the other side has had time.
    package var isPassing: Bool {
        switch self {
        case .conflict, .full, .unexplained: true
        case .unauthorized, .forbidden, .notFound, .wrongPassphrase, .oneSidedEncryption, .other: false
        }
    }
}

extension SRTRefusal: CustomStringConvertible {
    /// What the other side says, behind its name.
    package var description: String {
        switch self {
        case .unauthorized: "does not accept who publishes (1401)"
        case .forbidden: "does not let this stream in (1403)"
        case .notFound: "knows no such stream (1404)"
        case .conflict: "says that the stream is in use, perhaps by the previous connection (1409)"
        case .wrongPassphrase: "has another passphrase"
        case .oneSidedEncryption: "and this side do not both have a passphrase"
        case .full: "takes no more connections"
        case .other(let code): "refused the stream (\(code))"
        case .unexplained(let code): "refused the connection and gave no reason (\(code))"
        }
    }
}
