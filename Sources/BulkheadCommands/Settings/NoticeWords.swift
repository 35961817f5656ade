import BulkheadModel
import BulkheadSystem
import SystemPackage

/// Makes targets of notices of what a broadcaster has written: `https://ops.example/hook,level=error,name=ops`.
enum NoticeWords {
    private static let optionKeys = ["name", "level", "events", "secret-file"]
    private static let longestAddress = 2048
    private static let longestName = 64
    private static let longestSecret = 1024

    /// - Throws: kind `usage`: one line that says what is wrong without the address, which may be a secret.
    static func targets(_ words: [String]) throws(BroadcastError) -> [NoticeTarget] {
        guard words.count <= NoticeTarget.mostTargets else {
            throw BroadcastError(
                .usage, "--notify is given \(words.count) times; \(NoticeTarget.mostTargets) are possible")
        }
        var targets: [NoticeTarget] = []
        for word in words { targets.append(try target(word)) }
        return targets
    }

    private static func target(_ word: String) throws(BroadcastError) -> NoticeTarget {
        let (url, options) = parted(word)
        guard let host = NoticeTarget.host(of: url), url.utf8.count <= longestAddress,
            url.utf8.allSatisfy({ $0 > 0x20 })
        else {
            throw BroadcastError(
                .usage, "--notify takes an address of HTTP",
                advice: "write https://HOST/PATH, or http://… for a receiver on this machine")
        }
        var name: String?
        var level: EventLevel?
        var codes: [String] = []
        var secret: String?
        for (key, value) in options.reversed() {
            switch key {
            case "name":
                let isName = !value.isEmpty && value.count <= longestName && !value.contains(where: \.isNewline)
                guard isName else { throw misfit(host, key, value, "1 to \(longestName) characters") }
                name = value
            case "level":
                guard let known = EventLevel(rawValue: value) else {
                    throw misfit(host, key, value, "notice, warning or error")
                }
                level = known
            case "events":
                codes = value.split(separator: "+").map(String.init)
                guard !codes.isEmpty, codes.allSatisfy(isPattern) else {
                    throw misfit(host, key, value, "codes with + between them, such as link.*+encoder.died")
                }
            default: secret = try self.secret(at: value)
            }
        }
        return NoticeTarget(url: url, name: name, level: level, codes: codes, secret: secret)
    }

    /// The address, and the options behind it, the last first.
    private static func parted(_ word: String) -> (url: String, options: [(key: String, value: String)]) {
        var (url, options) = (word, [(key: String, value: String)]())
        while let comma = url.lastIndex(of: ",") {
            let option = url[url.index(after: comma)...]
            guard let equals = option.firstIndex(of: "="), optionKeys.contains(String(option[..<equals])) else { break }
            options.append((String(option[..<equals]), String(option[option.index(after: equals)...])))
            url = String(url[..<comma])
        }
        return (url, options)
    }

    private static func isPattern(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 64
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || ".-*".contains($0)) }
    }

    private static func secret(at path: String) throws(BroadcastError) -> String {
        let text: String
        do throws(Errno) { text = try SmallFile.text(at: FilePaths.absolute(path), limit: longestSecret) } catch {
            throw BroadcastError(
                .usage, "the secret of notices in \(path) can't be read: \(error.phrase)", advice: "check secret-file")
        }
        let secret = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        guard !secret.isEmpty else {
            throw BroadcastError(.usage, "\(path) holds no secret", advice: "write it in the file's first line")
        }
        return secret
    }

    private static func misfit(_ host: String, _ key: String, _ value: String, _ takes: String) -> BroadcastError {
        BroadcastError(
            .usage, "for the notices to \(host), \(key)=\(value) is no such value", advice: "it takes \(takes)")
    }
}
