import BulkheadRecording
import Testing

@Suite(.timeLimit(.minutes(1))) struct CommentLineTests {
    @Test func numberAndTimeStandInFront() {
        func line(_ number: Int64?, _ nanoseconds: Int64) -> String {
            String(
                decoding: CommentLine.bytes(number: number, nanoseconds: nanoseconds, body: Array(#"{"a":1}"#.utf8)),
                as: UTF8.self)
        }
        #expect(line(17, 12_345_999_999) == #"{"number":17,"seconds":12.345,"a":1}"# + "\n")
        #expect(line(nil, 5_000_000) == #"{"seconds":0.005,"a":1}"# + "\n")
    }

    @Test func numberIsFoundAgain() {
        let numbers = [
            #"{"number":17,"seconds":1"#, #"{"number":9223372036854775807,"#, #"{"number":9223372036854775808,"#,
            #"{"number":99999999999999999999999,"#, #"{"number":-1,"#, #"{"seconds":1,"number":2}"#, "", "{",
        ].map { CommentLine.number(of: Array($0.utf8)) }
        #expect(numbers == [17, .max, nil, nil, nil, nil, nil, nil])
    }
}
