import Foundation
import Glibc
import Testing

/// An IRC server that was written from the specification of draft/chathistory, and from no client: it keeps the lines of
/// `#room`, and does what it is told to by lines of its own (`X-…`).
package final class HistoryServer {
    /// What the server is like, as it is given to its script.
    package struct Habits: Encodable {
        /// How many lines are kept, and how many one answer has at most.
        package var keeps = 1000
        package var limit = 10
        /// Announced as MSGREFTYPES; empty for not at all.
        package var announced = ""
        package var takesIDs = true
        package var hasLabels = true
        package var hasHistory = true
        /// The connection ends within the answer to the question with this number; 0 for never.
        package var tearsAnswer = 0
        /// The nick is somebody's already.
        package var takenNick = ""
        /// What an account comes to: a number such as 904; empty for a server without accounts.
        package var accounts = ""

        package init() {}
    }

    package let port: Int
    private let process: RunningProcess
    private let speaker: IRCClient

    package init(_ habits: Habits = Habits()) throws {
        port = try FreePort.take()
        let words = String(decoding: try JSONEncoder().encode(habits), as: UTF8.self)
        process = try RunningProcess("python3", ["-c", Self.script, "\(port)", words])
        let port = port
        try #require(eventuallyOnThisThread(within: .seconds(20)) { IRCClient(port: port) != nil })
        speaker = try #require(IRCClient(port: port))
    }

    /// Writes `line 1`, `line 2` …, as many more as are asked for.
    package func say(_ count: Int = 1) { speaker.send("X-SAY \(count)") }
    /// Ends all connections, and writes so many lines before anybody can come back.
    package func cut(saying count: Int = 0) { speaker.send("X-CUT \(count)") }
    /// Forgets all lines but the last ones.
    package func forget(allBut count: Int) { speaker.send("X-FORGET \(count)") }
    /// Says RECONNECT; with `isAbrupt` closes at once, and writes so many lines then.
    package func leave(isAbrupt: Bool = false, saying count: Int = 0) {
        speaker.send("X-RECONNECT \(isAbrupt ? 1 : 0) \(count)")
    }

    /// What clients have asked for.
    package var questions: [String] {
        process.outputText.split(separator: "\n").filter { $0.contains("CHATHISTORY") }.map(String.init)
    }

    private static let script = #"""
        import datetime, json, selectors, socket, sys, time

        port, habits = int(sys.argv[1]), json.loads(sys.argv[2])
        selector, clients, kept, said, asked, batches = selectors.DefaultSelector(), {}, [], 0, 0, 0
        listener = socket.create_server(("127.0.0.1", port))
        listener.setblocking(False)
        selector.register(listener, selectors.EVENT_READ)

        class Client:
            def __init__(self, connection):
                self.connection, self.bytes, self.nick, self.joined, self.capabilities = connection, b"", "*", False, set()

        def text(milliseconds):
            moment = datetime.datetime.fromtimestamp(milliseconds // 1000, datetime.timezone.utc)
            return moment.strftime("%Y-%m-%dT%H:%M:%S") + ".%03dZ" % (milliseconds % 1000)

        def milliseconds(text):
            moment = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
            return round(moment.timestamp() * 1000)

        def send(client, line):
            try:
                client.connection.sendall((line + "\r\n").encode())
            except OSError:
                pass

        def message(entry, batch=None):
            tags = "msgid=%s;time=%s" % (entry[0], text(entry[1])) + (";batch=" + batch if batch else "")
            return "@%s :ann!a@h PRIVMSG #room :%s" % (tags, entry[2])

        def say(count):
            global said
            for _ in range(count):
                said += 1
                # No two in one millisecond: by times alone they could not be told apart.
                at = max(int(time.time() * 1000), kept[-1][1] + 1 if kept else 0)
                entry = ("id-%d" % said, at, "line %d" % said)
                kept.append(entry)
                for client in [c for c in clients.values() if c.joined]:
                    send(client, message(entry))
            del kept[:-habits["keeps"]]

        def drop(client):
            selector.unregister(client.connection)
            del clients[client.connection]
            client.connection.close()

        def history(client, words, label):
            global asked, batches
            asked += 1
            tag = "@label=%s " % label if label and habits["hasLabels"] else ""
            def fail(code):
                send(client, "%s:s FAIL CHATHISTORY %s %s :no" % (tag, code, words[0]))
            command, target, reference, count = words
            count = int(count)
            if count > habits["limit"] or count < 1:
                return fail("INVALID_PARAMS")
            if target != "#room":
                return fail("INVALID_TARGET")
            if reference == "*":
                place = len(kept)
            elif reference.startswith("msgid="):
                if not habits["takesIDs"]:
                    return fail("INVALID_MSGREFTYPE")
                ids = [entry[0] for entry in kept]
                if reference[6:] not in ids:
                    return fail("MESSAGE_ERROR")
                place = ids.index(reference[6:])
            else:
                at = milliseconds(reference[10:])
                place = len([entry for entry in kept if entry[1] < at])
                if command == "AFTER":
                    place = len([entry for entry in kept if entry[1] <= at]) - 1
            page = {"LATEST": kept[-count:], "BEFORE": kept[max(0, place - count):place],
                    "AFTER": kept[place + 1:place + 1 + count]}[command]
            batches += 1
            name = "b%d" % batches
            send(client, "%s:s BATCH +%s chathistory #room" % (tag, name))
            for index, entry in enumerate(page):
                if asked == habits["tearsAnswer"] and index == len(page) // 2:
                    return drop(client)
                send(client, message(entry, name))
            send(client, ":s BATCH :-" + name)

        def handle(client, line):
            label = None
            if line.startswith("@"):
                tags, line = line.split(" ", 1)
                label = dict(tag.partition("=")[::2] for tag in tags[1:].split(";")).get("label")
            head, _, last = line.partition(" :")
            words = head.split() + ([last] if " :" in line else [])
            if not words:
                return
            print(line, flush=True)
            command = words[0].upper()
            if command == "CAP" and words[1] == "LS":
                offered = "message-tags server-time batch echo-message"
                offered += " draft/chathistory" if habits["hasHistory"] else ""
                offered += " labeled-response" if habits["hasLabels"] else ""
                offered += " sasl=PLAIN" if habits["accounts"] else ""
                send(client, ":s CAP * LS :" + offered)
            elif command == "CAP" and words[1] == "REQ":
                send(client, ":s CAP %s ACK :%s" % (client.nick, words[2]))
            elif command == "CAP" and words[1] == "END":
                support = "CHATHISTORY=%d" % habits["limit"]
                support += " MSGREFTYPES=" + habits["announced"] if habits["announced"] else ""
                send(client, ":s 001 %s :hi" % client.nick)
                send(client, ":s 005 %s %s :are supported" % (client.nick, support))
                send(client, ":s 422 %s :no message" % client.nick)
            elif command == "AUTHENTICATE":
                send(client, "AUTHENTICATE +" if words[1] == "PLAIN" else ":s %s x :SASL" % habits["accounts"])
            elif command == "NICK":
                if words[1] == habits["takenNick"]:
                    return send(client, ":s 433 * %s :Nickname is already in use" % words[1])
                client.nick = words[1]
            elif command == "JOIN":
                client.joined = True
                send(client, ":%s!u@h JOIN #room" % client.nick)
                send(client, ":s 366 %s #room :End of /NAMES list." % client.nick)
            elif command == "PING":
                send(client, ":s PONG s :" + words[1])
            elif command == "CHATHISTORY":
                history(client, words[1:], label)
            elif command == "X-SAY":
                say(int(words[1]))
            elif command == "X-CUT":
                for other in [c for c in clients.values() if c.joined]:
                    drop(other)
                say(int(words[1]))
            elif command == "X-FORGET":
                del kept[:len(kept) - int(words[1])]
            elif command == "X-RECONNECT":
                for other in [c for c in clients.values() if c.joined]:
                    send(other, ":s RECONNECT")
                    if words[1] == "1":
                        drop(other)
                say(int(words[2]))

        while True:
            for key, _ in selector.select():
                if key.fileobj is listener:
                    connection, _ = listener.accept()
                    clients[connection] = Client(connection)
                    selector.register(connection, selectors.EVENT_READ)
                    continue
                client = clients.get(key.fileobj)
                if client is None:
                    continue
                try:
                    received = client.connection.recv(65536)
                except OSError:
                    received = b""
                if not received:
                    drop(client)
                    continue
                client.bytes += received
                while b"\n" in client.bytes and client.connection in clients:
                    line, client.bytes = client.bytes.split(b"\n", 1)
                    handle(client, line.decode(errors="replace").rstrip("\r"))
        """#
}
