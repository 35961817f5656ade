import BulkheadModel
import Glibc

/// The words of a broadcast's own control room.
enum ControlRoomWords {
    /// - Throws: kind `usage`: where others could come in without a password that the user has chosen, among others.
    static func read(_ words: BroadcastWords, into settings: inout BroadcastSettings) throws(BroadcastError) {
        settings.controlRoom = try words.located(.controlRoom) { () throws(BroadcastError) in
            guard let text = words.last(.controlRoom) else { return nil }
            guard let address = ListenAddress(text, anyHost: ListenAddress.everywhere) else {
                throw BroadcastError(
                    .usage, "\(BroadcastKey.controlRoom.flag) \"\(text)\" is no address to listen at",
                    advice: "write an address and a port, as 127.0.0.1:8087")
            }
            guard address.isLoopback || words.last(.controlRoomPassword) != nil else {
                throw BroadcastError(
                    .usage,
                    "\(BroadcastKey.controlRoom.flag) \(text) can be reached from elsewhere, which needs a password",
                    advice: "name its file with \(BroadcastKey.controlRoomPassword.flag), or listen at 127.0.0.1")
            }
            return text
        }
        settings.controlRoomPasswordPath = try words.located(.controlRoomPassword) { () throws(BroadcastError) in
            guard let text = words.last(.controlRoomPassword) else { return nil }
            let path = FilePaths.absolute(text)
            guard settings.controlRoom != nil else {
                throw BroadcastError(
                    .usage, "\(BroadcastKey.controlRoomPassword.flag) is for a control room, and there is none",
                    advice: "add \(BroadcastKey.controlRoom.flag) 127.0.0.1:8087")
            }
            guard access(path, R_OK) == 0 else {
                throw BroadcastError(
                    .usage,
                    "\(BroadcastKey.controlRoomPassword.flag) \"\(path)\" can't be read: \(String(cString: strerror(errno)))",
                    advice: "it takes a file with one line, which only you may read")
            }
            return path
        }
    }
}
