import ArgumentParser
import BulkheadModel
import BulkheadSystem
import Glibc

/// The file in a node's own folder that says that it takes no other players.
enum DrainMark {
    static let name = "draining"
}

/// `bulkhead library drain`: a node that is to be stopped keeps its players and gets no others.
struct LibraryDrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Have a node keep its players and get no others, before it is stopped.",
        discussion: """
            Trackers know within two seconds. It holds until --off, also when the node is started again. What no other \
            node has is still played from there.
            """)

    @Option(help: ArgumentHelp("The node's folder.", valueName: "folder"))
    var folder: String

    @Flag(help: "Take players again.")
    var off = false

    func run() throws {
        let path = try MediaFolder(used: folder).ownPath(DrainMark.name)
        if off {
            guard unlink(path) == 0 || errno == ENOENT else {
                throw StartError("\(path) can't be removed: \(String(cString: strerror(errno)).lowercased())")
            }
            print("The node takes players again.")
        } else {
            let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            guard file >= 0 else {
                throw StartError("\(path) can't be made: \(String(cString: strerror(errno)).lowercased())")
            }
            _ = close(file)
            print("The node keeps its players and gets no others.")
        }
    }
}
