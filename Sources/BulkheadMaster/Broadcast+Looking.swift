import BulkheadControl
import BulkheadInputs
import BulkheadMedia
import BulkheadModel
import BulkheadOutputs
import Glibc

extension Broadcast {
    /// Gives a connection of the control socket the program, until it ends or ``hide(from:)``.
    /// - Parameter tell: does not wait.
    func show(to connection: Int, tell: @escaping (Outputs.ProgramNews) -> Void) {
        rooms.outputs.show(to: connection, tell: tell)
    }

    /// The connection has gone.
    func hide(from connection: Int) { rooms.outputs.hide(from: connection) }

    /// Small pictures of the inputs that have given any; newer ones are made, to be had the next time.
    func thumbnails() -> [Thumbnail] {
        rooms.inputs.thumbnails().map { picture in
            let (content, canvas) = (picture.content, picture.canvas)
            let across = [content.x, content.width].map { Double($0) / Double(canvas.width) }
            let down = [content.y, content.height].map { Double($0) / Double(canvas.height) }
            return Thumbnail(
                input: picture.input.number, jpeg: picture.jpeg, content: [across[0], down[0], across[1], down[1]])
        }
    }

    /// Does `fault` to a child, as a drill.
    /// - Returns: why it was not done.
    func drill(_ pid: Int32, _ fault: ChildFault) -> BroadcastError? {
        // A child's number is another process's only after it has been reaped, which happens on this thread. Whoever connected by
        // itself is no child.
        var end = siginfo_t()
        guard pid > 1, status().children.contains(where: { $0.pid == pid }),
            waitid(P_PID, id_t(pid), &end, WEXITED | WNOHANG | WNOWAIT) == 0
        else {
            return BroadcastError(
                code: .unknownChild, ["name": "\(pid)"], "no child of the broadcast has process \(pid)",
                advice: "choose one of those that bulkhead status lists")
        }
        let signal =
            switch fault {
            case .kill: SIGKILL
            case .freeze: SIGSTOP
            }
        guard kill(pid, signal) == 0 else {
            return BroadcastError(
                .control, "process \(pid) can't be sent a signal: \(String(cString: strerror(errno)))")
        }
        return nil
    }
}
