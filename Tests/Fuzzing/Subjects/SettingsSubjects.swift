import BulkheadCommands
import BulkheadControl
import BulkheadMaster
import BulkheadModel
import BulkheadRTMP
import BulkheadSystem

extension FuzzSubject {
    /// Configuration files, and the settings made of them.
    static let configuration = FuzzSubject(name: "configuration", maximumByteCount: 4096) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        let words: BroadcastWords
        do throws(BroadcastError) { words = try ConfigurationFile.words(in: text, named: "fuzz.yaml") } catch {
            return try checkPhrase(error)
        }
        for key in BroadcastKey.allCases where key.isSwitch {
            try rule(["", "true", "false"].contains(words[key].last ?? ""), "a switch is neither on nor off")
        }
        _ = try? SettingWords.change(words.keys.flatMap { key in words[key].map { "\(key.rawValue)=\($0)" } })
        for word in words[.to] + words[.input] { _ = try? IngestTarget(word).description }
        var safe = words
        // These two would be opened and read.
        safe[.streamKeyFile] = []
        safe[.tlsCA] = []
        let plan: BroadcastPlan
        do throws(BroadcastError) { plan = try BroadcastPlan(safe, environmentKey: "key") } catch {
            return try checkPhrase(error)
        }
        try checkRoundTrip(ControlRequest.broadcast(plan.settings))
    }

    /// Lines on the control socket, from either side, and what is shown of them.
    static let control = FuzzSubject(name: "control", maximumByteCount: 8192) { bytes in
        if let line = try? JSONLine.decode(ControlLine<ControlRequest>.self, from: bytes) { try checkRoundTrip(line) }
        try checkSession(bytes)
        if let line = try? JSONLine.decode(ControlLine<ControlReply>.self, from: bytes) {
            try checkRoundTrip(line)
            if case .event(let event) = line.content {
                for line in [EventLine.short(event, colours: false), EventLine.log(event)] { try checkPlain(line) }
            }
        }
        let text = String(decoding: bytes, as: UTF8.self)
        try checkPlain(EventLine.clean(text))
        for value in [BitRate(text)?.description].compactMap({ $0 }) {
            try rule(BitRate(value)?.description == value, "a bitrate is another one when it is written and read")
        }
        if let span = TimeSpan(text) { try rule((0...366 * 86_400).contains(span.seconds), "a span is too long") }
    }

    /// A client's bytes mean the same, whole and one at a time, and a client that goes too far is not listened to.
    private static func checkSession(_ bytes: [UInt8]) throws {
        let all = JSONLine.encode(ControlGreeting()) + bytes
        let now = MonotonicTime(nanoseconds: 0)
        var whole = ControlSession()
        var bytewise = ControlSession()
        let actions = whole.receive(all, at: now)
        try rule(all.flatMap { bytewise.receive([$0], at: now) } == actions, "lines depend on how they arrive")
        for action in actions.dropLast() {
            if case .disconnect = action { try rule(false, "a conversation goes on behind its end") }
        }
    }

    private static func checkRoundTrip<Value: Codable>(_ value: Value) throws {
        let line = JSONLine.encode(value)
        try rule(line.last == 0x0A && line.dropLast().allSatisfy { $0 != 0x0A }, "a value is not written as one line")
        try rule(
            JSONLine.encode(try JSONLine.decode(Value.self, from: line.dropLast())) == line,
            "a value is another one when it is written and read")
    }

    private static func checkPhrase(_ error: BroadcastError) throws {
        try rule(!error.description.isEmpty, "an error says nothing")
    }

    /// No control character of ASCII or Latin 1 is left.
    private static func checkPlain(_ line: String) throws {
        try rule(
            line.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) },
            "a line for a person holds control characters")
    }
}
