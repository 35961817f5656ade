import BulkheadDanmaku
import BulkheadModel

/// Why something of a configuration does not change before the broadcast begins anew, as a phrase behind a colon.
enum ReloadReason {
    static let together = "it does not go together with the rest on air"
    static let backups = "an input and its backups are opened together"
    static let copiedSlate = "a stream that is copied has its slate encoded once"
    static let chatsWithoutRoom = "there is no room on air that they could come into"

    private static let phrases = [
        "fps": "every frame number and timestamp counts in it",
        "size": "it is to be the input's, which is looked at when the broadcast begins",
        "copy": "it decides which processes there are",
        "deinterlace": "inputs that are open are read as they were opened",
        "encoder-threads": "a standby must encode as the encoder on air does",
        "duration": "it counts from the beginning",
        "patience": "it is for the beginning",
        "record-tracks": "each input has its encoder from the beginning",
        "replay": "its memory is taken at the beginning",
        "replay-path": "its memory is taken at the beginning",
        "room": "its record is opened and locked at the beginning",
        "origin": "players hold on to its port",
        "origin-tls-cert": "players hold on to its port; files that change under the same names are read again",
        "name": "what is kept of the broadcast goes by it",
        "only": "it decides which processes there are",
    ]

    /// For a setting, or a key, by its name.
    static func of(_ name: String) -> String { phrases[name] ?? "it is read when the broadcast begins" }
}

extension BroadcastSettings {
    /// The same, but lists that may be played in any order keep the one that they have in `old`, and guests of chats their
    /// names: to draw others is no wish.
    func keepingOrders(of old: BroadcastSettings) -> BroadcastSettings {
        var settings = self
        for (index, input) in inputs.enumerated() where input.isAnyOrder == true {
            let former = old.inputs.first { former in
                // An earlier version did not say whether an order was drawn.
                former.shuffleSeed != nil && (former.isAnyOrder ?? true) && former.url == input.url
                    && former.name == input.name
            }
            guard let former else { continue }
            (settings.inputs[index].shuffleSeed, settings.inputs[index].isAnyOrder) = (
                former.shuffleSeed, former.isAnyOrder
            )
        }
        for (index, chat) in (chats ?? []).enumerated() where chat.hasGuestName {
            let former = old.chats?.first { former in
                var same = chat
                same.nick = former.nick
                return former.hasGuestName && same == former
            }
            if let former { settings.chats?[index] = former }
        }
        return settings
    }
}

extension ChatTarget {
    /// Its name was drawn, as a guest has one: another one is no other wish.
    fileprivate var hasGuestName: Bool {
        ["justinfan", "bulkhead"].contains { nick.hasPrefix($0) && nick.dropFirst($0.count).allSatisfy(\.isNumber) }
    }
}
