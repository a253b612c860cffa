import Glibc
import HTTP2
import JSON
import RelayRecords
import RelayStore

/// What lines are loaded into.
protocol LoadTarget: ~Copyable {
    /// Bytes of lines that it takes at once.
    var batchBytes: Int { get }

    /// Takes lines. Gives back what became of these or of earlier ones, if that is known by now.
    mutating func submit(_ batch: LineBatch) throws(CommandError) -> LoadResult?

    /// What became of the oldest lines that nothing is known of yet; nil when there are none.
    mutating func await() throws(CommandError) -> LoadResult?
}

/// Lines, and what became of them.
struct LoadResult {
    let batch: LineBatch
    let outcome: LoadOutcome
}

/// The relayd that serves the store. Several batches are under way, so that it decodes one while its
/// writer commits another; small ones, so that other writes need not wait long behind them.
struct RelaydTarget: LoadTarget, ~Copyable {
    let batchBytes = Limits.relaydBatchBytes
    private let relayd: AdminClient
    private var underWay: [(stream: Int32, batch: LineBatch)] = []
    private var bytesUnderWay = 0
    /// Answers that came while others were waited for.
    private var results: [LoadResult] = []

    init(_ relayd: AdminClient) { self.relayd = relayd }

    mutating func submit(_ batch: LineBatch) throws(CommandError) -> LoadResult? {
        while bytesUnderWay + batch.bytes.count > Limits.bytesUnderWay,
            let result = try receive()
        {
            results.append(result)
        }
        // All of it: the next lines may be slow to come, and relayd waits no minute for the rest of a body.
        let stream = try relayd.send(
            "POST", "/admin/load", body: batch.bytes, timeout: Limits.loadTimeout)
        underWay.append((stream, batch))
        bytesUnderWay += batch.bytes.count
        if underWay.count < Limits.batchesUnderWay, results.isEmpty { return nil }
        return try `await`()
    }

    mutating func `await`() throws(CommandError) -> LoadResult? {
        results.isEmpty ? try receive() : results.removeFirst()
    }

    /// The answer to the oldest batch under way; nil if there is none.
    private mutating func receive() throws(CommandError) -> LoadResult? {
        guard !underWay.isEmpty else { return nil }
        let (stream, batch) = underWay.removeFirst()
        bytesUnderWay -= batch.bytes.count
        var body: [UInt8]?
        do throws(CommandError) {
            body = try relayd.receive(stream, timeout: Limits.loadTimeout)
        } catch {
            guard case .refused(503, _) = error else { throw error }
        }
        // Too many writes wait there: ours can wait as well.
        for _ in 0..<Limits.loadAttempts where body == nil {
            usleep(Limits.loadPause)
            let again = try relayd.send(
                "POST", "/admin/load", body: batch.bytes, timeout: Limits.loadTimeout)
            body = try? relayd.receive(again, timeout: Limits.loadTimeout)
        }
        let parser = JSONParser()
        let outcome = body.flatMap { body in try? parser.parse(body) { LoadOutcome($0) } }
        guard let outcome = outcome ?? nil else {
            throw .refused(
                status: 503,
                detail: "relayd did not report the outcome of a load: load the file again")
        }
        return LoadResult(batch: batch, outcome: outcome)
    }
}

/// A store that nobody serves.
struct StoreTarget: LoadTarget, ~Copyable {
    let batchBytes = Limits.storeBatchBytes
    private let store: Store
    private let reader = DumpReader()
    private let applier = RecordApplier()

    init(_ store: Store) { self.store = store }

    mutating func submit(_ batch: LineBatch) throws(CommandError) -> LoadResult? {
        let reading = reader.read(batch.bytes)
        let (store, applier) = (store, applier)
        var outcome = try lifting { () throws(StoreError) -> LoadOutcome in
            try store.write { (transaction) throws(StoreError) -> LoadOutcome in
                try applier.load(reading.batches, to: &transaction)
            }
        }
        outcome.faults += reading.faults
        return LoadResult(batch: batch, outcome: outcome)
    }

    mutating func `await`() throws(CommandError) -> LoadResult? { nil }
}

/// Nothing: says what would become of the lines. Only reads, so it may do so beside relayd.
struct DryRunTarget: LoadTarget, ~Copyable {
    let batchBytes = Limits.storeBatchBytes
    private let view: StoreReader
    private let reader = DumpReader()
    private var dryRun = LoadDryRun()

    init(_ store: Store) throws(CommandError) {
        view = try lifting { () throws(StoreError) in try store.makeReader() }
    }

    mutating func submit(_ batch: LineBatch) throws(CommandError) -> LoadResult? {
        let reading = reader.read(batch.bytes)
        var outcome = LoadOutcome()
        // Moved out, not copied: it knows every key of the file so far.
        var dryRun = dryRun
        self.dryRun = LoadDryRun()
        defer { self.dryRun = dryRun }
        do throws(StoreError) {
            for lines in reading.batches {
                outcome.add(try dryRun.judge(lines, in: view.view))
            }
        } catch {
            throw .store(error)
        }
        outcome.faults += reading.faults
        return LoadResult(batch: batch, outcome: outcome)
    }

    mutating func `await`() throws(CommandError) -> LoadResult? { nil }
}
