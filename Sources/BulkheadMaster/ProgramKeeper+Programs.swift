import BulkheadChildren
import BulkheadControl
import BulkheadEvents
import BulkheadModel
import BulkheadRoom
import BulkheadSystem

extension ProgramKeeper {
    /// Keeps a switch: `bulkhead switch run`. Its events become the broadcast's own; its state is in its own file, so that one
    /// that dies goes on where it was.
    /// - Parameters:
    ///   - path: of the switch's configuration file.
    ///   - controlPath: the control socket of the broadcast's master.
    static func `switch`(
        _ path: String, controlPath: String, trusted: TrustedChildren, in context: RoomContext
    ) -> ProgramKeeper {
        func tell(_ words: String) { context.post(.switch(name: "switch"), .switch(.trouble(text: words))) }
        let arguments = ["switch", "run", "--json", "--config", path, "--broadcast", "unix:\(controlPath)"]
        // The same program, whatever became of its file.
        return ProgramKeeper("/proc/self/exe", arguments, trusted: trusted, in: context) { line in
            guard let event = try? JSONLine.decode(Event.self, from: line) else { return false }
            // It speaks for itself alone.
            guard event.part.role == .switch, case .switch = event.happening else { return true }
            context.post(event.part, event.happening)
            return true
        } onTrouble: { trouble in
            switch trouble {
            case .notStarted(let error): tell("it can't be started: \(error)")
            case .ended(let end, let words):
                tell("the switch has ended (\(end)), and is started again" + (words.isEmpty ? "" : ": \(words)"))
            }
        }
    }

    private struct ControlRoomLine: Decodable {
        struct Values: Decodable { let address: String? }

        let event: String
        let values: Values
    }

    /// Keeps a control room: `bulkhead-control`.
    /// - Parameters:
    ///   - wanted: where it listens, and who may come in.
    ///   - controlPath: the control socket of the broadcast's master.
    static func controlRoom(
        _ wanted: ControlRoomSettings, controlPath: String, trusted: TrustedChildren, in context: RoomContext
    ) -> ProgramKeeper {
        var arguments = ["--json", "--listen", wanted.address, "--attach", "unix:\(controlPath)"]
        let files = [
            ("--password-file", wanted.passwordPath), ("--look-password-file", wanted.lookPasswordPath),
            ("--tls-cert", wanted.certificate?.certificate), ("--tls-key", wanted.certificate?.key),
            ("--client-ca", wanted.clientAuthorityPath),
        ]
        for case (let flag, let path?) in files { arguments += [flag, path] }
        if wanted.allowsDrills == true { arguments.append("--allow-drills") }
        let path = context.programs.path(of: "bulkhead-control")
        return ProgramKeeper(path, arguments, trusted: trusted, in: context) { line in
            guard let said = try? JSONLine.decode(ControlRoomLine.self, from: line) else { return false }
            if said.event == "control.ready", let address = said.values.address {
                context.post(.master, .master(.controlRoomReady(address: String(address.prefix(300)))))
            }
            return true
        } onTrouble: { trouble in
            let text =
                switch trouble {
                case .notStarted(let error): "it can't be started: \(error)"
                case .ended(let end, let words): words.isEmpty ? end : words
                }
            context.post(.master, .master(.controlRoomEnded(text: text)))
        }
    }
}
