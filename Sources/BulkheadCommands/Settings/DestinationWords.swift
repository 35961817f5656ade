import BulkheadMaster
import BulkheadModel
import BulkheadRTMP
import BulkheadSRT
import Glibc
import SystemPackage

/// Makes destinations of what a broadcaster has written, and gives each the stream key that is meant for it.
enum DestinationWords {
    /// The variable of the environment that may hold a stream key.
    static let keyVariable = "BULKHEAD_STREAM_KEY"

    /// Stands before the address of another server for the destination before it, among those of `--to`.
    static let alternativeMark = "|"

    /// Whether a word is written like a destination, right or wrong: an address, as opposed to an input such as a file.
    static func isAddress(_ word: String) -> Bool {
        word.hasPrefix(alternativeMark) || word.hasPrefix("file:") || word.contains("://")
            || isAddressWithOneSlash(word)
    }

    /// Whether a word is `rtmp:/host/app` or `rtmps:host/app`, which are no addresses yet.
    static func isAddressWithOneSlash(_ word: String) -> Bool {
        let word = word.lowercased()
        return ["rtmp:", "rtmps:", "srt:"].contains { word.hasPrefix($0) && !word.hasPrefix($0 + "//") }
    }

    /// The destinations in their order, files with absolute paths: those of `to`, then those of `links`.
    ///
    /// Keys from files go to the RTMP servers whose address holds none, in order; a single one goes to all of them.
    /// The key of the environment is for what is left.
    /// - Throws: kind `usage`; nothing thrown repeats a key, nor an address that may hold one.
    static func destinations(
        _ words: BroadcastWords, environmentKey: String?
    ) throws(BroadcastError) -> [DestinationSettings] {
        let groups = try groups(words)
        guard !groups.isEmpty || !words.links.isEmpty || !words[.record].isEmpty || !words[.origin].isEmpty else {
            throw BroadcastError(
                .usage, "there is no destination", advice: "add --to rtmp://SERVER/APP/KEY or --to file:OUT.flv")
        }
        let authority = try words.last(.tlsCA).map { (path) throws(BroadcastError) in try authorityFile(path) } ?? ""
        var destinations: [DestinationSettings] = []
        for (index, group) in groups.enumerated() {
            var destination = try destination(group[0], number: index + 1, authority)
            for url in group.dropFirst() {
                let other = try self.destination(url, number: index + 1, authority)
                guard !other.isFile, !destination.isFile else {
                    throw BroadcastError(
                        .usage, "destination \(index + 1) can't choose between a file and others",
                        advice: "give the file a --to of its own")
                }
                destination.alternatives.append(
                    ServerSettings(url: other.url, tlsAuthorityFile: other.tlsAuthorityFile))
            }
            destinations.append(destination)
        }
        for link in words.links {
            destinations.append(try LinkPlan.destination(link, number: destinations.count + 1, authority))
        }
        for index in destinations.indices {
            let own = index < groups.count ? nil : words.links[index - groups.count]
            try LinkPlan.read(words, into: &destinations[index], number: index + 1, own: own)
        }
        try giveKeys(words[.streamKeyFile], environmentKey: environmentKey, to: &destinations)
        let keyless = destinations.firstIndex { $0.servers.contains { $0.streamKey.isEmpty && awaitsKey($0.url) } }
        if let index = keyless {
            throw BroadcastError(
                .usage, "destination \(index + 1) has no stream key",
                advice:
                    "give it with --stream-key-file, in \(keyVariable), or behind the application; end the address with "
                    + "# where there is none")
        }
        return destinations
    }

    /// The addresses of each destination, the first one first.
    private static func groups(_ words: BroadcastWords) throws(BroadcastError) -> [[String]] {
        var groups: [[String]] = []
        for word in words[.to] {
            if word.hasPrefix(alternativeMark), !groups.isEmpty {
                groups[groups.count - 1].append(String(word.dropFirst(alternativeMark.count)))
            } else {
                groups.append([word])
            }
        }
        guard !words[.or].isEmpty else { return groups }
        guard groups.count == 1 else {
            throw BroadcastError(
                .usage, "--or needs the destination that it is another server of", advice: "write --to URL --or URL")
        }
        groups[0] += words[.or]
        return groups
    }

