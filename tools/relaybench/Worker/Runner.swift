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
    func method(_ flight: UnsafeMutablePointer<Flight>) -> String {
        methods[Int(flight.pointee.template)]
    }

    /// Writes the next request's path and body, and notes what its answer must be.
    func make(
        _ flight: UnsafeMutablePointer<Flight>, path: UnsafeMutablePointer<UInt8>,
        body: UnsafeMutablePointer<UInt8>, next: UnsafeMutablePointer<UInt8>?
    ) {
        made += 1
        let readsWhole =
            expectation.level > 0 && (plan.isWalk || made % Limits.fullCheckShare == 1)
        flight.pointee.readsWhole = readsWhole
        if readsWhole { flight.pointee.scanner = PageScanner(level: expectation.level) }
        let key = chooser.key()
        var length = 0
        flight.pointee.sharedBody = nil
        flight.pointee.template = 0
        flight.pointee.isHead = false
        flight.pointee.bodyLength = Int32(writeBody(body))
        switch plan.target {
        case .numbered(let prefix, let numbers, let suffix):
            let number = numbers[key]
            length = Self.copy(prefix, path, 0)
            length += DecimalText.write(number, to: path + length)
            length = Self.copy(suffix, path, length)
            expect(flight, offset: Int(number), record: number)
        case .listed(let paths):
            length = Self.copy(paths[key].path, path, 0)
            flight.pointee.firstID = 0
            flight.pointee.total = expectation.limit > 0 ? paths[key].total : -1
            flight.pointee.documents =
                Swift.min(expectation.limit, paths[key].total - paths[key].offset)
        case .given(let requests, let methods):
            let request = requests[key]
            length = Self.copy(request.path, path, 0)
            flight.pointee.firstID = 0
            flight.pointee.total = -1
            flight.pointee.template = UInt16(request.method)
            flight.pointee.isHead = methods[request.method] == "HEAD"
            if let body = request.body {
                flight.pointee.sharedBody = body.start
                flight.pointee.bodyLength = Int32(body.count)
            }
        case .walk(let start):
            if flight.pointee.nextLength > 0, let next {
                length = flight.pointee.nextLength
                memcpy(path, next, length)
            } else {
                length = Self.copy(start, path, 0)
                flight.pointee.walkedTo = 0
                flight.pointee.walked = 0
            }
            flight.pointee.firstID = 0
            flight.pointee.total = expectation.total ?? -1
            flight.pointee.documents =
                Swift.min(
                    expectation.limit, Swift.max(0, flight.pointee.total - flight.pointee.walked))
        }
        flight.pointee.isWalk = plan.isWalk
        flight.pointee.hasNext = false
        flight.pointee.pathLength = Int32(length)
    }

    private func expect(
        _ flight: UnsafeMutablePointer<Flight>, offset: Int, record: UInt64
    ) {
        flight.pointee.total = expectation.total ?? -1
        if expectation.isRecord {
            flight.pointee.firstID = record
            flight.pointee.documents = 1
        } else {
            let first = expectation.firstID
            flight.pointee.firstID = first == 0 ? 0 : first + UInt64(offset)
            flight.pointee.documents =
                Swift.min(expectation.limit, (expectation.total ?? 0) - offset)
        }
    }

    /// Ends a page of a walk; the whole list must have been seen when there is no next page.
    ///
    /// - Returns: what was wrong with the walk.
    func walked(_ flight: UnsafeMutablePointer<Flight>) -> Fault? {
        flight.pointee.walked += flight.pointee.scanner.documents
        flight.pointee.walkedTo = flight.pointee.scanner.lastID
        if flight.pointee.hasNext { return nil }
        flight.pointee.nextLength = 0
        if flight.pointee.walked != flight.pointee.total { return .total }
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
