import BulkheadFuzzing
import Glibc

/// libFuzzer's entry, called with each input; `bytes` is lent for the call. The subject is named by the variable
/// `BULKHEAD_FUZZ_SUBJECT`, so that libFuzzer's own arguments stay as its manual says.
@c(LLVMFuzzerTestOneInput)
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do {
        try chosenSubject.check(Array(UnsafeBufferPointer(start: bytes, count: count)))
        return 0
    } catch {
        // libFuzzer keeps the input of a process that ends by a signal.
        print("\(chosenSubject): \(error)")
        fflush(nil)
        abort()
    }
}

private let chosenSubject: FuzzSubject = {
    let name = getenv("BULKHEAD_FUZZ_SUBJECT").map { String(cString: $0) } ?? ""
    if let subject = FuzzSubject.all.first(where: { $0.name == name }) { return subject }
    print("BULKHEAD_FUZZ_SUBJECT names none of: \(FuzzSubject.all.map(\.name).joined(separator: " "))")
    fflush(nil)
    exit(64)
}()
