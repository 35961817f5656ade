import BulkheadModel
import BulkheadRTMP
import BulkheadSystem
import NIOCore
import NIOHTTP1

/// What a request to the interface wants.
package enum InterfaceCall: Hashable, Sendable {
    case streams
    case relays
    /// One relay, by its stream's name.
    case relay(StreamName)
}

/// What programs may ask and change over HTTP, below `/api/`. It lives on the server's event loop.
final class ServerInterface {
    static let longestBody = 64 << 10
    private static let longestAddress = 2048
    private static let mostSources = 8
    /// What proxies put in front of what strangers ask.
    private static let proxyHeaders = ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"]

    private unowned let hub: StreamHub
    private let tokens: SecretFile?

    init(_ hub: StreamHub, tokens: SecretFile?) {
        self.hub = hub
        self.tokens = tokens
    }

    /// - Parameters:
    ///   - body: nil where it was longer than ``longestBody``.
    ///   - isLocal: the connection comes from this machine.
    func answer(_ call: InterfaceCall, _ head: HTTPRequestHead, body: ByteBuffer?, isLocal: Bool) -> HTTPAnswer {
        if let refusal = refusal(head, isLocal: isLocal) { return refusal }
        switch (call, head.method) {
        case (.streams, .GET), (.streams, .HEAD): return StatusReport.streams(of: hub)
        case (.relays, .GET), (.relays, .HEAD): return StatusReport.relays(of: hub)
        case (.relays, .POST): return add(body)
        case (.relay(let name), .DELETE):
            guard hub.relays.remove(name) else { return .sentence(.notFound, "No stream of that name is pulled.") }
            return HTTPAnswer(.noContent, [("Cache-Control", "no-store")])
        case (.streams, _): return Self.wrongMethod("GET")
        case (.relays, _): return Self.wrongMethod("GET, HEAD, POST")
        case (.relay, _): return Self.wrongMethod("DELETE")
        }
    }

    private static func wrongMethod(_ allowed: String) -> HTTPAnswer {
        var answer = HTTPAnswer.sentence(.methodNotAllowed, "That can't be done here: use \(allowed).")
        answer.headers.append(("Allow", allowed))
        return answer
    }

    // MARK: who may

    private func refusal(_ head: HTTPRequestHead, isLocal: Bool) -> HTTPAnswer? {
        if let tokens {
            let word = head.headers.first(name: "Authorization") ?? ""
            let said = Array((word.lowercased().hasPrefix("bearer ") ? word.dropFirst(7) : "").utf8)
            var isRight = false
            for token in tokens.secrets where ConstantTime.areEqual(SHA256.hash(token), SHA256.hash(said)) {
                isRight = true
            }
            guard !isRight else { return nil }
            var answer = HTTPAnswer.sentence(
                .unauthorized, "The interface needs its token: Authorization: Bearer TOKEN.")
            answer.headers.append(("WWW-Authenticate", "Bearer"))
            return answer
        }
        guard isLocal, !Self.proxyHeaders.contains(where: { head.headers.contains(name: $0) }) else {
            return .sentence(
                .forbidden,
                "The interface is for this machine only: give the server a token for it to use it from others.")
        }
        // A page of somebody else's in a browser on this machine must not reach it.
        guard !head.headers.contains(name: "Origin"), Self.isAddress(head.headers.first(name: "Host")) else {
            return .sentence(
                .forbidden,
                "Without a token the interface is not for browsers: ask it by its address, and not out of a page.")
        }
        return nil
    }

    /// A name could be made to stand for this machine by whoever owns it.
    private static func isAddress(_ host: String?) -> Bool {
        guard var name = host?[...] else { return true }
        if let colon = name.lastIndex(of: ":"), name[name.index(after: colon)...].allSatisfy(\.isNumber) {
            name = name[..<colon]
        }
        if name.first == "[", name.last == "]" { name = name.dropFirst().dropLast() }
        return name == "localhost" || (try? SocketAddress(ipAddress: String(name), port: 0)) != nil
    }

    // MARK: relays

    private struct Wish: Decodable {
        let name: String
        let pull: [String]
        let onDemand: Bool?
        let lingerSeconds: Double?

        private enum Key: String, CodingKey {
            case name, pull, onDemand, lingerSeconds
        }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: Key.self)
            name = try values.decode(String.self, forKey: .name)
            if let one = try? values.decode(String.self, forKey: .pull) {
                pull = [one]
            } else {
                pull = try values.decode([String].self, forKey: .pull)
            }
            onDemand = try values.decodeIfPresent(Bool.self, forKey: .onDemand)
            lingerSeconds = try values.decodeIfPresent(Double.self, forKey: .lingerSeconds)
        }
    }

    private func add(_ body: ByteBuffer?) -> HTTPAnswer {
        guard let body else {
            return .sentence(.payloadTooLarge, "The body is longer than \(Self.longestBody) bytes.")
        }
        guard let wish = try? JSONLine.decode(Wish.self, from: body.readableBytesView) else {
            return .sentence(
                .badRequest, #"The body is no relay: write {"name":"live/show","pull":"rtmp://HOST/APP/NAME"}."#)
        }
        guard let name = StreamName(path: wish.name) else {
            return .sentence(.badRequest, "\"name\" is no stream's name: write APP/NAME, of 256 bytes at most.")
        }
        guard (1...Self.mostSources).contains(wish.pull.count) else {
            return .sentence(.badRequest, "\"pull\" takes one address, or a list of \(Self.mostSources) at most.")
        }
        var sources: [IngestTarget] = []
        for text in wish.pull {
            guard text.utf8.count <= Self.longestAddress, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }),
                let source = try? IngestTarget(text)
            else {
                return .sentence(
                    .badRequest,
                    "\"pull\" is no address of a stream: write rtmp://HOST/APP/NAME or rtmps://HOST/APP/NAME.")
            }
            sources.append(source)
        }
        var options = PullOptions(name, from: sources)
        options.isOnDemand = wish.onDemand ?? false
        if let seconds = wish.lingerSeconds {
            guard (0...86_400).contains(seconds) else {
                return .sentence(.badRequest, "\"lingerSeconds\" is a number from 0 to 86400.")
            }
            options.linger = .milliseconds(Int64(seconds * 1000))
        }
        do throws(RelayDesk.Problem) { try hub.relays.add(options, by: .interface) } catch {
            let status: HTTPResponseStatus = error == .exists ? .conflict : .unprocessableEntity
            return .sentence(error == .tooMany ? .serviceUnavailable : status, error.sentence)
        }
        return HTTPAnswer(
            .created, [("Content-Type", "application/json"), ("Cache-Control", "no-store")],
            body: [ByteBuffer(string: JSONText.object([("name", JSONText.string("\(name)"))]) + "\n")])
    }
}

extension StreamName {
    /// `APP/NAME`, where what stands behind the last slash is the name; nil for what can't be published.
    package init?(path: String) {
        guard let slash = path.lastIndex(of: "/") else { return nil }
        let (app, name) = (path[..<slash].drop { $0 == "/" }, path[path.index(after: slash)...])
        let longest = ServerSessionStateMachine.longestName
        guard !app.isEmpty, !name.isEmpty, app.utf8.count <= longest, name.utf8.count <= longest,
            path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "?") })
        else { return nil }
        self.init(app: String(app), name: String(name))
    }
}
