import HTTP2

/// One request under way: when it was due, and what its answer must be. Plain old data, one for each
/// slot of the loop.
struct InFlightRequest {
    /// Where it stands.
    enum Phase: UInt8 {
        case free
        case underway
        /// Counted as timed out; its slot is free when the stream is closed.
        case abandoned
    }

    var phase = Phase.free
    var scenario = 0
    var intended: Int64 = 0
    var sent: Int64 = 0
    /// Whether it belongs to the measured part of the run.
    var isCounted = false

    // What was sent, for whoever must send it again or tell of it.
    var tries: UInt8 = 0
    /// Of the runner's templates.
    var template: UInt16 = 0
    var pathLength: Int32 = 0
    var bodyLength: Int32 = 0
    /// A body that is not the slot's own; the plan holds it.
    var sharedBody: UnsafePointer<UInt8>?
    var isHead = false

    // What is expected.
    /// The first document's id; 0 if unknown.
    var firstID: UInt64 = 0
    var documents = 0
    /// -1 when there is no total to check.
    var total = -1

    // What was seen.
    var seenTotal = -1
    var fault: Fault?
    var hasBegun = false
    var lastByte: UInt8 = 0
    var readsWhole = false
    var scanner = PageScanner()

    // Of a walk, from one page to the next. Other scenarios may use the slot in between.
    var isWalk = false
    /// Id of the last document of the page before; 0 at the beginning.
    var walkedTo: UInt64 = 0
    var walked = 0
    /// Bytes of the next page's path; 0 to begin anew.
    var nextLength = 0
    /// The answer named a next page.
    var hasNext = false

    /// Nothing was seen yet.
    mutating func expectAnswer() {
        seenTotal = -1
        fault = nil
        hasBegun = false
        lastByte = 0
    }

    /// Whether an answer's body is as long as its content-length says (RFC 9110 §8.6).
    func hasContent(_ status: Int) -> Bool { !isHead && status != 204 && status != 304 }

    /// What was seen and what was expected, for a report; empty where the fault says it all.
    func explain(_ fault: Fault, _ outcome: ResponseOutcome) -> String {
        switch fault {
        case .length:
            return
                "content-length \(outcome.declaredBytes ?? 0), \(outcome.receivedBytes) bytes came"
        case .total: return "X-Total-Count \(seenTotal), expected \(total)"
        case .documents: return "\(scanner.documents) documents, expected \(documents) in order"
        case .body:
            return firstID == 0 ? "no whole JSON" : "no whole JSON of id \(firstID)"
        default: return ""
        }
    }

    /// Looks at the first bytes of a body: the head that the server writes, and the right id.
    ///
    /// - Returns: false if another document begins here.
    @inline(__always)
    func begins(_ bytes: UnsafeRawBufferPointer, with head: [UInt8]) -> Bool {
        // A first piece that ends inside the head is rare, and says nothing.
        if head.isEmpty || bytes.count < head.count + 21 { return true }
        for index in 0..<head.count where bytes[index] != head[index] { return false }
        if firstID == 0 { return true }
        var id: UInt64 = 0
        var index = head.count
        while index < bytes.count, bytes[index] >= 0x30, bytes[index] <= 0x39 {
            id = id &* 10 &+ UInt64(bytes[index] - 0x30)
            index += 1
        }
        return id == firstID
    }

    /// What is wrong with an answer that came to its end, or nil.
    func verdict(_ expectation: Plan.Expectation) -> Fault? {
        if let fault { return fault }
        if total >= 0, seenTotal != total { return .total }
        if expectation.level == 0 { return nil }
        if lastByte != 0x7D && lastByte != 0x5D { return .body }
        guard readsWhole else { return nil }
        if !scanner.isWhole { return .body }
        if firstID != 0, scanner.firstID != firstID { return .body }
        if scanner.documents != documents { return .documents }
        if expectation.isOrdered, !scanner.isAscending { return .documents }
        // A cursor must go on behind the page before.
        if isWalk, walkedTo != 0, scanner.firstID <= walkedTo { return .documents }
        return nil
    }
}
