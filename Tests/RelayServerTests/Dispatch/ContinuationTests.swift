import HTTP2
import RelayContract
import RelayRecords
import Testing

@testable import RelayServer

@Suite("What an exchange keeps")
struct ContinuationTests {
    private var requests: [Continuation] {
        let upload = UnsafeMutableRawPointer(bitPattern: 0x7FFF_FFFF_FFF0)!
        return RelayContract.Operation.allCases.flatMap { operation in
            [
                AdmittedRequest(
                    operation: operation, account: 1_048_575, id: (1 << 53) - 1,
                    keyGeneration: .max),
                AdmittedRequest(operation: operation, account: 0, id: 0, keyGeneration: 0),
            ].flatMap { (request: AdmittedRequest) -> [Continuation] in
                var other = request
                other.part = (1 << 53) - 1
                return [.admitted(request), .admitted(other), .upload(request, upload)]
            }
        }
    }

    private var lists: [Continuation] {
        RecordList.allCases.map { list in
            .list(
                ListContinuation(
                    operation: .getOrders, account: 7, list: RequestedList(list, 1 << 40),
                    after: 3, remaining: 50))
        }
    }

    private var operations: [Continuation] {
        RelayContract.Operation.allCases.flatMap { operation in
            [
                .list(
                    ListContinuation(
                        operation: operation, account: 1_048_575, list: RequestedList(.orders),
                        after: .max, remaining: .max)),
                .selection(
                    SelectionContinuation(
                        operation: operation, account: 1_048_575, hasRecords: false,
                        start: SelectionStart(), remaining: 0)),
            ]
        }
    }

    private var selections: [Continuation] {
        let starts = [
            SelectionStart(), SelectionStart(after: 0), SelectionStart(after: 7, skip: 3),
            SelectionStart(after: .max - 5, skip: (1 << 53) - 1), SelectionStart(skip: 1_000),
        ]
        return starts.flatMap { start in
            [true, false].map { hasRecords in
                .selection(
                    SelectionContinuation(
                        operation: .getUnitsWithoutEed, account: 1, hasRecords: hasRecords,
                        start: start, remaining: start.skip == 0 ? 1_000 : .max))
            }
        }
    }

    private var blobs: [Continuation] {
        let ranges = [0..<0, 5..<9, 0..<100_000_000, (1 << 32) - 1..<(1 << 32) - 1]
        return ranges.flatMap { bytes in
            [0, 1, 1 << 40, UInt64.max].map {
                .blob(BlobContinuation(blob: $0, owner: ~$0, bytes: bytes))
            }
        }
    }

    @Test("comes out of its four words as it went in, whatever it is.")
    func roundTrip() {
        let all =
            [Continuation.none] + requests + lists + operations + selections
            + blobs
        var seen: [Continuation] = []
        for continuation in all {
            #expect(Continuation(continuation.state) == continuation)
            #expect(!seen.contains { $0 != continuation && $0.state == continuation.state })
            seen.append(continuation)
        }
        #expect(Continuation.none.state == ApplicationState())
    }

    @Test("traps on words of no kind, and where nothing is kept but a later word is set.")
    func unknownKinds() async {
        await #expect(processExitsWith: .failure) { Self.unpack(255, 0, 0, 0) }
        await #expect(processExitsWith: .failure) { Self.unpack(0, 0, 0, 1) }
    }

    @Test(
        "traps on a request of no operation or with a word too many, and on an upload without one.")
    func impossibleRequests() async {
        Self.unpack(1, 7, 9, 0)
        await #expect(processExitsWith: .failure) { Self.unpack(0xFF_01, 7, 9, 0) }
        await #expect(processExitsWith: .failure) { Self.unpack(1, 7, 9, 1 << 53) }
        await #expect(processExitsWith: .failure) { Self.unpack(2, 1, 1, 0) }
    }

    @Test("traps on a list that there is none of, and on fewer than no records.")
    func impossibleLists() async {
        await #expect(processExitsWith: .failure) { Self.unpack(0x00_00_03, 0, 0, 1) }
        await #expect(processExitsWith: .failure) { Self.unpack(0x09_00_03, 0, 0, .max) }
    }

    @Test("traps on an operation that there is none of, and on a bit that means nothing.")
    func impossibleSelections() async {
        // The same without these bits is one.
        Self.unpack(0x01_00_04, 0, 5, 1)
        await #expect(processExitsWith: .failure) { Self.unpack(0x01_FF_04, 0, 5, 1) }
        await #expect(processExitsWith: .failure) { Self.unpack(0x05_00_04, 0, 5, 1) }
        await #expect(processExitsWith: .failure) { Self.unpack(0x01_01_00_04, 0, 5, 1) }
    }

    @Test("traps on a file's bytes that end before they begin.")
    func impossibleBlobs() async {
        Self.unpack(5, 1, 9 << 32 | 5, 7)
        await #expect(processExitsWith: .failure) { Self.unpack(5, 1, 5 << 32 | 9, 7) }
        await #expect(processExitsWith: .failure) { Self.unpack(5, 1, 9, 7) }
    }

    /// Unpacks words that may be impossible.
    @discardableResult
    private static func unpack(
        _ first: UInt64, _ second: UInt64, _ third: UInt64, _ last: UInt64
    ) -> Continuation {
        var state = ApplicationState()
        state.words = (first, second, third, last)
        return Continuation(state)
    }
}
