import BulkheadControl
import BulkheadModel
import Glibc

/// Sockets of a master for groups of users.
enum GroupDoors {
    static func doors(_ words: BroadcastWords) throws(BroadcastError) -> [ControlDoor] {
        var doors: [ControlDoor] = []
        for (key, role) in [(BroadcastKey.controlLook, ControlRole.look), (.controlSteer, .steer)] {
            let door = try words.located(key) { () throws(BroadcastError) in
                try words.last(key).map { (name) throws(BroadcastError) in try self.door(role, name, flag: key.flag) }
            }
            if let door { doors.append(door) }
        }
        return doors
    }

    /// The socket for `role` of the group `name`, which may be its number.
    /// - Throws: kind `usage`, naming `flag`, where there is no such group.
    static func door(_ role: ControlRole, _ name: String, flag: String) throws(BroadcastError) -> ControlDoor {
        if let number = number(of: name) ?? UInt32(name), number != .max {
            return ControlDoor(role: role, group: number)
        }
        throw BroadcastError(
            .usage, "\(flag) \"\(name)\": there is no such group", advice: "make it with groupadd, or name another one")
    }

    private static func number(of name: String) -> UInt32? {
        var room = 1024
        while room <= 1 << 20 {
            var buffer = [CChar](repeating: 0, count: room)
            var entry = group()
            var found: UnsafeMutablePointer<group>?
            let error = getgrnam_r(name, &entry, &buffer, buffer.count, &found)
            if error == 0 { return found == nil ? nil : entry.gr_gid }
            guard error == ERANGE else { return nil }
            room *= 4
        }
        return nil
    }
}
