import ArgumentParser
import BulkheadControl
import BulkheadMaster
import BulkheadModel

/// What a shell proposes for words that only a running broadcast or the declarations know. None waits long, and none says
/// what is wrong: there is nothing to propose then.
enum Completion {
    /// The links of the one running broadcast, by number and name.
    static let links = CompletionKind.custom { _, _, _ in
        (status()?.links ?? []).enumerated().flatMap { index, link in
            ["\(index + 1)", String(link.name.split(separator: " ").last ?? "")]
        }.uniqued()
    }

    /// Broadcasts of which something is kept.
    static let resumable = CompletionKind.custom { _, _, _ in ResumeFiles.names() }

    /// The inputs of the one running broadcast, by number and name.
    static let inputs = CompletionKind.custom { _, _, _ in
        (status()?.inputs ?? []).flatMap { ["\($0.id)", $0.name] }.uniqued()
    }

    /// What it can show: scenes, layouts, and inputs alone.
    static let scenes = CompletionKind.custom { _, _, _ in
        let status = status()
        return
            ((status?.scenes ?? []).map(\.scene.name) + SceneLayout.allCases.map(\.rawValue)
            + (status?.inputs ?? []).map(\.name)).uniqued()
    }

    /// An item of a scene goes by its input, and what can be changed of it follows.
    static let items = CompletionKind.custom { _, _, _ in
        (status()?.inputs ?? []).map(\.name).uniqued() + SceneWords.itemKeys.map { "\($0)=" }
    }

    /// What can be changed of an input's sound.
    static let strips = CompletionKind.list([
        "gain=", "mute=on", "mute=off", "solo=on", "solo=off", "pan=", "mono=on", "mono=off", "delay=", "duck=",
        "duck=off",
    ])

    /// The plugins in its chain.
    static let plugins = CompletionKind.custom { _, _, _ in (status()?.plugins ?? []).map(\.name) }

    /// Where masters of this user can be reached.
    static let masters = CompletionKind.custom { _, _, _ in
        ControlAddress.folders.flatMap(ControlAddress.running).map { "unix:\($0)" }
    }

    /// What can be changed on air, as `name=`.
    static let changes = CompletionKind.list(Setting.changeable.map { "\($0.name)=" })

    /// The values of a declared setting.
    static func values(of setting: Setting?) -> CompletionKind {
        if case .choice(let values)? = setting?.schema { return .list(values) }
        return setting.flatMap { x264[$0.name] }.map { .list($0) } ?? .default
    }

    /// Names that x264 0.164 knows. Others are left to it: it says which there are when an encoder is opened.
    private static let x264 = [
        "preset": [
            "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo",
        ],
        "tune": [
            "film", "animation", "grain", "stillimage", "psnr", "ssim", "fastdecode", "zerolatency", "none",
        ],
    ]

    private static func status() -> BroadcastStatus? {
        guard case .status(let status, _)? = try? ControlAddress.reply(to: .status, attach: nil) else { return nil }
        return status
    }
}

extension Array where Element: Hashable {
    /// Each element once, in the order of their first appearance.
    fileprivate func uniqued() -> [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
