import BulkheadLibrary
import Testing

/// Words of senders, which may be anything.
@Suite(.timeLimit(.minutes(1))) struct UploadNameTests {
    @Test(arguments: [
        ("show.mp4", "show.mp4"), ("Show.MP4", "Show.mp4"), ("../../etc/passwd", "passwd.mp4"),
        ("a\\b\\c.mp4", "c.mp4"),
        (".hidden.mp4", "hidden.mp4"), ("...", "film.mp4"), ("", "film.mp4"), ("/", "film.mp4"), ("晚间.mp4", "晚间.mp4"),
        ("a\u{0}b\nc.mp4", "abc.mp4"), ("x.mkv", "x.mkv.mp4"),
    ])
    func nameStaysInItsFolder(text: String, name: String) { #expect(UploadName.fileName(text) == name) }

    @Test func longNamesAreCutBetweenCharacters() {
        let name = UploadName.fileName(String(repeating: "影", count: 400))
        #expect(name.utf8.count <= UploadName.longest + 4 && name.hasSuffix("影.mp4"))
    }

    /// The examples of tus 1.0.0, and what is none.
    @Test func metadataIsKeysAndValues() {
        #expect(
            UploadName.metadata("filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential") == [
                "filename": "world_domination_plan.pdf", "is_confidential": "",
            ])
        #expect(UploadName.metadata("") == [:])
        for bad in ["a b c", "a !!!!", "a YQ=", "a /w==", "a =YQ=", "a YQ==YQ=="] {
            #expect(UploadName.metadata(bad) == nil, "\(bad)")
        }
    }

    /// RFC 4648, section 10.
    @Test func base64IsThatOfTheRFC() {
        for (text, coded) in [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            #expect(Base64.encode(Array(text.utf8)) == coded)
            #expect(Base64.decode(coded) == Array(text.utf8))
        }
    }

    @Test func quantitiesHaveUnits() {
        #expect(Quantity.bytes("50GB") == 50_000_000_000 && Quantity.bytes("250 MB") == 250_000_000)
        #expect(Quantity.bytes("7") == 7 && Quantity.duration("24h") == .seconds(86_400))
        for bad in ["", "GB", "0", "-1", "1.5GB", "9999999999999TB", "1 mb", "٣"] {
            #expect(Quantity.bytes(bad) == nil, "\(bad)")
        }
        #expect(Quantity.duration("5") == nil)
    }
}
