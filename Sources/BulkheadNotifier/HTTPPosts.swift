import BulkheadSystem
import BulkheadWire
import CCurl
import Glibc

/// POSTs that are under way, on one thread: a small wrapper of libcurl's multi interface.
final class HTTPPosts: NoticeTransport {
    /// One POST: its transfer, and the memory that libcurl has pointers to until the transfer is given up.
    private final class Post {
        let key: Int
        let transfer: UnsafeMutableRawPointer
        private var headers: UnsafeMutablePointer<curl_slist>?
        /// How much of the answer may still be read, in bytes.
        private let rest = UnsafeMutablePointer<Int>.allocate(capacity: 1)

        init(_ key: Int, to url: String, _ headers: [String], _ body: [UInt8]) throws(NotifierError) {
            guard let transfer = curl_easy_init() else { throw .libraryUnusable("it has no memory") }
            self.key = key
            self.transfer = transfer
            rest.initialize(to: HTTPPosts.longestAnswer)
            for header in headers {
                guard let longer = curl_slist_append(self.headers, header) else { continue }
                self.headers = longer
            }
            let codes = [
                bulkhead_curl_set_text(transfer, CURLOPT_URL, url),
                bulkhead_curl_set_text(transfer, CURLOPT_PROTOCOLS_STR, "http,https"),
                bulkhead_curl_set_text(transfer, CURLOPT_USERAGENT, "bulkhead"),
                bulkhead_curl_set_number(transfer, CURLOPT_NOSIGNAL, 1),
                // A body is sent at once, whatever its length.
                bulkhead_curl_set_number(transfer, CURLOPT_EXPECT_100_TIMEOUT_MS, 1),
                bulkhead_curl_set_number(transfer, CURLOPT_CONNECTTIMEOUT_MS, HTTPPosts.connectionMilliseconds),
                bulkhead_curl_set_number(transfer, CURLOPT_TIMEOUT_MS, HTTPPosts.milliseconds),
                bulkhead_curl_set_headers(transfer, self.headers),
                body.withUnsafeBytes { bulkhead_curl_set_body(transfer, $0.baseAddress, $0.count) },
                bulkhead_curl_drop_answer(transfer, rest),
            ]
            guard let code = codes.first(where: { $0 != CURLE_OK }) else { return }
            throw .libraryUnusable(HTTPPosts.phrase(code))
        }

        deinit {
            curl_easy_cleanup(transfer)
            curl_slist_free_all(headers)
            rest.deallocate()
        }
    }

    private static let longestAnswer = 1 << 20
    private static let connectionMilliseconds = 5000
    private static let milliseconds = 10_000

    private let transfers: UnsafeMutableRawPointer
    private var posts: [UnsafeMutableRawPointer: Post] = [:]

    /// - Throws: ``NotifierError/libraryUnusable(_:)``.
    init() throws(NotifierError) {
        guard curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK, let transfers = curl_multi_init() else {
            throw .libraryUnusable("it has no memory")
        }
        self.transfers = transfers
    }

    deinit {
        for post in posts.values { curl_multi_remove_handle(transfers, post.transfer) }
        posts.removeAll()
        curl_multi_cleanup(transfers)
    }

    /// Begins to send the notice's body; ``next()`` gives its end under `key`.
    /// - Throws: ``NotifierError/libraryUnusable(_:)``.
    func begin(_ key: Int, _ notice: Notice, to address: NoticeAddress) throws(NotifierError) {
        let headers =
            ["Content-Type: application/json", "Expect:"]
            + NoticeSignature.headers(
                id: notice.id, body: notice.body, seconds: Int64(time(nil)), secret: address.secret)
        let post = try Post(key, to: address.url, headers, notice.body)
        let code = curl_multi_add_handle(transfers, post.transfer)
        guard code == CURLM_OK else { throw .libraryUnusable(String(cString: curl_multi_strerror(code))) }
        posts[post.transfer] = post
    }

    /// Waits until something can be done for a POST, `descriptor` is readable, or `timeout` is over.
    func wait(for descriptor: CInt?, atMost timeout: Duration) {
        var other = curl_waitfd(fd: descriptor ?? -1, events: Int16(CURL_WAIT_POLLIN), revents: 0)
        let milliseconds = CInt(clamping: timeout.nanoseconds / 1_000_000 + 1)
        curl_multi_poll(transfers, &other, descriptor == nil ? 0 : 1, max(0, milliseconds), nil)
    }

    /// Does what can be done without waiting, and gives each POST that has ended since.
    func next() -> (key: Int, Delivery.Attempt)? {
        var running: CInt = 0
        curl_multi_perform(transfers, &running)
        var code = CURLE_OK
        guard let transfer = bulkhead_curl_next_ended(transfers, &code), let post = posts.removeValue(forKey: transfer)
        else { return nil }
        curl_multi_remove_handle(transfers, transfer)
        let status = bulkhead_curl_status(transfer)
        // What comes behind the status is of no interest, however it ends.
        guard status == 0 else {
            return (post.key, .answered(status: status, retryAfter: bulkhead_curl_retry_after(transfer)))
        }
        return (post.key, .failed(Self.phrase(code)))
    }

    /// The words of libcurl, as one lowercase phrase; of a certificate, which may lie in nobody's list, words of our own.
    private static func phrase(_ code: CURLcode) -> String {
        if code == CURLE_PEER_FAILED_VERIFICATION { return "its certificate is not trusted" }
        let words = String(cString: curl_easy_strerror(code))
        let second = words.dropFirst().first
        return second?.isUppercase == true ? words : words.prefix(1).lowercased() + words.dropFirst()
    }
}
