import Glibc
import HTTP2
import Options

/// A server of orders that misbehaves in one way, so that tests can see whether relaybench notices.
/// It stands in for the server that everybody has had in production.
@main
enum BadServer {
    static let socket = Option<String>.required("socket", "PATH", .path, help: "where to listen")
    static let fault = Option<String>.text(
        "fault", "WORD", .choice(BadApplication.Fault.allCases.map(\.rawValue)), default: "none",
        help: "how to misbehave")
    static let orders = Option<Int>.number(
        "orders", "N", .integer(1...1_000_000), default: 1_000, help: "orders to have")
    static let stall = Option<Int>.number(
        "stall", "TIME", .duration(0...60_000), default: 0, help: "how long to stand still")
    static let every = Option<Int>.number(
        "every", "TIME", .duration(1...60_000), default: 1_000,
        help: "from one standstill to the next")
    static let work = Option<Int>.number(
        "work", "TIME", .duration(0...60_000), default: 0, help: "how long each answer takes")
    static let burn = Option<Int>.number(
        "burn", "MICROSECONDS", .integer(0...1_000_000), default: 0,
        help: "CPU time that each answer takes")

    static let program = Program(
        name: "badserver", summary: "Serves orders badly.", version: Version.text,
        options: [
            socket.description, fault.description, orders.description, stall.description,
            every.description, work.description, burn.description,
        ])

    static func main() throws {
        let (_, arguments) = program.parseOrExit()
        let application = BadApplication(
            BadApplication.Fault(rawValue: arguments[fault])!, orders: arguments[orders],
            pace: BadApplication.Pace(
                stall: arguments[stall], every: arguments[every], work: arguments[work],
                burn: arguments[burn]))
        let socket = try UnixSocket(path: arguments[socket])
        let server = try Server(applications: [application])
        server.listen(socket)
        try server.start()
        print("ready")
        fflush(nil)
        // Until a signal ends the process.
        while true { pause() }
    }
}

/// Orders 1 to N, each two members long.
final class BadApplication: Application {
    /// What is wrong with the answers. What the load tool learns at the start is right: only later
    /// answers are bad.
    enum Fault: String, CaseIterable {
        case none
        /// 500 for one order of ten.
        case status
        /// Another order than was asked for.
        case order
        /// A page with one document too few.
        case short
        /// A page whose ids do not ascend.
        case disorder
        /// A total that changes.
        case total
        /// A body that ends in the middle.
        case cut
        /// No answer at all to one request of ten.
        case silence
        /// Nothing: bodies are just not of one length.
        case vary
    }

    /// How slow it is.
    struct Pace {
        /// Milliseconds of a standstill, and from one to the next.
        let stall: Int
        let every: Int
        /// Milliseconds that each answer takes, and microseconds of CPU time.
        let work: Int
        let burn: Int
    }

    private let fault: Fault
    private let orders: Int
    private let pace: Pace
    private var answered = 0
    private var nextStall: Int64 = 0
    /// Answers that are right, for whoever asks first what there is.
    private static let honest = 12

    init(_ fault: Fault, orders: Int, pace: Pace) {
        self.fault = fault
        self.orders = orders
        self.pace = pace
    }

    override func admit(_ exchange: Exchange) { exchange.admitBody(upTo: 1 << 16) }

    override func answer(_ exchange: Exchange) {
        standStill()
        labour()
        answered += 1
        let isHonest = answered <= Self.honest || fault == .none
        let target = String(decoding: exchange.path, as: UTF8.self).split(separator: "?")
        let path = String(target.first ?? "")
        let query = target.count > 1 ? String(target[1]) : ""
        if !isHonest, answered % 10 == 0 {
            if fault == .status { return exchange.respond(500) }
            if fault == .silence {
                _ = exchange.suspend()
                return
            }
        }
        if path == "/mirror" { return mirror(exchange) }
        exchange.respond(200)
        if path == "/v1/orders" {
            page(exchange, query, isHonest)
        } else {
            let id = Int(path.dropFirst("/v1/orders/".count)) ?? 0
            exchange.setBody(
                copying: order(!isHonest && fault == .order ? id + 1 : id, isHonest))
        }
    }

    /// Answers with a status that says what was asked: 200 and the bytes of the body, 50 more for a
    /// PUT, 100 more with `idempotency-key: mirror`.
    private func mirror(_ exchange: Exchange) {
        let key = exchange.field(.idempotencyKey).map { String(decoding: $0, as: UTF8.self) }
        exchange.respond(
            200 + exchange.body.count % 50 + (exchange.method == .put ? 50 : 0)
                + (key == "mirror" ? 100 : 0))
    }

    private func page(_ exchange: Exchange, _ query: String, _ isHonest: Bool) {
        var (limit, offset) = (50, 0)
        for pair in query.split(separator: "&") {
            if pair.hasPrefix("limit=") { limit = Int(pair.dropFirst(6)) ?? 50 }
            if pair.hasPrefix("offset=") { offset = Int(pair.dropFirst(7)) ?? 0 }
        }
        var ids = Array((offset + 1)..<Swift.max(offset + 1, Swift.min(offset + limit, orders) + 1))
        var total = orders
        if !isHonest {
            switch fault {
            case .short: ids.removeLast()
            case .disorder where ids.count > 2: ids.swapAt(1, 2)
            case .total: total += 1
            default: break
            }
        }
        exchange.set(.totalCount, total)
        var body: [UInt8] = [UInt8(ascii: "[")]
        for id in ids {
            if body.count > 1 { body.append(UInt8(ascii: ",")) }
            body += order(id, true)
        }
        body.append(UInt8(ascii: "]"))
        if !isHonest, fault == .cut { body.removeLast(7) }
        exchange.setBody(copying: body)
    }

    private func order(_ id: Int, _ isWhole: Bool) -> [UInt8] {
        let more = fault == .vary ? String(repeating: "!", count: answered % 7) : ""
        let text = "{\"id\":\(id),\"title\":\"An order with a title of some length\(more)\"}"
        return isWhole || fault != .cut ? Array(text.utf8) : Array(text.utf8.dropLast(5))
    }

    /// Sleeps on the loop's thread, as a pause of a garbage collector or a slow disk would.
    private func standStill() {
        if pace.stall == 0 { return }
        let now = Self.microseconds(CLOCK_MONOTONIC) / 1_000
        if nextStall == 0 { nextStall = now + Int64(pace.every) }
        if now < nextStall { return }
        nextStall = now + Int64(pace.every + pace.stall)
        usleep(UInt32(pace.stall) * 1_000)
    }

    /// What every answer takes.
    private func labour() {
        if pace.work > 0 { usleep(UInt32(pace.work) * 1_000) }
        if pace.burn == 0 { return }
        let end = Self.microseconds(CLOCK_THREAD_CPUTIME_ID) + Int64(pace.burn)
        while Self.microseconds(CLOCK_THREAD_CPUTIME_ID) < end {}
    }

    private static func microseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
}
