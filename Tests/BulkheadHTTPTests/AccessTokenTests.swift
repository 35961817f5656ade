import BulkheadHTTP
import BulkheadSystem
import BulkheadTestSupport
import Testing

/// Tokens against an implementation that is not ours: Python's hmac.
@Suite(.timeLimit(.minutes(1))) struct AccessTokenTests {
    private static let secret = Array("0123456789abcdef-secret".utf8)
    private static let now: Int64 = 1_764_400_000

    private func problem(
        _ query: String, _ action: AccessToken.Action = .publish, app: String = "live", name: String = "show",
        address: String = "203.0.113.5", at now: Int64 = now, secrets: [[UInt8]] = [secret]
    ) -> AccessToken.Problem? {
        AccessToken.problem(
            FormFields.fields(of: query), action, app: app, name: name, address: address, now: now, secrets: secrets)
    }

    @Test func signatureIsThatOfPython() async throws {
        let query = try #require(
            AccessToken.query(
                .play, app: "live", name: "shöw", expires: Self.now, address: "203.0.113.5", secret: Self.secret))
        let python = try RunningProcess(
            "python3",
            [
                "-c",
                """
                import base64, hashlib, hmac
                text = "play\\nlive\\nshöw\\n1764400000\\n203.0.113.5".encode()
                code = hmac.new(b"0123456789abcdef-secret", text, hashlib.sha256).digest()
                print(base64.urlsafe_b64encode(code).decode().rstrip("="))
                """,
            ])
        #expect(await python.wait() == 0, "\(python.errorText)")
        let signature = python.outputText.trimmingPrefix { $0 == " " }.prefix { $0 != "\n" }
        #expect(query == "expires=1764400000&address=203.0.113.5&token=\(signature)")
    }

    @Test func tokenHoldsForWhatItWasMadeFor() throws {
        let query = try #require(
            AccessToken.query(.publish, app: "live", name: "show", expires: Self.now + 60, secret: Self.secret))
        #expect(problem(query) == nil)
        #expect(problem(query, .play) == .wrong)
        #expect(problem(query, name: "other") == .wrong)
        #expect(problem(query, app: "live/show", name: "show") == .wrong)
        #expect(problem(query, secrets: [Array("another-secret-of-ours".utf8)]) == .wrong)
        // While a secret is replaced, both hold.
        #expect(problem(query, secrets: [Array("another-secret-of-ours".utf8), Self.secret]) == nil)
        #expect(problem(query, at: Self.now + 60 + AccessToken.skew) == nil)
        #expect(problem(query, at: Self.now + 61 + AccessToken.skew) == .expired)
        #expect(problem(query.replacing("expires=\(Self.now + 60)", with: "expires=\(Self.now + 9999)")) == .wrong)
        #expect(problem(query + "x") == .wrong)
        #expect(problem(query + "&address=203.0.113.5") == .wrong)
    }

    @Test func tokenOfAnAddressIsForThatOne() throws {
        let query = try #require(
            AccessToken.query(
                .publish, app: "live", name: "show", expires: Self.now + 60, address: "203.0.113.5", secret: Self.secret
            ))
        #expect(problem(query) == nil)
        #expect(problem(query, address: "203.0.113.6") == .wrong)
        let unbound = query.replacing("address=203.0.113.5&", with: "")
        #expect(problem(unbound) == .wrong)
    }

    @Test(arguments: ["", "token=x", "expires=1764400001", "a=b"]) func missingTokenIsSaid(query: String) {
        #expect(problem(query) == .missing)
    }

    @Test(
        arguments: [
            "expires=x&token=y", "expires=9223372036854775807&token=", "expires=-1&token=%00", "expires=%0A&token=%0A",
            "expires=1e99&token=\(String(repeating: "A", count: 100_000))",
        ])
    func nonsenseIsWrong(query: String) { #expect(problem(query) == .wrong) }

    @Test func namesWithControlCharactersHaveNoToken() {
        #expect(AccessToken.query(.play, app: "live", name: "a\nb", expires: 1, secret: Self.secret) == nil)
        #expect(problem("expires=1&token=x", name: "a\n1\nb") == .wrong)
    }

    @Test func formsAreWrittenAsTheyAreRead() {
        let pairs = [(name: "a b", value: "ü&=\r\n%"), (name: "", value: "x+y")]
        let text = FormFields.text(of: pairs)
        #expect(text == "a%20b=%C3%BC%26%3D%0D%0A%25&=x%2By")
        #expect(FormFields.pairs(of: text).map(\.value) == pairs.map(\.value))
    }

    @Test func secretWordsAreFound() {
        let words = SecretWords(["one", "two"])
        #expect(words.contains("one") && words.contains("two"))
        #expect(!words.contains("on") && !words.contains("") && !words.contains("onee"))
        #expect(ConstantTime.areEqual([1, 2], [1, 2]) && !ConstantTime.areEqual([1, 2], [1, 3]))
        #expect(!ConstantTime.areEqual([1, 2], [1]) && ConstantTime.areEqual([], []))
    }
}
