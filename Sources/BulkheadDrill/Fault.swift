package import BulkheadChildRuntime
package import BulkheadModel
package import BulkheadRTMP
import BulkheadWire
import Glibc

/// One fault of a drill: what is done to which part, and when.
package struct Fault: Hashable, Sendable, CustomStringConvertible {
    package enum Part: String, Hashable, Sendable, CaseIterable {
        case encoder, standby, source, mixer, recorder, plugins, chat, server, disk

        /// A child of the master's, which can be signalled.
        package var isChild: Bool { self != .server && self != .disk }

        /// Whether a part of a broadcast is one that this fault can be done to; of `link` alone where it is a server, of `input`
        /// alone where it is a source.
        package func isPart(_ part: BulkheadModel.Part, link: Int? = nil, input: Int? = nil) -> Bool {
            switch self {
            case .encoder: part.role == .encoder && part.duty == .onAir
            case .standby: part.role == .encoder && (part.duty == .standby || part.duty == .twin)
            case .source: part.role == .source && (input == nil || part.id == input)
            // One that hangs has changed places with the standby by the time it is ended.
            case .mixer: part.role == .mixer
            case .recorder: part.role == .recorder
            case .plugins: part.role == .pluginHost && part.duty == .onAir
            // The process, and the connection that it holds.
            case .chat: part.role == .chat || part.role == .channel
            case .server: part.role == .link && (link == nil || part.id == link)
            case .disk: part.role == .link || part.role == .recording
            }
        }
    }

    package enum Kind: Hashable, Sendable {
        /// A signal to the child's process.
        case signal(Signal)
        /// Something that the child does to itself, armed through its environment.
        case armed(ArmedFaults.Kind)
        /// The server is killed, and started again at once.
        case serverKill
        /// The server is ended, and started again after so many milliseconds.
        case serverStop(milliseconds: Int)
        /// The server stands still for so many milliseconds.
        case serverHang(milliseconds: Int)
        /// The server counts in its acknowledgements as some do, from then on.
        case serverAcknowledgements(AcknowledgementHabit)
        /// The path to the server does something for so many milliseconds.
        case path(PathFault, milliseconds: Int)
        /// The connections to the chat server are reset.
        case chatReset
        /// The chat server announces that it leaves.
        case chatLeaves
        /// A disk is filled to the last byte: that of a link's file for good, or that of a recording for so many milliseconds.
        case diskFull(milliseconds: Int?)
        /// The disk of a recording does something, for so many milliseconds or for good.
        case disk(DiskFault, milliseconds: Int?)
    }

    /// What the path to a server does, or the server behind it, as the publisher sees it.
    package enum PathFault: String, Hashable, Sendable, CaseIterable {
        /// Nothing is taken any more; the connection stays.
        case stall
        /// Nothing comes through, and nothing is answered.
        case blackhole
        /// Connections are reset, and new ones refused.
        case refuse
        /// Less comes through than the stream brings.
        case slow
    }

    /// What the disk of a recording does.
    package enum DiskFault: String, Hashable, Sendable, CaseIterable {
        /// What this user may write is used up.
        case quota
        /// Nothing can be written or read any more.
        case eio
        /// The file system has found an error and takes nothing any more.
        case readonly
        /// No call comes back.
        case hang
        /// A call takes up to two thirds of a second.
        case slow
        /// It is taken away.
        case gone

        /// It is well again after a time.
        package var passes: Bool { self == .quota || self == .hang || self == .slow }
    }

    package enum Signal: String, Hashable, Sendable, CaseIterable {
        case kill, segv, abrt, bus, ill, fpe, term
        /// The process stands still: SIGSTOP.
        case hang

        var number: Int32 {
            switch self {
            case .kill: SIGKILL
            case .segv: SIGSEGV
            case .abrt: SIGABRT
            case .bus: SIGBUS
            case .ill: SIGILL
            case .fpe: SIGFPE
            case .term: SIGTERM
            case .hang: SIGSTOP
            }
        }
    }

    package enum Moment: Hashable, Sendable, CustomStringConvertible {
        /// When the broadcast's timeline has come to this frame.
        case frame(Int)
        /// On air for so long.
        case seconds(Double)

        /// Seconds on air at `rate` frames a second.
        package func seconds(at rate: Double) -> Double {
            switch self {
            case .frame(let number): Double(number) / rate
            case .seconds(let seconds): seconds
            }
        }

        /// Whole milliseconds, without zeros at the end: `5`, `2.5`, `1.075`.
        private static func decimal(_ seconds: Double) -> String {
            let milliseconds = Int((seconds * 1000).rounded())
            let fraction = "\(1000 + milliseconds % 1000)".dropFirst()
            let digits = fraction.reversed().drop { $0 == "0" }.reversed()
            return digits.isEmpty ? "\(milliseconds / 1000)" : "\(milliseconds / 1000).\(String(digits))"
        }

        package var description: String {
            switch self {
            case .frame(let number): "frame=\(number)"
            case .seconds(let seconds): "\(Self.decimal(seconds))s"
            }
        }
    }

    /// A server that goes away, or whose path does, may take the connection with it.
    package var mayEndConnection: Bool {
        if case .serverAcknowledgements = kind { false } else { part == .server }
    }

    package let part: Part
    package let kind: Kind
    package let moment: Moment
    /// Which of the drill's links, from 1, the server of a server's fault belongs to.
    package let link: Int
    /// Which input's source, from 1; nil for whichever is there.
    package let input: Int?

    package init(_ part: Part, _ kind: Kind, _ moment: Moment, link: Int = 1, input: Int? = nil) {
        self.input = input
        self.part = part
        self.kind = kind
        self.moment = moment
        self.link = link
    }

    /// How many links a drill can have.
    package static let links = 1...16

    /// Reads `encoder:kill@frame=300`, `plugins:slow=500ms@5s`, `server:stop=3s@12s`, `server:blackhole@5s,link=2`,
    /// `disk:full@14s`.
    /// - Throws: kind `usage`, saying what is accepted.
    package init(_ word: String) throws(BroadcastError) {
        let halves = word.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2 else {
            throw BroadcastError(
                .usage, "--fault \(word) has no moment", advice: "write PART:KIND@frame=300 or PART:KIND@5s")
        }
        let names = halves[0].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let place = names[0].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let part = place.first.flatMap({ Part(rawValue: String($0)) }), names.count == 2 else {
            throw BroadcastError(
                .usage, "--fault \(word) names no part",
                advice:
                    "write PART:KIND@MOMENT, the part one of \(Part.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.part = part
        kind = try Self.kind(String(names[1]), of: part)
        input = place.count == 2 ? try Self.input(place[1], word, part, kind) : nil
        let places = halves[1].split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
        moment = try Self.moment(String(places[0]))
        link = places.count == 2 ? try Self.link(places[1], word, part) : 1
    }

    private static func input(
        _ text: Substring, _ word: String, _ part: Part, _ kind: Kind
    ) throws(BroadcastError) -> Int {
        guard part == .source, let number = Int(text), (1...SettingRange.mostInputs).contains(number) else {
            throw BroadcastError(
                .usage, "--fault \(word) names no input", advice: "write source=1:KIND@MOMENT, with the input's number")
        }
        guard case .signal = kind else {
            throw BroadcastError(
                .usage,
                "--fault \(word) can't be aimed at one input: a source takes what is armed when it comes to its frame",
                advice: "write source:KIND@MOMENT, or a signal such as kill or hang")
        }
        return number
    }

    private static func link(_ text: Substring, _ word: String, _ part: Part) throws(BroadcastError) -> Int {
        guard text.hasPrefix("link="), let number = Int(text.dropFirst("link=".count)), links.contains(number) else {
            throw BroadcastError(
                .usage, "--fault \(word) names no link", advice: "write link=1 to link=\(links.upperBound)")
        }
        guard part == .server else {
            throw BroadcastError(
                .usage, "--fault \(word) names a link, and \(part.rawValue) belongs to none",
                advice: "leave ,link=\(number) out, or write server:kill")
        }
        return number
    }

    private static func kind(_ text: String, of part: Part) throws(BroadcastError) -> Kind {
        let words = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let name = words.first ?? ""
        let value = words.count == 2 ? words[1] : nil
        func span(_ standard: Int) throws(BroadcastError) -> Int {
            guard let value else { return standard }
            guard let span = TimeSpan(value), span.seconds <= 60 else {
                throw BroadcastError(
                    .usage, "\"\(value)\" is no time up to a minute for \(part.rawValue):\(name)",
                    advice: "write it like \(name)=500ms")
            }
            return Int((span.seconds * 1000).rounded())
        }
        let isPath = PathFault(rawValue: name) != nil
        let takesValue =
            name == "slow" && part != .chat || part == .chat && Self.chatPaths.contains(name)
            || part == .server && (isPath || ["stop", "hang", "acks"].contains(name))
            || part == .disk && (name == "full" || DiskFault(rawValue: name)?.passes == true)
        guard value == nil || takesValue else { throw unknown(text, part) }
        switch (part, name) {
        case (.server, "kill"): return .serverKill
        case (.server, "restart"): return .serverStop(milliseconds: 0)
        case (.server, "stop"): return .serverStop(milliseconds: try span(3000))
        case (.server, "hang"): return .serverHang(milliseconds: try span(3000))
        case (.server, "acks"):
            guard let habit = value.flatMap(AcknowledgementHabit.init(rawValue:)), habit != .cumulative else {
                throw unknown(text, part)
            }
            return .serverAcknowledgements(habit)
        case (.server, _) where isPath:
            guard let fault = PathFault(rawValue: name) else { throw unknown(text, part) }
            return .path(fault, milliseconds: try span(3000))
        case (.disk, "full"): return .diskFull(milliseconds: value == nil ? nil : try span(3000))
        case (.disk, _):
            guard let fault = DiskFault(rawValue: name) else { throw unknown(text, part) }
            return .disk(fault, milliseconds: fault.passes ? try span(fault == .slow ? 6000 : 3000) : nil)
        case (.server, _): throw unknown(text, part)
        case (.chat, "reset"): return .chatReset
        case (.chat, "reconnect"): return .chatLeaves
        case (.chat, _):
            if let fault = PathFault(rawValue: name), chatPaths.contains(name) {
                return .path(fault, milliseconds: try span(3000))
            }
            guard let signal = Signal(rawValue: name) else { throw unknown(text, part) }
            return .signal(signal)
        case (_, "slow"): return .armed(.slow(milliseconds: UInt32(try span(500))))
        case (.standby, _):
            guard let signal = Signal(rawValue: name) else { throw unknown(text, part) }
            return .signal(signal)
        default:
            if let signal = Signal(rawValue: name) { return .signal(signal) }
            guard let armed = ArmedFaults.Kind(name), armed != .freeze || part == .encoder else {
                throw unknown(text, part)
            }
            return .armed(armed)
        }
    }

    /// What the path to the chat server can do.
    private static let chatPaths = [PathFault.blackhole.rawValue, PathFault.refuse.rawValue]

    private static let habits = AcknowledgementHabit.allCases.filter { $0 != .cumulative }.map(\.rawValue)

    private static func unknown(_ text: String, _ part: Part) -> BroadcastError {
        let signals = Signal.allCases.map(\.rawValue).joined(separator: ", ")
        let kinds =
            switch part {
            case .server:
                "kill, restart, stop[=TIME], hang[=TIME], stall[=TIME], blackhole[=TIME], refuse[=TIME], slow[=TIME], "
                    + Self.habits.map { "acks=\($0)" }.joined(separator: ", ")
            case .disk: "full[=TIME], quota[=TIME], eio, readonly, hang[=TIME], slow[=TIME], gone"
            case .chat: "\(signals), reset, reconnect, blackhole[=TIME], refuse[=TIME]"
            case .standby: signals
            case .encoder: signals + ", trap, exit, garbage, leak, flood, loot, freeze, slow[=TIME]"
            case .source, .mixer, .recorder, .plugins: signals + ", trap, exit, garbage, leak, flood, loot, slow[=TIME]"
            }
        return BroadcastError(
            .usage, "--fault can't do \"\(text)\" to \(part.rawValue)", advice: "for \(part.rawValue) it knows \(kinds)"
        )
    }

    private static func moment(_ text: String) throws(BroadcastError) -> Moment {
        if text.hasPrefix("frame=") {
            guard let number = UInt32(text.dropFirst("frame=".count)) else {
                throw BroadcastError(.usage, "\"\(text)\" names no frame", advice: "write it like @frame=300")
            }
            return .frame(Int(number))
        }
        guard let span = TimeSpan(text) else {
            throw BroadcastError(.usage, "\"\(text)\" is no moment", advice: "write @frame=300, @5s or @2.5s")
        }
        return .seconds(span.seconds)
    }

    package var description: String {
        "\(part.rawValue)\(input.map { "=\($0)" } ?? ""):\(kindText)@\(moment)" + (link == 1 ? "" : ",link=\(link)")
    }

    private var kindText: String {
        switch kind {
        case .signal(let signal): signal.rawValue
        case .armed(.slow(let milliseconds)): "slow=\(milliseconds)ms"
        case .armed(let kind): "\(kind)"
        case .chatReset: "reset"
        case .chatLeaves: "reconnect"
        case .serverKill: "kill"
        case .serverStop(0): "restart"
        case .serverStop(let milliseconds): "stop=\(milliseconds)ms"
        case .serverHang(let milliseconds): "hang=\(milliseconds)ms"
        case .serverAcknowledgements(let habit): "acks=\(habit.rawValue)"
        case .path(let fault, let milliseconds): "\(fault.rawValue)=\(milliseconds)ms"
        case .diskFull(let milliseconds?): "full=\(milliseconds)ms"
        case .diskFull(nil): "full"
        case .disk(let fault, let milliseconds?): "\(fault.rawValue)=\(milliseconds)ms"
        case .disk(let fault, nil): fault.rawValue
        }
    }

    /// The fault as the environment of the children names it, with the frame at `rate`; nil for all others.
    package func armedWord(rate: Double) -> String? {
        guard case .armed(let kind) = kind else { return nil }
        let role = part == .plugins ? "plugin-host" : part.rawValue
        let frame: Int
        switch moment {
        case .frame(let number): frame = number
        case .seconds(let seconds): frame = Int((seconds * rate).rounded())
        }
        let text = if case .slow(let milliseconds) = kind { "slow=\(milliseconds)" } else { "\(kind)" }
        return "\(role):\(text)@\(frame)"
    }
}
