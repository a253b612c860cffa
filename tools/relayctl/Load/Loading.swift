import Glibc
import JSON
import Options
import RelayRecords

/// Pours lines into a target: keeps those that wait for others, names those that cannot be loaded.
struct Loading {
    private(set) var total = LoadOutcome()
    /// Lines that could not be loaded.
    private(set) var failed = 0
    private let asJSON: Bool
    private var progress: Progress
    /// Lines that may be loaded once others have been, and why not before.
    private var waiting = LineBatch()
    private var reasons: [Int: String] = [:]

    init(progress: Progress, asJSON: Bool) {
        self.progress = progress
        self.asJSON = asJSON
    }

    /// Loads all lines of a source.
    ///
    /// - Returns: whether the dump is whole; a file without a header always is.
    mutating func pour<Target: LoadTarget & ~Copyable>(
        _ source: inout LineSource, into target: inout Target
    ) throws(CommandError) -> Bool {
        var frame = DumpFrame()
        while let batch = try source.next(upTo: target.batchBytes) {
            if Interrupt.isPending { throw .loadInterrupted }
            try frame.look(at: batch, of: source.path)
            if let result = try target.submit(batch) { take(result) }
            progress.update(source.position)
            if waiting.bytes.count > Limits.waitingBytes {
                try drain(&target)
                try retry(&target)
            }
        }
        try drain(&target)
        try retry(&target)
        for number in source.tooLong {
            complain(number, "the line has more than \(Limits.lineBytes) bytes")
        }
        progress.finish(source.position)
        return frame.isWhole
    }

    private mutating func drain<Target: LoadTarget & ~Copyable>(
        _ target: inout Target
    ) throws(CommandError) {
        while let result = try target.await() { take(result) }
    }

    /// Tries the lines that wait again, for as long as that helps; names what is left.
    private mutating func retry<Target: LoadTarget & ~Copyable>(
        _ target: inout Target
    ) throws(CommandError) {
        while !waiting.numbers.isEmpty {
            let round = waiting
            waiting = LineBatch()
            var batch = LineBatch()
            for (line, number) in zip(round.lines, round.numbers) {
                if Interrupt.isPending { throw .loadInterrupted }
                batch.append(line, number: number)
                guard batch.bytes.count >= target.batchBytes else { continue }
                if let result = try target.submit(batch) { take(result) }
                batch = LineBatch()
            }
            if !batch.numbers.isEmpty, let result = try target.submit(batch) { take(result) }
            try drain(&target)
            if waiting.numbers.count == round.numbers.count { break }
        }
        for number in waiting.numbers { complain(number, reasons[number] ?? "") }
        waiting = LineBatch()
        reasons = [:]
    }

    private mutating func take(_ result: LoadResult) {
        total.created += result.outcome.created
        total.updated += result.outcome.updated
        total.unchanged += result.outcome.unchanged
        if result.outcome.faults.isEmpty { return }
        let lines = result.batch.lines
        for fault in result.outcome.faults.sorted(by: { $0.line < $1.line }) {
            guard lines.indices.contains(fault.line) else { continue }
            let number = result.batch.numbers[fault.line]
            if fault.waits {
                waiting.append(lines[fault.line], number: number)
                reasons[number] = fault.detail
            } else {
                complain(number, fault.detail)
            }
        }
    }

    /// Names a line that is not loaded.
    private mutating func complain(_ number: Int, _ detail: String) {
        failed += 1
        progress.interrupt()
        if asJSON {
            let report = Report { writer in
                writer.member("line", number)
                writer.member("detail", detail)
            }
            Progress.write(String(decoding: report.json, as: UTF8.self) + "\n")
        } else {
            Progress.write("line \(number): \(detail)\n")
        }
    }
}

/// What a dump says about itself in its first and last line.
private struct DumpFrame {
    private let reader = DumpReader()
    private var isFirst = true
    private var hasHeader = false
    private var hasEnd = false

    /// Whether nothing was cut off, as far as the file itself tells.
    var isWhole: Bool { hasEnd || !hasHeader }

    mutating func look(at batch: LineBatch, of path: String) throws(CommandError) {
        if isFirst {
            isFirst = false
            if case .header(let version, _)? = frame(batch.bytes.prefix { $0 != 0x0A }) {
                guard (1...Int64(DumpWriter.version)).contains(version) else {
                    throw .foreignDump(path: path, version: version)
                }
                hasHeader = true
            }
        }
        let last = batch.bytes.dropLast().reversed().prefix { $0 != 0x0A }.count + 1
        if case .end? = frame(batch.bytes.suffix(last)) { hasEnd = true }
    }

    private func frame(_ line: some Collection<UInt8>) -> DumpReader.Frame? {
        // A line that says something about the dump is short; a record need not be parsed twice.
        guard line.count <= Limits.frameBytes else { return nil }
        // SAFETY: read during the call.
        return Array(line).withUnsafeBytes { reader.frame($0) }
    }
}
