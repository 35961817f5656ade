import BulkheadChatFormats
import BulkheadDanmaku
import Testing

@Suite(.timeLimit(.minutes(1))) struct BridgeSessionTests {
    private func session(_ last: (String, Int64)? = nil) -> BridgeSession {
        var cursor: ChatCursor?
        if let last {
            cursor = ChatCursor()
            cursor?.advance(to: RoomComment(id: last.0, source: "", author: "", text: "", sentMilliseconds: last.1))
        }
        return BridgeSession(channel: "ann", token: "t", source: "b", cursor: cursor, connection: "w")
    }

    @Test func theFirstLineSaysWhereToGoOn() {
        #expect(session().greeting == #"{"bulkhead-chat":1,"channel":"ann","token":"t"}"# + "\n")
        #expect(
            session(("a7", 5)).greeting
                == #"{"bulkhead-chat":1,"channel":"ann","since":"a7","sinceTime":5,"token":"t"}"# + "\n")
    }

    @Test func aLineIsAComment() {
        var session = session()
        #expect(session.handle(#"{"ready":true}"#, now: 9) == [.joined])
        let line = #"""
            {"id":"1","author":"Ann","authorID":"7","text":"hello","time":5,"mode":"top","color":"#ffcc00","staff":true,"new":[]}
            """#
        #expect(
            session.handle(line, now: 9) == [
                .comment(
                    RoomComment(
                        id: "1", source: "b", authorID: "7", author: "Ann", text: "hello", mode: .top, rank: .staff,
                        color: 0xFFCC00, sentMilliseconds: 5))
            ])
        guard
            case .paid(_, let amount, let currency, let seconds)? = session.handle(
                #"{"id":"2","text":"t","amount":4.99,"currency":"EUR","seconds":60}"#, now: 9
            ).first
        else {
            Issue.record("nothing was paid")
            return
        }
        #expect(amount == 4_990_000 && currency == "EUR" && seconds == 60)
        #expect(session.handle(#"{"remove":"1"}"#, now: 9) == [.takenBack(.id("1"))])
        #expect(session.handle(#"{"removeAuthor":"7"}"#, now: 9) == [.takenBack(.author("7"))])
        #expect(session.handle(#"{"removeAll":true}"#, now: 9) == [.takenBack(.all)])
        #expect(session.handle(#"{"gap":{"from":1,"until":2}}"#, now: 9) == [.gap(from: 1, until: 2)])
        #expect(session.handle(#"{"refused":"no such\nroom"}"#, now: 9) == [.refused("no such room")])
    }

    @Test func aBridgeThatDoesNotResumeLeavesAGap() {
        var one = session(("1", 5))
        #expect(one.handle(#"{"ready":true}"#, now: 9) == [.joined, .gap(from: 5, until: 9)])
        var other = session(("1", 5))
        let early = other.handle(#"{"id":"2","text":"missed"}"#, now: 9)
        #expect(early.count == 1 && !other.isJoined)
        #expect(other.handle(#"{"ready":true,"resumed":true}"#, now: 9) == [.joined])
    }

    @Test(arguments: [
        "", "no JSON", "[]", "1", #"{"text":[1]}"#, #"{"gap":{"from":2,"until":1}}"#, #"{"gap":7}"#, #"{"pong":1}"#,
        #"{"amount":5}"#,
    ])
    func whatIsNoCommentIsPassedOver(line: String) {
        var session = session()
        #expect(session.handle(line, now: 0).isEmpty)
    }

    /// What a script writes a little differently costs no comment.
    @Test(
        arguments: [
            (#""time":1700000000000.5"#, "7", 1_700_000_000_000), (#""time":"1700000000000""#, "7", 1_700_000_000_000),
            (#""time":"soon""#, "7", nil), (#""time":1e300"#, "7", nil), (#""id":8"#, "8", nil),
            (#""mode":"sideways""#, "7", nil),
            (#""x":"0.5","y":{}"#, "7", nil), (#""staff":1"#, "7", nil), (#""author":5"#, "7", nil),
            (#""amount":"much""#, "7", nil),
        ] as [(String, String, Int64?)])
    func oddMembersCostNoComment(members: String, id: String, time: Int64?) {
        var session = session()
        let own = members.hasPrefix("\"id\"") ? "" : #""id":"7","#
        guard case .comment(let comment)? = session.handle("{\(own)\(members),\"text\":\"a\"}", now: 0).first else {
            Issue.record("\(members) costs a comment")
            return
        }
        #expect(comment.id == id && comment.sentMilliseconds == time && comment.text == "a")
        #expect(comment.rank == (members.contains("staff") ? .staff : .ordinary))
    }

    @Test func whatIsPaidMayBeWrittenAsText() {
        var session = session()
        guard
            case .paid(_, 4_990_000, "EUR", 60)? = session.handle(
                #"{"id":"1","text":"a","amount":"4.99","currency":"EUR","seconds":"60"}"#, now: 0
            ).first
        else {
            Issue.record("it is not paid for")
            return
        }
    }

    @Test func commentsWithoutAnIdAreToldApart() {
        var session = session()
        func id(_ line: String) -> String? {
            guard case .comment(let comment)? = session.handle(line, now: 0).first else { return nil }
            return comment.id
        }
        let first = id(#"{"author":"a","text":"t","time":1}"#)
        let again = id(#"{"author":"a","text":"t","time":1}"#)
        let later = id(#"{"author":"a","text":"t","time":2}"#)
        #expect(first != nil && first == again && first != later)
        let bare = id(#"{"text":"t"}"#)
        let other = id(#"{"text":"t"}"#)
        #expect(bare != nil && bare != other)
        // An amount that is none is a comment all the same.
        #expect(id(#"{"text":"t","amount":-1}"#) != nil && id(#"{"text":"t","amount":1e300}"#) != nil)
    }
}
