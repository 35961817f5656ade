import BulkheadChatFormats
import CCurl

/// One request over HTTP, as libcurl carries it out.
final class ChatRequestTransfer {
    let transfer: UnsafeMutableRawPointer
    private let request: ChatHTTPRequest
    private var headers: UnsafeMutablePointer<curl_slist>?
    private var body: [UInt8] = []
    private var trailers: [String: String] = [:]

    private static let milliseconds = 10_000
    /// A stream may be silent for long: the kernel looks whether its server is there, in seconds.
    private static let (aliveAfter, aliveAgain) = (30, 10)
    private static let (mostTrailers, longestTrailer) = (16, 1024)

    /// Nil where there is no memory.
    init?(_ request: ChatHTTPRequest) {
        guard let transfer = curl_easy_init() else { return nil }
        self.transfer = transfer
        self.request = request
    }

    deinit {
        curl_easy_cleanup(transfer)
        curl_slist_free_all(headers)
    }

    /// Sets what is asked; this object must outlive the transfer.
    func prepare() -> [CURLcode] {
        for header in request.headers { headers = curl_slist_append(headers, header) ?? headers }
        var codes = [bulkhead_curl_set_headers(transfer, headers)]
        codes +=
            request.isStream
            ? [
                bulkhead_curl_set_number(transfer, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS)),
                bulkhead_curl_set_number(transfer, CURLOPT_TCP_KEEPALIVE, 1),
                bulkhead_curl_set_number(transfer, CURLOPT_TCP_KEEPIDLE, Self.aliveAfter),
                bulkhead_curl_set_number(transfer, CURLOPT_TCP_KEEPINTVL, Self.aliveAgain),
                bulkhead_curl_give_head(
                    transfer,
                    { bytes, size, count, context in
                        guard let bytes, let context else { return 0 }
                        let request = Unmanaged<ChatRequestTransfer>.fromOpaque(context).takeUnretainedValue()
                        request.takeHead(UnsafeRawBufferPointer(start: bytes, count: size * count))
                        return size * count
                    }, Unmanaged.passUnretained(self).toOpaque()),
            ] : [bulkhead_curl_set_number(transfer, CURLOPT_TIMEOUT_MS, Self.milliseconds)]
        codes.append(
            bulkhead_curl_give_answer(
                transfer,
                { bytes, size, count, context in
                    guard let bytes, let context else { return 0 }
                    let request = Unmanaged<ChatRequestTransfer>.fromOpaque(context).takeUnretainedValue()
                    return request.take(UnsafeRawBufferPointer(start: bytes, count: size * count))
                }, Unmanaged.passUnretained(self).toOpaque()))
        if let body = request.body {
            codes.append(
                body.withUnsafeBytes { bulkhead_curl_set_body(transfer, $0.baseAddress, $0.count) })
        }
        return codes
    }

    private func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard body.count + bytes.count <= ChatAnswer.longest else { return 0 }
        body += bytes
        return bytes.count
    }

    private func takeHead(_ bytes: UnsafeRawBufferPointer) {
        let line = String(decoding: bytes.prefix(Self.longestTrailer), as: UTF8.self)
        guard line.lowercased().hasPrefix("grpc-"), let colon = line.firstIndex(of: ":"),
            trailers.count < Self.mostTrailers
        else { return }
        let value = line[line.index(after: colon)...].split(whereSeparator: \.isWhitespace).joined(separator: " ")
        trailers[line[..<colon].lowercased()] = value
    }

    /// What has come of a stream since the last call; nil where nothing has.
    func takePiece() -> [UInt8]? {
        guard request.isStream, !body.isEmpty else { return nil }
        defer { body = [] }
        return bulkhead_curl_status(transfer) == 200 ? body : nil
    }

    /// What has become of it.
    func answer(_ code: CURLcode, _ problem: String) -> ChatAnswer {
        let status = bulkhead_curl_status(transfer)
        guard code != CURLE_PARTIAL_FILE else {
            return ChatAnswer(request.name, status: nil, problem: "the answer broke off")
        }
        guard code == CURLE_OK, status > 0 else { return ChatAnswer(request.name, status: nil, problem: problem) }
        return ChatAnswer(request.name, status: status, body: request.isStream ? [] : body, trailers: trailers)
    }
}
