import BulkheadControlFormats
import BulkheadSystem
import NIOHTTP1
import Synchronization

/// Decides who may come in: by the name that was asked for, by where a page comes from, by a certificate or the password.
final class Gatekeeper: Sendable {
    /// Nil where none lets one in.
    private let password: String?
    /// Of those who may only look; nil for none.
    private let lookPassword: String?
    /// Neither password nor certificate is needed.
    private let isOpen: Bool
    private let allowsDrills: Bool
    private let names: Set<String>
    private let failures = Mutex<[String: Failures]>([:])

    private struct Failures {
        var count = 0
        var at = MonotonicTime.now
    }

    /// So many wrong passwords are answered; then the peer has to wait.
    private static let mostFailures = 5
    private static let pause = Duration.seconds(10)
    private static let mostPeers = 1000

    /// - Parameters:
    ///   - password: nil where none lets one in.
    ///   - isOpen: who can connect may come in.
    ///   - names: by which the control room may be asked for, besides addresses and `localhost`.
    init(
        password: String?, lookPassword: String? = nil, isOpen: Bool = false, allowsDrills: Bool = false,
        names: [String]
    ) {
        self.password = password
        self.isOpen = isOpen
        self.lookPassword = lookPassword
        self.allowsDrills = allowsDrills
        self.names = Set(names.map { $0.lowercased() } + ["localhost"])
    }

    /// Why a request isn't answered.
    enum Refusal: Sendable {
        case wrongHost, foreignPage, noPassword, noCertificate, tooManyFailures
    }

    /// What comes of a request.
    enum Verdict: Sendable {
        case refused(Refusal)
        case admitted(ControlRoomRequest.Rights)
    }

    private var all: ControlRoomRequest.Rights { .init(maySteer: true, mayDrill: allowsDrills) }

    /// What obs-websocket asks a client for; nil where that is nothing.
    func authentication(salt: String, isVouchedFor: Bool) -> OBSAuthentication? {
        guard !isOpen, !isVouchedFor else { return nil }
        // Where there is no password, nobody knows it.
        return OBSAuthentication(
            password: password ?? OBSAuthentication.nonce(), lookPassword: lookPassword, salt: salt,
            challenge: OBSAuthentication.nonce())
    }

    /// Who may do what, by the password of the request.
    /// - Parameter isVouchedFor: the connection has shown a certificate that lets it in.
    func judge(_ head: HTTPRequestHead, peer: String, isVouchedFor: Bool) -> Verdict {
        if let refusal = refusal(head) { return .refused(refusal) }
        if isOpen || isVouchedFor { return .admitted(all) }
        guard password != nil || lookPassword != nil else { return .refused(.noCertificate) }
        guard mayTry(peer) else { return .refused(.tooManyFailures) }
        guard let said = Self.password(in: head.headers.first(name: "Authorization")) else {
            return .refused(.noPassword)
        }
        // All are compared, whichever it is.
        let hash = SHA256.hash(said)
        func isRight(_ password: String?) -> Bool {
            password.map { ConstantTime.areEqual(hash, SHA256.hash(Array($0.utf8))) } ?? false
        }
        let (isForAll, isForLooking) = (isRight(password), isRight(lookPassword))
        if isForAll { return .admitted(all) }
        if isForLooking { return .admitted(.init(maySteer: false, mayDrill: false)) }
        failed(peer)
        return .refused(.noPassword)
    }

    /// Why nobody is let in who asks like this, whatever their password.
    func refusal(_ head: HTTPRequestHead) -> Refusal? {
        // A name of somebody else's that leads to this address would make a page of theirs one of ours.
        guard let host = head.headers.first(name: "Host"), head.headers["Host"].count == 1, isOwn(host) else {
            return .wrongHost
        }
        // Browsers say from which page a request comes; programs say nothing.
        for origin in head.headers["Origin"] where !isOwn(origin: origin, host: host) { return .foreignPage }
        if let site = head.headers.first(name: "Sec-Fetch-Site"), site == "cross-site" || site == "same-site" {
            return .foreignPage
        }
        return nil
    }

    /// An address can't be somebody else's name.
    private func isOwn(_ host: String) -> Bool {
        var name = host.lowercased()[...]
        if name.hasPrefix("[") {
            guard let end = name.firstIndex(of: "]") else { return false }
            return name[..<end].dropFirst().allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
        }
        if let colon = name.lastIndex(of: ":") { name = name[..<colon] }
        if names.contains(String(name)) { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    private func isOwn(origin: String, host: String) -> Bool {
        let origin = origin.lowercased()
        let host = host.lowercased()
        return origin == "http://\(host)" || origin == "https://\(host)"
    }

    private static func password(in header: String?) -> [UInt8]? {
        guard let header, header.lowercased().hasPrefix("basic "),
            let bytes = Base64.bytes(header.dropFirst("basic ".count)),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
        else { return nil }
        return Array(bytes[(colon + 1)...])
    }

    // MARK: wrong passwords

    /// Whether a password of the peer is looked at.
    func mayTry(_ peer: String) -> Bool {
        failures.withLock { failures in
            guard let known = failures[peer] else { return true }
            if MonotonicTime.now.since(known.at) > Self.pause.nanoseconds {
                failures[peer] = nil
                return true
            }
            return known.count < Self.mostFailures
        }
    }

    func failed(_ peer: String) {
        failures.withLock { failures in
            if failures.count >= Self.mostPeers, failures[peer] == nil { failures.removeAll() }
            var known = failures[peer] ?? Failures()
            known.count += 1
            known.at = .now
            failures[peer] = known
        }
    }
}
