package import BulkheadModel

/// Says a failure to a person at a command line: the advice that names flags and commands is made here.
package enum ErrorText {
    /// What is wrong and what to do about it: one lowercase phrase.
    package static func text(_ error: BroadcastError) -> String {
        let advice = advice(error)
        return advice.isEmpty ? error.problem : "\(error.problem); \(advice)"
    }

    /// What to do about a failure; empty when nothing is known.
    package static func advice(_ error: BroadcastError) -> String {
        func value(_ name: String, _ otherwise: String) -> String { error.parameters[name] ?? otherwise }
        switch error.code {
        case .noMaster: return "start one with: bulkhead master --listen \(value("address", "unix:PATH"))"
        case .broadcastRunning: return "stop it first with: bulkhead stop --attach \(value("address", "unix:PATH"))"
        case .takesNoBroadcast: return "start one that does with: bulkhead master --listen unix:PATH"
        case .noControlSocket: return "name one with --control unix:PATH"
        case .tooFewDescriptors: return "raise the limit: ulimit -n \(value("needed", "NUMBER"))"
        case .settingOutOfRange: return "use the bulkhead command of the master's version"
        case .version, .unknownRequest, .badRequest, .unreadableReply:
            return "use the bulkhead command of the master's version"
        case .noLevel where error.parameters["fps"] != nil: return "choose a smaller --size or fewer --fps"
        case .noProgram: return "reinstall Bulkhead, or name the folder of its helpers with --libexec"
        case .lastLink: return "add another one first, or end the broadcast with: bulkhead stop"
        case .unknownFormat: return "name the format with --input-format if it has no header to go by"
        case .unknownPlugin: return "list all with: bulkhead plugin list"
        case .noAnswer: return "it may be stopped: look at it with ps and strace"
        case .tlsFailed: return "check the server's certificate, or name its authority with --tls-ca"
        default: return error.advice
        }
    }
}
