import BulkheadNotifier
import BulkheadSystem
import BulkheadWire
import Testing

@Suite(.timeLimit(.minutes(1))) struct DeliveryTests {
    private var delivery = Delivery(NoticeAddress(url: "http://h/", secret: []))
    private var now = MonotonicTime(nanoseconds: 0)

    private static func notice(_ number: UInt64) -> Notice { Notice(number: number, id: "\(number)", body: []) }

    private mutating func next() -> UInt64? { delivery.next(at: now)?.number }

    private mutating func end(_ attempt: Delivery.Attempt) -> Delivery.Result? {
        delivery.ended(attempt, at: now, chance: 1)
    }

    @Test mutating func noticesGoOneAfterTheOther() {
        for number in 0..<2 { delivery.add(Self.notice(UInt64(number))) }
        let first = next()
        #expect(first == 0)
        let second = next()
        #expect(second == nil)
        let end = end(.answered(status: 204, retryAfter: 0))
        #expect(end == .settled(number: 0, .delivered, text: ""))
        let third = next()
        #expect(third == 1)
    }

    @Test(arguments: [500, 502, 503, 408, 425, 429]) mutating func whatMayPassIsTriedAgain(status: Int) {
        delivery.add(Self.notice(0))
        _ = next()
        let end = end(.answered(status: status, retryAfter: 0))
        #expect(end == .trouble("it answers HTTP \(status)"))
        let early = next()
        #expect(early == nil)
        #expect(delivery.due == now.advanced(by: .seconds(1)))
        now = now.advanced(by: .seconds(1))
        let again = next()
        #expect(again == 0)
    }

    @Test(arguments: [301, 400, 401, 404, 410, 413]) mutating func whatWillNotPassIsRefused(status: Int) {
        for number in 0..<2 { delivery.add(Self.notice(UInt64(number))) }
        _ = next()
        guard case .settled(0, .refused, let text) = end(.answered(status: status, retryAfter: 0)) else {
            Issue.record("it is not settled")
            return
        }
        #expect(text.hasPrefix("it answers HTTP \(status)"))
        let second = next()
        #expect(second == 1)
    }

    @Test mutating func delaysGrowAndEndWithTheFirstSuccess() {
        delivery.add(Self.notice(0))
        delivery.add(Self.notice(1))
        var delays: [Int64] = []
        for _ in 0..<8 {
            _ = next()
            _ = end(.failed("couldn't connect"))
            let due = delivery.due ?? now
            delays.append(due.since(now) / 1_000_000_000)
            now = due
        }
        #expect(delays == [1, 2, 4, 8, 16, 32, 60, 60])
        _ = next()
        _ = end(.answered(status: 200, retryAfter: 0))
        _ = next()
        _ = end(.failed("couldn't connect"))
        #expect(delivery.due == now.advanced(by: .seconds(1)))
    }

    @Test mutating func aTargetMayAskToWait() {
        delivery.add(Self.notice(0))
        _ = next()
        _ = end(.answered(status: 429, retryAfter: 30))
        #expect(delivery.due == now.advanced(by: .seconds(30)))
        now = now.advanced(by: .seconds(30))
        _ = next()
        _ = end(.answered(status: 503, retryAfter: .max))
        #expect(delivery.due == now.advanced(by: Delivery.longestWait))
    }

    @Test mutating func whatIsUnderWayIsNotForgotten() {
        for number in 0..<2 { delivery.add(Self.notice(UInt64(number))) }
        _ = next()
        delivery.forget(0)
        delivery.forget(1)
        let end = end(.answered(status: 200, retryAfter: 0))
        #expect(end == .settled(number: 0, .delivered, text: ""))
        #expect(delivery.isEmpty)
    }
}

@Suite(.timeLimit(.minutes(1))) struct NoticeSignatureTests {
    /// The example of Standard Webhooks' own libraries.
    @Test func theHeadersAreThoseOfStandardWebhooks() {
        // base64 of "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", as those libraries write keys.
        let key: [UInt8] = [
            0x31, 0xf2, 0x90, 0xf6, 0xbf, 0x06, 0x29, 0x8a, 0xab, 0x4f, 0x08, 0xd4, 0x3c, 0x3f, 0x08, 0x2c, 0xf6, 0x48,
            0xa3, 0x62, 0xda, 0x2d, 0xa4, 0xb0,
        ]
        let headers = NoticeSignature.headers(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", body: Array(#"{"test": 2432232314}"#.utf8), seconds: 1_614_265_330,
            secret: key)
        #expect(
            headers == [
                "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp: 1614265330",
                "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ])
    }

    @Test func withoutASecretThereIsNoSignature() {
        #expect(NoticeSignature.headers(id: "i", body: [], seconds: 1, secret: []).count == 2)
    }

    @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")])
    func base64IsThatOfTheRFC(text: String, encoded: String) {
        #expect(NoticeSignature.base64(Array(text.utf8)) == encoded)
    }
}