    static func destination(
        _ url: String, number: Int, _ authority: String
    ) throws(BroadcastError) -> DestinationSettings {
        if url.hasPrefix("file:") {
            let path = String(url.dropFirst(url.hasPrefix("file://") ? 7 : 5))
            guard path.hasSuffix(".flv") || path.hasPrefix("/dev/") else {
                throw BroadcastError(
                    .usage, "the destination file \(path) is not named .flv, the one format that is written",
                    advice: "write --to file:OUT.flv")
            }
            return DestinationSettings(url: "file:" + FilePaths.absolute(path))
        }
        if url.lowercased().hasPrefix("srt://") {
            do throws(SRTAddressError) { _ = try SRTAddress(url) } catch {
                // A passphrase may still be given apart.
                guard error == .missingPassphrase else {
                    throw BroadcastError(
                        .usage, "destination \(number): \(error)",
                        advice: "write --to 'srt://SERVER:PORT?latency=120&passphrase=…&streamid=…'")
                }
            }
            return DestinationSettings(url: url)
        }
        let lowercased = url.lowercased()
        guard lowercased.hasPrefix("rtmp://") || lowercased.hasPrefix("rtmps://") else {
            // The word itself may hold a key behind a mistyped scheme.
            let start = url.firstRange(of: "://").map { "\(url[..<$0.lowerBound])://" }
            let problem =
                if isAddressWithOneSlash(url) { " has one slash behind the colon instead of two" } else {
                    " can't be broadcast to" + (start.map { ": it begins with \($0)" } ?? "")
                }
            throw BroadcastError(
                .usage, "destination \(number)\(problem)",
                advice: "a destination begins with rtmp://, rtmps://, srt:// or file:")
        }
        do throws(IngestTargetError) { _ = try IngestTarget(url) } catch {
            // A key may still be given apart.
            guard error == .missingKey else {
                throw BroadcastError(
                    .usage, "destination \(number): \(error)", advice: "write --to rtmp://SERVER/APP/KEY")
            }
        }
        return DestinationSettings(url: url, tlsAuthorityFile: lowercased.hasPrefix("rtmps://") ? authority : "")
    }

    private static func authorityFile(_ path: String) throws(BroadcastError) -> String {
        let absolute = FilePaths.absolute(path)
        if let problem = FilePaths.readingProblem(absolute) {
            throw BroadcastError(
                .usage, "the certificates \(path) can't be read: \(problem.phrase)", advice: "check --tls-ca")
        }
        return absolute
    }

    // MARK: keys

    private static func giveKeys(
        _ files: [String], environmentKey: String?, to destinations: inout [DestinationSettings]
    ) throws(BroadcastError) {
        // Each as the numbers of destination and server.
        func places(_ isMeant: (String) -> Bool) -> [(destination: Int, server: Int)] {
            destinations.indices.flatMap { index in
                destinations[index].servers.enumerated().filter { $1.streamKey.isEmpty && isMeant($1.url) }
                    .map { (destination: index, server: $0.offset) }
            }
        }
        var waiting = places(awaitsKey)
        guard !files.isEmpty else {
            guard let key = environmentKey, !key.isEmpty else { return }
            for place in waiting { destinations[place.destination].setKey(key, of: place.server) }
            return
        }
        if waiting.isEmpty {
            // These say that they have none; a file has the last word.
            waiting = places { $0.hasSuffix("#") }
        }
        guard !waiting.isEmpty else {
            throw BroadcastError(
                .usage, "--stream-key-file has a key for no destination: each holds one in its address",
                advice: "end the address after the application, with #: rtmp://SERVER/APP#")
        }
        guard files.count == 1 || files.count == waiting.count else {
            throw BroadcastError(
                .usage, "\(files.count) stream key files for \(waiting.count) destinations without a key",
                advice: "give one for all of them, or one for each in order")
        }
        for (position, place) in waiting.enumerated() {
            let key = try key(in: files[files.count == 1 ? 0 : position])
            destinations[place.destination].setKey(key, of: place.server)
        }
    }

    /// A key file's content without the line break at its end.
    static func key(in path: String) throws(BroadcastError) -> String {
        let text: String
        do throws(Errno) { text = try SmallFile.text(at: path, limit: 4096) } catch {
            throw BroadcastError(
                .usage, "the stream key file \(path) can't be read: \(error.phrase)", advice: "check --stream-key-file")
        }
        let key = text.trimmingSuffix { $0.isNewline || $0 == " " }
        guard !key.isEmpty, !key.contains(where: \.isNewline) else {
            throw BroadcastError(
                .usage, "the stream key file \(path) does not hold one line", advice: "write the key into it, alone")
        }
        return key
    }

    /// Whether an RTMP address ends after the application, or an SRT address leaves its passphrase out.
    private static func awaitsKey(_ url: String) -> Bool {
        if SRTAddress.isMeant(by: url) { return SRTAddress.awaitsPassphrase(url) }
        do throws(IngestTargetError) { _ = try IngestTarget(url) } catch { return error == .missingKey }
        return false
    }
}

extension DestinationSettings {
    /// Gives the server of that number, from 0, its key.
    mutating func setKey(_ key: String, of server: Int) {
        if server == 0 { streamKey = key } else { alternatives[server - 1].streamKey = key }
    }
}

extension StringProtocol {
    fileprivate func trimmingSuffix(_ isLeftOut: (Character) -> Bool) -> String {
        var text = self[...]
        while let last = text.last, isLeftOut(last) { text = text.dropLast() }
        return String(text)
    }
}
