import Foundation
import Synchronization

/// A headless Chromium with one page, driven by the Chrome DevTools Protocol: JSON, with a zero byte behind each message, from
/// the browser's descriptor 4 and to its descriptor 3.
package final class Browser: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private struct Mail {
        var rest: [UInt8] = []
        var number = 0
        var replies: [Int: Data] = [:]
        var complaints: [String] = []
    }

    private let process: RunningProcess
    private let folder: TemporaryFolder
    private let requests: FileHandle
    private let mail = Mutex(Mail())
    private let session = Mutex("")

    /// Starts the browser with an empty page of `width` by `height`.
    /// - Parameter isDark: the page is told that dark colours are preferred.
    package init(width: Int = 1280, height: Int = 800, isDark: Bool = false) async throws {
        folder = try TemporaryFolder()
        for name in ["to", "from"] where mkfifo(folder.path(name), 0o600) != 0 {
            throw Failure(description: "no FIFO can be made")
        }
        // Open for both directions: nobody waits until the other side is there.
        guard let requests = FileHandle(forUpdatingAtPath: folder.path("to")),
            let answers = FileHandle(forUpdatingAtPath: folder.path("from"))
        else { throw Failure(description: "the FIFOs can't be opened") }
        self.requests = requests
        process = try RunningProcess(
            "sh",
            [
                "-c",
                """
                TMPDIR="$0" exec chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-breakpad \
                --no-first-run --mute-audio --autoplay-policy=no-user-gesture-required --remote-debugging-pipe \
                --user-data-dir="$0/profile" about:blank 3<"$0/to" 4>"$0/from"
                """, folder.url.path,
            ])
        Thread.detachNewThread { [weak self] in
            // A browser that nobody has any more ends with its owner, and this thread with it.
            while self?.process.isRunning == true {
                guard let data = try? answers.availableData(within: .seconds(1), waitingFor: "") else { continue }
                self?.take(data)
            }
            try? answers.close()
        }
        let targets = try await call("Target.getTargets")["targetInfos"] as? [[String: Any]] ?? []
        guard let page = targets.first(where: { $0["type"] as? String == "page" })?["targetId"] as? String,
            let session = try await call("Target.attachToTarget", ["targetId": page, "flatten": true])["sessionId"]
                as? String
        else { throw Failure(description: "the browser has no page: \(process.errorText)") }
        self.session.withLock { $0 = session }
        _ = try await call("Runtime.enable")
        _ = try await call("Log.enable")
        _ = try await call(
            "Emulation.setDeviceMetricsOverride",
            ["width": width, "height": height, "deviceScaleFactor": 1, "mobile": false])
        _ = try await call(
            "Emulation.setEmulatedMedia",
            ["features": [["name": "prefers-color-scheme", "value": isDark ? "dark" : "light"]]])
    }

    package func open(_ address: String) async throws { _ = try await call("Page.navigate", ["url": address]) }

    /// The value of a JavaScript expression, or of what it promises, as the page's `JSON.stringify` writes it.
    package func evaluate(_ expression: String) async throws -> String {
        let reply = try await call(
            "Runtime.evaluate",
            [
                "expression": "(async () => JSON.stringify(await (\(expression))) ?? 'null')()", "awaitPromise": true,
                "returnByValue": true, "userGesture": true,
            ])
        guard let value = (reply["result"] as? [String: Any])?["value"] as? String else {
            throw Failure(description: "\(expression) ends with \(reply)")
        }
        return value
    }

    package func evaluate<Value: Decodable>(_ expression: String, as type: Value.Type) async throws -> Value {
        try JSONDecoder().decode(type, from: Data(try await evaluate(expression).utf8))
    }

    /// Waits until a JavaScript expression is true.
    package func waits(within timeout: Duration = .seconds(30), for expression: String) async throws -> Bool {
        try await eventually(within: timeout) { try await evaluate("!!(\(expression))") == "true" }
    }

    /// Strikes a key that writes `text`.
    package func strike(_ text: String) async throws {
        for type in ["keyDown", "keyUp"] {
            _ = try await call(
                "Input.dispatchKeyEvent", ["type": type, "key": text, "text": type == "keyDown" ? text : ""])
        }
    }

    /// Writes what is seen as a PNG file.
    package func shoot(_ path: String) async throws {
        let picture = try await call("Page.captureScreenshot", ["format": "png"])["data"] as? String ?? ""
        try Data(base64Encoded: picture)?.write(to: URL(fileURLWithPath: path))
    }

    /// What the page's console and the browser have complained about: errors of scripts, of the content security policy.
    package var complaints: [String] { mail.withLock { $0.complaints } }

    package func end() async {
        _ = try? await call("Browser.close")
        await process.end()
    }

    // MARK: the protocol

    private func call(_ method: String, _ parameters: [String: Any] = [:]) async throws -> [String: Any] {
        let number = mail.withLock {
            $0.number += 1
            return $0.number
        }
        var message: [String: Any] = ["id": number, "method": method, "params": parameters]
        let session = session.withLock { $0 }
        if !session.isEmpty, !method.hasPrefix("Browser.") { message["sessionId"] = session }
        try requests.write(contentsOf: JSONSerialization.data(withJSONObject: message) + [0])
        var reply: Data?
        _ = await eventually(within: .seconds(40)) {
            reply = mail.withLock { $0.replies.removeValue(forKey: number) }
            return reply != nil || !process.isRunning
        }
        guard let reply, let object = try JSONSerialization.jsonObject(with: reply) as? [String: Any] else {
            throw Failure(description: "the browser does not answer \(method): \(process.errorText.suffix(2000))")
        }
        guard let result = object["result"] as? [String: Any] else {
            throw Failure(description: "\(method): \(object["error"] ?? "")")
        }
        return result
    }

    private func take(_ data: Data) {
        mail.withLock { mail in
            mail.rest += data
            while let end = mail.rest.firstIndex(of: 0) {
                let message = Data(mail.rest[..<end])
                mail.rest.removeFirst(end + 1)
                guard let object = try? JSONSerialization.jsonObject(with: message) as? [String: Any] else { continue }
                if let number = object["id"] as? Int { mail.replies[number] = message }
                let entry = (object["params"] as? [String: Any])?["entry"] as? [String: Any]
                // Answers such as 404 are the page's business.
                let isComplaint =
                    object["method"] as? String == "Runtime.exceptionThrown"
                    || entry.map { $0["source"] as? String != "network" } ?? false
                if isComplaint { mail.complaints.append(String(decoding: message, as: UTF8.self)) }
            }
        }
    }
}
