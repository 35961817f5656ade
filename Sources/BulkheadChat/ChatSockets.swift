import BulkheadChatFormats
import BulkheadDanmaku
import BulkheadSystem
import BulkheadWire
import CCurl
import Glibc

/// Connections of one thread, plain or with TLS: a small wrapper of libcurl, which finds machines by their names, connects
/// and checks certificates, and then carries bytes as they are. It asks over HTTP as well.
final class ChatSockets {
    /// What has happened to a socket.
    enum Event {
        case opened
        case received([UInt8])
        case ended(String)
        case answered(ChatAnswer)
        /// A piece of the answer that is a stream.
        case streamed([UInt8])
    }

    private final class Socket {
        let transfer: UnsafeMutableRawPointer
        let serial: Int
        var isOpen = false
        var descriptor: CInt = -1
        /// What the socket has not taken yet.
        var waiting: [UInt8] = []

        init(_ transfer: UnsafeMutableRawPointer, serial: Int) {
            self.transfer = transfer
            self.serial = serial
        }

        deinit { curl_easy_cleanup(transfer) }
    }

    private static let connectionMilliseconds = 10_000
    /// What a server that reads nothing may have waiting.
    private static let mostWaiting = 1 << 20
    /// What is read of one socket before the others have their turn.
    private static let mostRead = 1 << 18

    private let transfers: UnsafeMutableRawPointer
    private var sockets: [Int: Socket] = [:]
    /// How many sockets there were, and the last one of each key: what is left of one before is not its successor's.
    private var serials = 0
    private var lastSerials: [Int: Int] = [:]
    private var requests: [(key: Int, request: ChatRequestTransfer)] = []

    /// - Throws: ``ChatError/libraryUnusable(_:)``.
    init() throws(ChatError) {
        guard curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK, let transfers = curl_multi_init() else {
            throw .libraryUnusable("it has no memory")
        }
        self.transfers = transfers
    }

    deinit {
        for key in Array(sockets.keys) { close(key) }
        for (_, request) in requests { curl_multi_remove_handle(transfers, request.transfer) }
        curl_multi_cleanup(transfers)
    }

    /// Begins to connect; ``events()`` gives what comes of it under `key`.
    /// - Throws: ``ChatError/libraryUnusable(_:)``.
    func open(_ key: Int, _ server: ChatTarget.Server, authorities: String) throws(ChatError) {
        guard let transfer = curl_easy_init() else { throw .libraryUnusable("it has no memory") }
        serials += 1
        let socket = Socket(transfer, serial: serials)
        var codes = Self.prepare(transfer, server, path: "", authorities: authorities)
        codes += [
            // From then on the bytes are ours.
            bulkhead_curl_set_number(transfer, CURLOPT_CONNECT_ONLY, 1),
            bulkhead_curl_set_number(transfer, CURLOPT_SSL_ENABLE_ALPN, 0),
        ]
        if let code = codes.first(where: { $0 != CURLE_OK }) { throw .libraryUnusable(Self.phrase(code)) }
        let code = curl_multi_add_handle(transfers, transfer)
        guard code == CURLM_OK else { throw .libraryUnusable(String(cString: curl_multi_strerror(code))) }
        sockets[key] = socket
        lastSerials[key] = socket.serial
    }

    /// What sockets and requests have in common.
    private static func prepare(
        _ transfer: UnsafeMutableRawPointer, _ server: ChatTarget.Server, path: String, authorities: String
    ) -> [CURLcode] {
        let isLocal = server.host.hasPrefix("/")
        let host = isLocal ? "localhost" : server.host.contains(":") ? "[\(server.host)]" : server.host
        let url = "\(server.isSecure ? "https" : "http")://\(host)" + (isLocal ? "" : ":\(server.port)") + path
        var codes = [
            bulkhead_curl_set_text(transfer, CURLOPT_URL, url),
            bulkhead_curl_set_text(transfer, CURLOPT_PROTOCOLS_STR, "http,https"),
            bulkhead_curl_set_text(transfer, CURLOPT_NOPROXY, "*"),
            bulkhead_curl_set_number(transfer, CURLOPT_NOSIGNAL, 1),
            bulkhead_curl_set_number(transfer, CURLOPT_TCP_NODELAY, 1),
            bulkhead_curl_set_number(transfer, CURLOPT_CONNECTTIMEOUT_MS, connectionMilliseconds),
        ]
        if isLocal { codes.append(bulkhead_curl_set_text(transfer, CURLOPT_UNIX_SOCKET_PATH, server.host)) }
        if !authorities.isEmpty {
            codes.append(
                Array(authorities.utf8).withUnsafeBytes {
                    bulkhead_curl_set_authorities(transfer, $0.baseAddress, $0.count)
                })
        }
        return codes
    }

    /// Asks, and waits for no answer of before under `key`; ``events()`` gives the answer under `key`, also where there is none.
    /// - Throws: ``ChatError/libraryUnusable(_:)``.
    func ask(_ key: Int, _ wanted: ChatHTTPRequest, authorities: String) throws(ChatError) {
        forget(key)
        guard let request = ChatRequestTransfer(wanted) else { throw .libraryUnusable("it has no memory") }
        let codes =
            Self.prepare(request.transfer, wanted.server, path: wanted.path, authorities: authorities)
            + request.prepare()
        if let code = codes.first(where: { $0 != CURLE_OK }) { throw .libraryUnusable(Self.phrase(code)) }
        let code = curl_multi_add_handle(transfers, request.transfer)
        guard code == CURLM_OK else { throw .libraryUnusable(String(cString: curl_multi_strerror(code))) }
        requests.append((key, request))
    }

