import Glibc
import HTTP2

/// One scenario on one thread: makes its requests and keeps its tally.
final class Runner {
    let plan: Plan
    let tally = Tally()
    /// One for each method.
    let templates: [RequestTemplate]
    private let methods: [String]
    let expectation: Plan.Expectation
    /// The beginning of the first body that came with a wrong status.
    var failedBody: [UInt8] = []
    private var chooser: KeyChooser
    private var made = 0

    init(
        _ plan: Plan, thread: Int, threads: Int, seed: UInt64, authority: String,
        fields: [HeaderField]
    ) {
        self.plan = plan
        expectation = plan.expectation
        methods = if case .given(_, let methods) = plan.target { methods } else { [plan.method] }
        templates = methods.map {
            RequestTemplate($0, authority: authority, fields: fields + plan.fields)
        }
        chooser = KeyChooser(
            plan.keys, count: plan.keyCount, thread: thread, threads: threads, seed: seed)
    }

    /// The method of a request that was made here.
    func method(_ request: UnsafeMutablePointer<InFlightRequest>) -> String {
        methods[Int(request.pointee.template)]
    }

    /// Writes the next request's path and body, and notes what its answer must be.
    func make(
        _ request: UnsafeMutablePointer<InFlightRequest>, path: UnsafeMutablePointer<UInt8>,
        body: UnsafeMutablePointer<UInt8>, next: UnsafeMutablePointer<UInt8>?
    ) {
        made += 1
        let readsWhole =
            expectation.level > 0 && (plan.isWalk || made % Limits.fullCheckShare == 1)
        request.pointee.readsWhole = readsWhole
        if readsWhole { request.pointee.scanner = PageScanner(level: expectation.level) }
        let key = chooser.key()
        var length = 0
        request.pointee.sharedBody = nil
        request.pointee.template = 0
        request.pointee.isHead = false
        request.pointee.bodyLength = Int32(writeBody(body))
        switch plan.target {
        case .numbered(let prefix, let numbers, let suffix):
            let number = numbers[key]
            length = Self.copy(prefix, path, 0)
            length += DecimalText.write(number, to: path + length)
            length = Self.copy(suffix, path, length)
            expect(request, offset: Int(number), record: number)
        case .listed(let paths):
            length = Self.copy(paths[key].path, path, 0)
            request.pointee.firstID = 0
            request.pointee.total = expectation.limit > 0 ? paths[key].total : -1
            request.pointee.documents =
                Swift.min(expectation.limit, paths[key].total - paths[key].offset)
        case .given(let requests, let methods):
            let given = requests[key]
            length = Self.copy(given.path, path, 0)
            request.pointee.firstID = 0
            request.pointee.total = -1
            request.pointee.template = UInt16(given.method)
            request.pointee.isHead = methods[given.method] == "HEAD"
            if let body = given.body {
                request.pointee.sharedBody = body.start
                request.pointee.bodyLength = Int32(body.count)
            }
        case .walk(let start):
            if request.pointee.nextLength > 0, let next {
                length = request.pointee.nextLength
                memcpy(path, next, length)
            } else {
                length = Self.copy(start, path, 0)
                request.pointee.walkedTo = 0
                request.pointee.walked = 0
            }
            request.pointee.firstID = 0
            request.pointee.total = expectation.total ?? -1
            request.pointee.documents =
                Swift.min(
                    expectation.limit, Swift.max(0, request.pointee.total - request.pointee.walked))
        }
        request.pointee.isWalk = plan.isWalk
        request.pointee.hasNext = false
        request.pointee.pathLength = Int32(length)
    }

    private func expect(
        _ request: UnsafeMutablePointer<InFlightRequest>, offset: Int, record: UInt64
    ) {
        request.pointee.total = expectation.total ?? -1
        if expectation.isRecord {
            request.pointee.firstID = record
            request.pointee.documents = 1
        } else {
            let first = expectation.firstID
            request.pointee.firstID = first == 0 ? 0 : first + UInt64(offset)
            request.pointee.documents =
                Swift.min(expectation.limit, (expectation.total ?? 0) - offset)
        }
    }

    /// Ends a page of a walk; the whole list must have been seen when there is no next page.
    ///
    /// - Returns: what was wrong with the walk.
    func walked(_ request: UnsafeMutablePointer<InFlightRequest>) -> Fault? {
        request.pointee.walked += request.pointee.scanner.documents
        request.pointee.walkedTo = request.pointee.scanner.lastID
        if request.pointee.hasNext { return nil }
        request.pointee.nextLength = 0
        if request.pointee.walked != request.pointee.total { return .total }
        tally.walks += 1
        return nil
    }

    private func writeBody(_ space: UnsafeMutablePointer<UInt8>) -> Int {
        switch plan.body {
        case .none: return 0
        case .dueDate:
            // Days 10 to 28, so that two digits are always right.
            var length = Self.copy("{\"dueDate\":\"2031-05-", space, 0)
            length += DecimalText.write(UInt64(10 + made % 19), to: space + length)
            return Self.copy("T08:00:00.000Z\"}", space, length)
        case .comment:
            let text: StaticString = "{\"authorName\":\"relaybench\",\"text\":\"Comment "
            var length = Self.copy(text, space, 0)
            length += DecimalText.write(UInt64(made), to: space + length)
            return Self.copy(" of a load test.\"}", space, length)
        }
    }

    @inline(__always)
    private static func copy(
        _ bytes: [UInt8], _ space: UnsafeMutablePointer<UInt8>, _ offset: Int
    ) -> Int {
        // SAFETY: paths are far below the room that a slot has; the loop checks the length.
        bytes.withUnsafeBufferPointer {
            if let start = $0.baseAddress { memcpy(space + offset, start, $0.count) }
        }
        return offset + bytes.count
    }

    private static func copy(
        _ text: StaticString, _ space: UnsafeMutablePointer<UInt8>, _ offset: Int
    ) -> Int {
        memcpy(space + offset, text.utf8Start, text.utf8CodeUnitCount)
        return offset + text.utf8CodeUnitCount
    }
}
