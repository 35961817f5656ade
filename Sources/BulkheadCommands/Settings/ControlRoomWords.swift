import BulkheadModel
import Glibc

/// The words of a broadcast's own control room.
enum ControlRoomWords {
    private static let others: [BroadcastKey] = [
        .controlRoomPassword, .controlRoomLookPassword, .controlRoomTLSCert, .controlRoomTLSKey, .controlRoomClientCA,
        .controlRoomDrills,
    ]

    /// - Throws: kind `usage`: where others could come in without a password that the user has chosen, among others.
    static func read(_ words: BroadcastWords, into settings: inout BroadcastSettings) throws(BroadcastError) {
        guard let address = words.last(.controlRoom) else {
            for key in others where words.last(key) != nil && words.last(key) != "false" {
                _ = try words.located(key) { () throws(BroadcastError) -> Never in
                    throw BroadcastError(
                        .usage, "\(key.flag) is for a control room, and there is none",
                        advice: "add \(BroadcastKey.controlRoom.flag) 127.0.0.1:8087")
                }
            }
            return
        }
        var room = ControlRoomSettings(address)
        room.passwordPath = try path(.controlRoomPassword, words, takes: "one line, which only you may read")
        room.lookPasswordPath = try path(.controlRoomLookPassword, words, takes: "one line, which only you may read")
        room.clientAuthorityPath = try path(.controlRoomClientCA, words, takes: "certificates in PEM form")
        room.certificate = try certificate(words)
        if words.isOn(.controlRoomDrills) { room.allowsDrills = true }
        if room.clientAuthorityPath != nil, room.certificate == nil {
            throw BroadcastError(
                .usage, "\(BroadcastKey.controlRoomClientCA.flag) is for TLS, and there is none",
                advice: "add \(BroadcastKey.controlRoomTLSCert.flag) and \(BroadcastKey.controlRoomTLSKey.flag)")
        }
        try words.located(.controlRoom) { () throws(BroadcastError) in
            guard let listen = ListenAddress(address, anyHost: ListenAddress.everywhere) else {
                throw BroadcastError(
                    .usage, "\(BroadcastKey.controlRoom.flag) \"\(address)\" is no address to listen at",
                    advice: "write an address and a port, as 127.0.0.1:8087")
            }
            guard listen.isLoopback || room.passwordPath != nil || room.clientAuthorityPath != nil else {
                throw BroadcastError(
                    .usage,
                    "\(BroadcastKey.controlRoom.flag) \(address) can be reached from elsewhere, which needs a password",
                    advice: "name its file with \(BroadcastKey.controlRoomPassword.flag), or listen at 127.0.0.1")
            }
        }
        settings.controlRoom = room
    }

    private static func certificate(_ words: BroadcastWords) throws(BroadcastError) -> CertificateFiles? {
        let certificate = try path(.controlRoomTLSCert, words, takes: "a certificate in PEM form")
        let key = try path(.controlRoomTLSKey, words, takes: "a private key in PEM form")
        guard let certificate, let key else {
            guard certificate == nil, key == nil else {
                throw BroadcastError(
                    .usage,
                    "\(BroadcastKey.controlRoomTLSCert.flag) and \(BroadcastKey.controlRoomTLSKey.flag) go together",
                    advice: "name both files, or neither")
            }
            return nil
        }
        return CertificateFiles(certificate: certificate, key: key)
    }

    /// The absolute path of a file that can be read; nil where none is named.
    private static func path(
        _ key: BroadcastKey, _ words: BroadcastWords, takes content: String
    ) throws(BroadcastError) -> String? {
        try words.located(key) { () throws(BroadcastError) in
            guard let text = words.last(key) else { return nil }
            let path = FilePaths.absolute(text)
            guard access(path, R_OK) == 0 else {
                throw BroadcastError(
                    .usage, "\(key.flag) \"\(path)\" can't be read: \(String(cString: strerror(errno)))",
                    advice: "it takes a file with \(content)")
            }
            return path
        }
    }
}
