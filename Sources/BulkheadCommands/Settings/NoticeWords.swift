import BulkheadModel
import BulkheadSystem
import Glibc
import SystemPackage

/// Makes targets of notices of what a broadcaster has written: `https://ops.example/hook,level=error,name=ops`.
enum NoticeWords {
    private static let longestAddress = 2048

    /// The targets of all flags of notices, in the order of their kinds.
    /// - Throws: kind `usage`: one line that says what is wrong without the address, which may be a secret.
    static func targets(_ words: BroadcastWords) throws(BroadcastError) -> [NoticeTarget] {
        let count = words[.notify].count + words[.onEvent].count + words[.logFile].count
        guard count <= NoticeTarget.mostTargets else {
            throw BroadcastError(
                .usage,
                "--notify, --on-event and --log-file are given \(count) times; \(NoticeTarget.mostTargets) together are possible"
            )
        }
        var targets: [NoticeTarget] = []
        for (key, kind) in [
            (BroadcastKey.notify, NoticeTarget.Kind.http), (.onEvent, .command), (.logFile, .file),
        ] {
            targets += try words.located(key) { () throws(BroadcastError) in
                try words[key].map { (word) throws(BroadcastError) in try target(kind, word) }
            }
        }
        try checkFiles(targets)
        return targets
    }

    private static func checkFiles(_ targets: [NoticeTarget]) throws(BroadcastError) {
        var paths: Set<String> = []
        for target in targets where target.kind == .file && !paths.insert(target.url).inserted {
            throw BroadcastError(
                .usage, "--log-file names \(target.url) twice", advice: "write all its options behind one")
        }
    }

    private static func target(_ kind: NoticeTarget.Kind, _ word: String) throws(BroadcastError) -> NoticeTarget {
        let (text, options) = parted(word, NoticeOptions.keys(of: kind))
        try checkRest(text, kind)
        for (key, _) in options where options.count(where: { $0.key == key }) > 1 {
            throw BroadcastError(
                .usage, "\(flag(of: kind)) \(subject(kind, text)): \(key)= stands there twice",
                advice: "keep one of them")
        }
        let url = kind == .file ? FilePaths.absolute(text) : text
        try check(kind, url)
        var reading = NoticeOptions(flag: flag(of: kind), subject: subject(kind, url))
        for (key, value) in options.reversed() { try reading.read(key, value) }
        return NoticeTarget(
            kind, url: url, name: reading.name, level: reading.level, codes: reading.codes, secret: reading.secret,
            rule: reading.rule)
    }

    /// What another kind of target has would be a part of the address or the command here, and do nothing.
    private static func checkRest(_ text: String, _ kind: NoticeTarget.Kind) throws(BroadcastError) {
        // A command may well have words of its own.
        guard kind != .command else { return }
        guard let option = text.split(separator: ",").dropFirst().last, let equals = option.firstIndex(of: "=") else {
            return
        }
        let key = String(option[..<equals])
        guard NoticeOptions.allKeys.contains(key) else { return }
        let keys = NoticeOptions.keys(of: kind).sorted().map { "\($0)=" }.joined(separator: ", ")
        throw BroadcastError(
            .usage, "\(flag(of: kind)) \(subject(kind, text)): \(key)= is for another kind of target",
            advice: "it takes \(keys)")
    }

    private static func flag(of kind: NoticeTarget.Kind) -> String {
        switch kind {
        case .http: BroadcastKey.notify.flag
        case .command: BroadcastKey.onEvent.flag
        case .file: BroadcastKey.logFile.flag
        }
    }

    /// What a message calls the target: never more of an address than its host.
    private static func subject(_ kind: NoticeTarget.Kind, _ url: String) -> String {
        NoticeTarget(kind, url: url).name
    }

    private static func check(_ kind: NoticeTarget.Kind, _ url: String) throws(BroadcastError) {
        switch kind {
        case .http:
            guard NoticeTarget.host(of: url) != nil, url.utf8.count <= longestAddress,
                url.utf8.allSatisfy({ $0 > 0x20 })
            else {
                throw BroadcastError(
                    .usage, "--notify takes an address of HTTP",
                    advice: "write https://HOST/PATH, or http://… for a receiver on this machine")
            }
        case .command:
            guard url.contains(where: { !$0.isWhitespace }), url.utf8.count <= longestAddress, !url.utf8.contains(0)
            else {
                throw BroadcastError(
                    .usage, "--on-event takes a command of the shell, of at most \(longestAddress) bytes",
                    advice: "write what is to be run, such as /usr/local/bin/alarm")
            }
        case .file:
            var information = stat()
            let folder = url.lastIndex(of: "/").map { $0 == url.startIndex ? "/" : String(url[..<$0]) } ?? "."
            guard stat(folder, &information) == 0, information.st_mode & S_IFMT == S_IFDIR else {
                throw BroadcastError(
                    .usage, "--log-file \(url): there is no folder \(folder)", advice: "make it, or name another file")
            }
            guard stat(url, &information) != 0 || information.st_mode & S_IFMT == S_IFREG, !url.hasSuffix("/"),
                url.utf8.count <= longestAddress
            else {
                throw BroadcastError(
                    .usage, "--log-file \(url) is no file", advice: "name a file, or none that is there")
            }
            guard access(url, F_OK) == 0 ? access(url, W_OK) == 0 : access(folder, W_OK) == 0 else {
                throw BroadcastError(
                    .usage, "--log-file \(url) may not be written by this user", advice: "name a file in another folder"
                )
            }
        }
    }

    /// The address, and the options behind it, the last first.
    private static func parted(
        _ word: String, _ keys: Set<String>
    ) -> (url: String, options: [(key: String, value: String)]) {
        var (url, options) = (word, [(key: String, value: String)]())
        while let comma = url.lastIndex(of: ",") {
            let option = url[url.index(after: comma)...]
            guard let equals = option.firstIndex(of: "="), keys.contains(String(option[..<equals])) else { break }
            options.append((String(option[..<equals]), String(option[option.index(after: equals)...])))
            url = String(url[..<comma])
        }
        return (url, options)
    }
}
