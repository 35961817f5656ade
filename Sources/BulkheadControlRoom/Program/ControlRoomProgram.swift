package import ArgumentParser
import BulkheadHTTP
import BulkheadModel
import BulkheadSystem
import BulkheadWire
import Glibc
import NIOCore

/// The program `bulkhead-control`, which `bulkhead control` becomes.
package struct ControlRoomProgram: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "bulkhead control",
        abstract: "Look at a broadcast and steer it: a page, metrics, obs-websocket.",
        discussion: """
            One port has it all: a page for browsers and phones at /, metrics for Prometheus at /metrics, the state and events \
            as JSON at /api/status and /api/events, and obs-websocket 5 for stream decks and phone apps. It speaks to the \
            broadcast's control socket alone: its death costs the broadcast nothing. Ends with Control-C.
            """,
        version: "bulkhead-control \(BulkheadVersion.build)")

    @Option(help: "The address and port to listen on; port 0 chooses a free one.")
    var listen = "127.0.0.1:8087"

    @Option(help: ArgumentHelp("The control socket of the broadcast, unix:PATH.", valueName: "address"))
    var attach: String

    @Option(
        help: ArgumentHelp(
            "A file with the password, of this user alone (default: one that is made, ~/.local/state/bulkhead/control-password).",
            valueName: "path"))
    var passwordFile: String?

    @Flag(help: "Ask for no password. Only on an address of this computer itself.")
    var noPassword = false

    @Option(
        help: ArgumentHelp(
            "A name by which the control room may be asked for, besides addresses and localhost; may be repeated.",
            valueName: "name"))
    var hostName: [String] = []

    @Option(
        help: ArgumentHelp(
            "A file with another password, for those who may look and change nothing.", valueName: "path"))
    var lookPasswordFile: String?

    @Option(
        help: ArgumentHelp(
            "A certificate in PEM form, with those between it and a root behind it: HTTPS in place of HTTP.",
            valueName: "path"))
    var tlsCert: String?

    @Option(help: ArgumentHelp("The certificate's private key in PEM form.", valueName: "path"))
    var tlsKey: String?

    @Option(
        help: ArgumentHelp(
            "An authority's certificate in PEM form: who shows one of its certificates comes in without a password; without --password-file nobody else may steer.",
            valueName: "path"))
    var clientCA: String?

    @Flag(help: "Let those who steer kill and freeze processes of the broadcast, as drills.")
    var allowDrills = false

    @Flag(help: "Write one JSON object for each event instead of sentences.")
    var json = false

    package init() {}

    package func validate() throws {
        guard ListenAddress(listen, anyHost: ListenAddress.everywhere) != nil else {
            throw ValidationError("--listen wants an address and a port, such as 127.0.0.1:8087 or :8087")
        }
        guard attach.hasPrefix("unix:"), attach.count > "unix:".count else {
            throw ValidationError(
                "--attach wants the address of a control socket, such as unix:/run/user/1000/show.sock")
        }
        guard !noPassword || passwordFile == nil else {
            throw ValidationError("--no-password and --password-file exclude each other")
        }
        guard !noPassword || lookPasswordFile == nil else {
            throw ValidationError("--look-password-file is of no use with --no-password: leave one of them out")
        }
        guard (tlsCert == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-cert and --tls-key go together: name both files")
        }
        guard clientCA == nil || tlsCert != nil else {
            throw ValidationError("--client-ca is for TLS: add --tls-cert and --tls-key")
        }
        guard clientCA == nil || !noPassword else {
            throw ValidationError(
                "--no-password lets everybody in, and --client-ca is for those whom it lets in: leave one out")
        }
    }

    package func run() async throws {
        guard let address = ListenAddress(listen, anyHost: ListenAddress.everywhere) else { return }
        let (password, passwordPath) = try password(for: address)
        let lookPassword = try lookPassword(besides: password)
        let interruptions = Interruptions()
        let path = String(attach.dropFirst("unix:".count))
        let room = ControlRoom(path: path)
        let tls = try readTLS()
        let server: RoomServer
        do {
            let screen = try await ProgramScreen(path: path)
            server = try await RoomServer(
                address, room: room, screen: screen,
                gate: Gatekeeper(
                    password: password, lookPassword: lookPassword, isOpen: noPassword, allowsDrills: allowDrills,
                    names: hostName),
                tls: tls)
        } catch {
            throw StartError(
                "\(listen) can't be listened on: \(Self.phrase(error)); choose another --listen",
                isOfSettings: false)
        }
        let host = address.host == ListenAddress.everywhere ? "127.0.0.1" : address.host
        let place = "http\(tlsCert == nil ? "" : "s")://\(host.contains(":") ? "[\(host)]" : host):\(server.port)/"
        let hint = passwordPath.map { ", the password is in \($0)" } ?? ""
        tell("control.ready", "Ready: \(place)\(hint)", ["address": place])
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in interruptions.signals { return }
            }
            group.addTask { try? await server.run() }
            group.addTask { await room.run() }
            // The first that ends is the signal's.
            await group.next()
            group.cancelAll()
            // The feed's thread may wait for the master for ever: the process ends without it.
            tell("control.stopped", "Stopped.", [:])
            Glibc.exit(EXIT_SUCCESS)
        }
    }

    private func lookPassword(besides password: String?) throws(StartError) -> String? {
        guard let lookPasswordFile else { return nil }
        let own = try RoomPassword.read(lookPasswordFile)
        guard own != password else {
            throw StartError(
                "the password in \(lookPasswordFile) is also the one that lets people steer: choose another")
        }
        return own
    }

    private func readTLS() throws(StartError) -> ServerTLS? {
        guard let tlsCert, let tlsKey else { return nil }
        do throws(CertificateFailure) {
            return try ServerTLS(
                CertificateFiles(certificate: tlsCert, key: tlsKey), clientAuthority: clientCA,
                tell: { Self.write($0, to: STDERR_FILENO) })
        } catch {
            throw StartError(
                "the certificate or key \(error.path) can't be used: \(error.reason); name files in PEM form that belong together"
            )
        }
    }

    /// - Throws: where others could come in without a password that the user has chosen.
    private func password(for address: ListenAddress) throws(StartError) -> (password: String?, path: String?) {
        if let passwordFile { return (try RoomPassword.read(passwordFile), passwordFile) }
        // A certificate is the way in.
        if clientCA != nil { return (nil, nil) }
        guard address.isLoopback else {
            throw StartError(
                "\(listen) can be reached from elsewhere, which needs a password of yours: name its file with --password-file, or listen at 127.0.0.1"
            )
        }
        if noPassword { return (nil, nil) }
        let own = try RoomPassword.own()
        return (own.password, own.path)
    }

    private static func phrase(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return String(cString: strerror(error.errnoCode)).lowercased()
    }

    private struct Line: Encodable {
        let event: String
        let text: String
        let values: [String: String]
    }

    private func tell(_ event: String, _ text: String, _ values: [String: String]) {
        let line = json ? JSONLine.text(Line(event: event, text: text, values: values)) ?? "" : text
        Self.write(line, to: STDOUT_FILENO)
    }

    /// Runs to the end of the command; the result is the exit code.
    package static func run(_ arguments: [String] = Array(ProgramArguments.all.dropFirst())) async -> CInt {
        ProcessSetup.silenceDispatch()
        ProcessSetup.ignoreWriteSignals()
        ProcessSetup.occupyStandardDescriptors()
        do {
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                // The help, which is asked for.
                try command.run()
            }
            return EXIT_SUCCESS
        } catch let error as StartError {
            write("bulkhead control: \(error)", to: STDERR_FILENO)
            return error.exitCode
        } catch {
            let code = exitCode(for: error).rawValue
            if code == 0 {
                print(fullMessage(for: error))
            } else {
                let line = message(for: error).split(separator: "\n").first ?? ""
                write(
                    "bulkhead control: \(line.prefix(1).lowercased())\(line.dropFirst()); see bulkhead control --help",
                    to: STDERR_FILENO)
            }
            return code
        }
    }

    private static func write(_ line: String, to descriptor: CInt) {
        var line = line.map { $0.isNewline ? " " : $0 }.map(String.init).joined() + "\n"
        line.withUTF8 { _ = Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}
