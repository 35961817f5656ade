import BulkheadRTMP
import Testing

@Suite(.timeLimit(.minutes(1))) struct AuthenticationTests {
    private static let credentials = Credentials(user: "anchor", password: "p@ss wörd")
    private static let question = "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : "

    /// The responses were worked out with Python's hashlib and base64.
    @Test func adobesServerIsAnsweredInTwoSteps() throws {
        let first = try #require(AuthenticationDemand(Self.question))
        #expect(
            try first.query(for: Self.credentials, app: "live", nonce: 1) == "authmod=adobe&user=anchor")
        let head = "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=anchor&salt=SALT=="
        let second = try #require(AuthenticationDemand(head + "&challenge=CHAL=&opaque=OPAQ"))
        #expect(
            try second.query(for: Self.credentials, app: "live", nonce: 0xBEEF)
                == "authmod=adobe&user=anchor&challenge=0000beef&response=GOaFMomWifV6rT/oRDsWzg==&opaque=OPAQ")
        let without = try #require(AuthenticationDemand(head + "&challenge=CHAL="))
        #expect(
            try without.query(for: Self.credentials, app: "live", nonce: 0xBEEF)
                == "authmod=adobe&user=anchor&challenge=0000beef&response=LlXjN+7o5aesrJOJZJ6NFw==")
    }

    @Test func limelightIsAnsweredAsHTTPDigestIs() throws {
        let demand = try #require(
            AuthenticationDemand(
                "[ AccessManager.Reject ] : [ authmod=llnw ] : ?reason=needauth&user=anchor&nonce=abc123"))
        let head = "authmod=llnw&user=anchor&nonce=abc123&cnonce=0000beef&nc=00000001&response="
        #expect(
            try demand.query(for: Self.credentials, app: "live", nonce: 0xBEEF)
                == head + "cf0603e6a86d6c32c1a771ca1d0f342a")
        #expect(
            try demand.query(for: Self.credentials, app: "live/inst", nonce: 0xBEEF)
                == head + "8f504192ef33fba9e189a41bcceaf635")
    }

    @Test func refusalsAreToldApart() throws {
        func failure(_ text: String, _ credentials: Credentials?) throws -> AuthenticationFailure? {
            let demand = try #require(AuthenticationDemand(text))
            do throws(AuthenticationRefusal) { _ = try demand.query(for: credentials, app: "live", nonce: 1) } catch {
                return error.failure
            }
            return nil
        }
        #expect(try failure(Self.question, nil) == .credentialsMissing)
        for reason in ["authfailed", "nosuchuser"] {
            let text = "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=\(reason)&opaque=x"
            #expect(try failure(text, Self.credentials) == .wrongCredentials)
        }
        #expect(try failure("code=403 need auth; authmod=rot13", Self.credentials) == .unknownMethod("rot13"))
        #expect(AuthenticationDemand("the application is closed") == nil)
    }

    @Test func nobodyIsShownThePassword() throws {
        let target = try IngestTarget("rtmp://an%40chor:s%3Acret@host:1936/app/key")
        #expect(target.credentials == Credentials(user: "an@chor", password: "s:cret"))
        #expect(target.host == "host" && target.port == 1936 && target.tcURL == "rtmp://host:1936/app")
        var dumped = ""
        dump(target, to: &dumped)
        dump(target.credentials, to: &dumped)
        #expect(!dumped.contains("cret") && !"\(target)".contains("cret"))
    }
}
