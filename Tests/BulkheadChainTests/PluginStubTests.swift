import BulkheadChain
import BulkheadChildren
import BulkheadFrames
import BulkheadMedia
import BulkheadModel
import BulkheadSystem
import BulkheadTestSupport
import BulkheadWire
import Glibc
import Testing

/// The master's face of a plugin host, before a host that says what the test wants.
@Suite(.timeLimit(.minutes(1))) struct PluginStubTests {
    /// The stub on its reactor, and the other end of its socket.
    private actor Stage {
        nonisolated let reactor: Reactor
        nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }
        private let pools = FramePools()
        private var stub: PluginStub?
        private var host: WireConnection?
        private var decoder = WireDecoder()
        private var pictures: UInt32 = 0
        private(set) var heard: [PluginRequest] = []
        private(set) var isChainReady = false
        private(set) var refused: [PluginID] = []
        private(set) var results: [(frame: FrameNumber, isChanged: Bool)] = []
        private(set) var sounds: [(position: Int64, isChanged: Bool)] = []
        private(set) var lineCount = 0
        private(set) var answers: [HostAnswer] = []
        private(set) var end: ChildEnd?

        init() throws { reactor = try Reactor() }

        deinit { reactor.stop() }

        /// Makes a host that has said hello and is to load the plugins 1 and 2.
        func begin() throws {
            let pair = try SocketPair()
            let ours = try pair.ours.duplicate()
            let host = try WireConnection(try pair.theirs.duplicate())
            pair.close()
            let canvas = try #require(Canvas(width: 64, height: 64))
            pictures = try pools.create(canvas, slotCount: 8)
            // No host is handed a pool that others could still write to.
            try pools.seal(pictures)
            let results = try pools.create(canvas, slotCount: 2)
            let stub = PluginStub(
                try Child(.pluginHost, connected: ours, pid: getpid(), on: reactor),
                chain: [1, 2].map { PluginSettings(id: $0, path: "/none", parameters: [:]) }, readablePaths: ["/etc"],
                dataFolder: "", canvas: canvas, frameRate: try #require(FrameRate(25)), pool: results, of: pools)
            stub.onReport = { [weak self] report in self?.assumeIsolated { $0.hear(report) } }
            (self.stub, self.host) = (stub, host)
            stub.activate()
            host.send(Hello(role: .pluginHost, pid: getpid()))
        }

        private func hear(_ report: PluginStub.Report) {
            switch report {
            case .loaded: isChainReady = true
            case .refused(let id, _): refused.append(id)
            case .processed(let frame, let slot): results.append((frame, slot != nil))
            case .processedSound(let position, let samples): sounds.append((position, samples != nil))
            case .took: break
            case .said: lineCount += 1
            case .ended(let end): self.end = end
            }
        }

        /// With both plugins loaded.
        func load() { say(.ready, loaded(1), loaded(2)) }

        func loaded(_ id: UInt32) -> PluginReply { .loaded(id: id, name: "p", version: "1", abilities: [.video]) }

        func say(_ replies: PluginReply...) { for reply in replies { host?.send(reply) } }

        func say(_ count: Int, _ reply: PluginReply) {
            for _ in 0..<count { host?.enqueue(reply) }
            host?.flush()
        }

        /// Goes on with what the socket did not take at once.
        func flush() { host?.flush() }

        /// Reads what the host was asked.
        func listen() {
            guard let host else { return }
            var chunk = [UInt8](repeating: 0, count: 1 << 16)
            // Descriptors that come along are closed by the kernel.
            let count = recv(host.descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
            if count > 0 { decoder.append(Array(chunk[..<count])) }
            while let frame = try? decoder.next() {
                if let request = try? PluginRequest(frame) { heard.append(request) }
            }
        }

        func process(_ frame: FrameNumber) throws -> Bool {
            let slot = SlotReference(pool: pictures, slot: try #require(pools.lend(from: pictures)))
            #expect(pools.takeFilled(slot))
            defer { pools.release(slot) }
            return stub?.process(frame, pts: .zero, input: slot) ?? false
        }

        func processSound(_ position: Int64) -> Bool { stub?.processSound(at: position, [0, 0]) ?? false }
        func set(_ name: String, of id: PluginID) {
            stub?.setParameter(name, to: "1", of: id) { [weak self] answer in
                self?.assumeIsolated { $0.answers.append(answer) }
            }
        }
        func unload(_ id: PluginID) {
            stub?.unload(id) { [weak self] answer in self?.assumeIsolated { $0.answers.append(answer) } }
        }
        func arrange(_ ids: [PluginID]) { stub?.arrange(ids) }
        func hangUpHost() { host = nil }
        var loadedIDs: [PluginID] { stub?.loaded.keys.sorted() ?? [] }
        var owes: Bool { stub?.owesSince != nil }
        var isLoaded: Bool { stub?.isLoaded ?? false }
        var lentCount: Int { stub.map { pools.lentCount(of: $0.pool) } ?? 0 }
        var heldCount: Int { pools.heldCount }
        /// The cause of its end, where the master has ended it.
        var dismissal: String? {
            guard case .dismissed(let reason)? = end?.cause else { return nil }
            return reason
        }
    }

    /// A stage whose chain is loaded.
    private func loadedStage() async throws -> Stage {
        let stage = try Stage()
        try await stage.begin()
        await stage.load()
        #expect(await eventually { await stage.isChainReady })
        return stage
    }

    @Test func chainIsReadyWhenEachPluginIsLoadedOrRefused() async throws {
        let stage = try Stage()
        try await stage.begin()
        #expect(await stage.owes, "the chain, from the start")
        await stage.say(.ready, .refused(id: 2, Refusal(.other, "no")))
        #expect(await eventually { await stage.refused == [2] })
        #expect(await !stage.isChainReady)
        #expect(try await !stage.process(0), "nothing is given before")
        await stage.say(stage.loaded(1))
        #expect(await eventually { await stage.isChainReady })
        #expect(await stage.loadedIDs == [1])
        #expect(await !stage.owes)
    }

    @Test func hostIsConfinedBeforeItLoadsAnything() async throws {
        let stage = try await loadedStage()
        #expect(
            await eventually {
                await stage.listen()
                return await stage.heard.count >= 5
            })
        let kinds = await stage.heard.map { request in
            switch request {
            case .breadcrumb: "breadcrumb"
            case .confine(let paths, let folder): "confine \(paths) \(folder)"
            case .resultPool: "pool"
            case .load(let plugin): "load \(plugin.id)"
            default: "?"
            }
        }
        #expect(kinds == ["breadcrumb", "confine [\"/etc\"] ", "pool", "load 1", "load 2"])
    }

    @Test func slotOfAResultIsHeldOnlyWhereSomethingChanged() async throws {
        let stage = try await loadedStage()
        #expect(try await stage.process(7))
        #expect(try await !stage.process(8), "one at a time")
        #expect(await stage.owes)
        #expect(await stage.lentCount == 1)
        await stage.say(.processed(frame: 7, changed: false, times: []))
        #expect(await eventually { await stage.results.count == 1 })
        #expect(await stage.lentCount == 0)
        #expect(await stage.heldCount == 0)
        #expect(try await stage.process(8))
        await stage.say(.processed(frame: 8, changed: true, times: []))
        #expect(await eventually { await stage.results.count == 2 })
        #expect(await stage.results.map(\.isChanged) == [false, true])
        #expect(await stage.heldCount == 1, "held for the receiver")
    }

    /// What a host that was taken over may say.
    @Test(
        arguments: [
            (.processed(frame: 9, changed: true, times: []), "it answered for frame 9, which it was not given"),
            (
                .processedAudio(firstSample: 5, changed: false, samples: [], times: []),
                "it answered for sound at 5, which was not its turn"
            ),
            (.unloaded(id: 1), "it answered for plugin 1, for which it had nothing to answer"),
            (.parameterSet(id: 1, name: "gain"), "it answered for plugin 1, for which it had nothing to answer"),
            (
                .loaded(id: 3, name: "", version: "", abilities: []),
                "it answered for plugin 3, for which it had nothing to answer"
            ),
        ] as [(PluginReply, String)])
    func answerToNoQuestionEndsTheHost(reply: PluginReply, reason: String) async throws {
        let stage = try await loadedStage()
        await stage.say(reply)
        #expect(await eventually { await stage.dismissal == reason })
    }

    @Test func soundIsAnsweredInTurnAndBounded() async throws {
        let stage = try await loadedStage()
        for block in 0..<Int64(HostContract.mostSounds) { #expect(await stage.processSound(block * 1024)) }
        #expect(await !stage.processSound(1 << 20))
        await stage.say(
            .processedAudio(firstSample: 0, changed: true, samples: [1, 1], times: []),
            .processedAudio(firstSample: 1024, changed: false, samples: [], times: []))
        #expect(await eventually { await stage.sounds.count == 2 })
        #expect(await stage.sounds.map(\.isChanged) == [true, false])
        #expect(await stage.processSound(1 << 20))
    }

    @Test func questionsAreAnsweredInOrderAndEndWithTheHost() async throws {
        let stage = try await loadedStage()
        await stage.set("gain", of: 1)
        await stage.unload(2)
        await stage.set("gain", of: 1)
        await stage.say(.parameterSet(id: 1, name: "gain"), .unloaded(id: 2))
        #expect(await eventually { await stage.answers.count == 2 })
        #expect(await stage.answers.allSatisfy { $0 == .done })
        #expect(await stage.loadedIDs == [1])
        #expect(await stage.owes)
        await stage.hangUpHost()
        #expect(await eventually { await stage.answers.count == 3 })
        guard case .ended? = await stage.answers.last else {
            Issue.record("it was answered by a host that is gone")
            return
        }
    }

    @Test func onlyWhatStandsElsewhereIsMoved() async throws {
        let stage = try await loadedStage()
        await stage.arrange([1, 2])
        await stage.arrange([2, 1])
        #expect(
            await eventually {
                await stage.listen()
                return await stage.heard.contains(.move(id: 2, position: 0))
            })
        #expect(await stage.heard.count { if case .move = $0 { true } else { false } } == 1)
    }

    @Test func floodOfLinesIsCutShortAndEndsTheHost() async throws {
        let stage = try await loadedStage()
        await stage.say(60, .log(id: 1, .notice, "hello"))
        #expect(await eventually { await stage.lineCount == 50 })
        // As many in any second, however slowly they are read.
        #expect(
            await eventually(within: .seconds(30)) {
                await stage.say(20_000, .log(id: 1, .notice, "hello"))
                return await stage.dismissal == "it floods the master with lines"
            })
    }
}