    /// Some answers have not come.
    var isAsking: Bool { !requests.isEmpty }
    func isOpen(_ key: Int) -> Bool { sockets[key] != nil }

    /// Closes the socket, and waits for no answer.
    func drop(_ key: Int) {
        close(key)
        forget(key)
        lastSerials[key] = nil
    }

    /// Whether an event of `events()` still means what is there now.
    func isCurrent(_ key: Int, _ serial: Int?) -> Bool { serial == nil || lastSerials[key] == serial }

    private func forget(_ key: Int) {
        for entry in requests where entry.key == key { curl_multi_remove_handle(transfers, entry.request.transfer) }
        requests.removeAll { $0.key == key }
    }

    func close(_ key: Int) {
        guard let socket = sockets.removeValue(forKey: key) else { return }
        curl_multi_remove_handle(transfers, socket.transfer)
    }

    /// Sends, or keeps what the socket does not take now.
    func send(_ bytes: [UInt8], on key: Int) {
        guard let socket = sockets[key], socket.waiting.count < Self.mostWaiting else { return }
        socket.waiting += bytes
        if socket.isOpen { flush(socket) }
    }

    /// - Returns: false when the socket is over.
    @discardableResult
    private func flush(_ socket: Socket) -> Bool {
        while !socket.waiting.isEmpty {
            var count = 0
            let code = curl_easy_send(socket.transfer, socket.waiting, socket.waiting.count, &count)
            guard code == CURLE_OK else { return code == CURLE_AGAIN }
            socket.waiting.removeFirst(min(count, socket.waiting.count))
        }
        return true
    }

    /// Waits until something can be done, `descriptor` is readable, or `timeout` is over.
    func wait(for descriptor: CInt, atMost timeout: Duration) {
        var others = [curl_waitfd(fd: descriptor, events: Int16(CURL_WAIT_POLLIN), revents: 0)]
        for socket in sockets.values where socket.isOpen {
            let events = CURL_WAIT_POLLIN | (socket.waiting.isEmpty ? 0 : CURL_WAIT_POLLOUT)
            others.append(curl_waitfd(fd: socket.descriptor, events: Int16(events), revents: 0))
        }
        let milliseconds = CInt(clamping: timeout.nanoseconds / 1_000_000 + 1)
        curl_multi_poll(transfers, &others, CUnsignedInt(others.count), max(0, milliseconds), nil)
    }

    /// All that has happened since the last call, in the order in which it happened to each; with the serial number of the
    /// socket that it happened to.
    func events() -> [(key: Int, serial: Int?, event: Event)] {
        var events: [(key: Int, serial: Int?, event: Event)] = []
        var running: CInt = 0
        curl_multi_perform(transfers, &running)
        for (key, request) in requests {
            if let piece = request.takePiece() { events.append((key, nil, .streamed(piece))) }
        }
        var code = CURLE_OK
        while let transfer = bulkhead_curl_next_ended(transfers, &code) {
            guard let (key, socket) = sockets.first(where: { $0.value.transfer == transfer }) else {
                if let index = requests.firstIndex(where: { $0.request.transfer == transfer }) {
                    let (key, request) = requests.remove(at: index)
                    events.append((key, nil, .answered(request.answer(code, Self.phrase(code)))))
                    curl_multi_remove_handle(transfers, transfer)
                }
                continue
            }
            socket.descriptor = bulkhead_curl_socket(transfer)
            guard code == CURLE_OK, socket.descriptor >= 0 else {
                events.append((key, socket.serial, .ended(Self.phrase(code))))
                close(key)
                continue
            }
            socket.isOpen = true
            events.append((key, socket.serial, .opened))
        }
        for (key, socket) in sockets.sorted(by: { $0.key < $1.key }) where socket.isOpen {
            events += read(socket).map { (key, socket.serial, $0) }
            if case .ended? = events.last(where: { $0.key == key })?.event { close(key) }
        }
        return events
    }

    private func read(_ socket: Socket) -> [Event] {
        var events: [Event] = []
        var bytes = [UInt8](repeating: 0, count: 16_384)
        var left = Self.mostRead
        while left > 0 {
            var count = 0
            let code = curl_easy_recv(socket.transfer, &bytes, bytes.count, &count)
            if code == CURLE_AGAIN { break }
            guard code == CURLE_OK else { return events + [.ended(Self.phrase(code))] }
            guard count > 0 else { return events + [.ended("the server closed the connection")] }
            events.append(.received(Array(bytes[..<count])))
            left -= count
        }
        return flush(socket) ? events : events + [.ended("the server takes nothing")]
    }

    /// The words of libcurl, as one lowercase phrase; of a certificate, which may lie in nobody's list, words of our own.
    private static func phrase(_ code: CURLcode) -> String {
        if code == CURLE_PEER_FAILED_VERIFICATION { return "its certificate is not trusted" }
        let words = String(cString: curl_easy_strerror(code))
        let second = words.dropFirst().first
        return second?.isUppercase == true ? words : words.prefix(1).lowercased() + words.dropFirst()
    }
}
