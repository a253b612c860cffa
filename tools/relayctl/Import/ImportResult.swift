import JSON
import RelayContract

/// What became of an import: of each unit, and of the whole.
struct ImportResult {
    let isDryRun: Bool
    /// Why there is nothing to import, or what was refused, with JSON Pointers into the answer.
    var faults: [Fault] = []
    private var answer: ArgeAnswer?
    private var match: UnitMatch?
    private var imported: [(metered: ArgeAnswer.Unit, unit: Unit)] = []
    private var refused = 0

    init(isDryRun: Bool) { self.isDryRun = isDryRun }

    mutating func take(_ match: UnitMatch, _ answer: ArgeAnswer) {
        (self.match, self.answer) = (match, answer)
    }

    /// Takes the verdicts of a batch. Their pointers lead into the batch; what they are about stands elsewhere in
    /// the answer.
    mutating func take(
        _ batch: [(ArgeAnswer.Unit, Unit, EedDelivery)], _ verdicts: [EedVerdict]
    ) {
        for (index, verdict) in verdicts.enumerated() where index < batch.count {
            let (metered, unit, _) = batch[index]
            guard let found = verdict.errors, !found.isEmpty else {
                imported.append((metered, unit))
                continue
            }
            refused += 1
            for var fault in found {
                let place = "/deliveries/\(index)"
                if fault.pointer == place + "/period" {
                    fault.pointer = ArgeAnswer.periodPointer
                } else if fault.pointer.hasPrefix(place) {
                    fault.pointer = metered.pointer + fault.pointer.dropFirst(place.count)
                }
                // All units have one period.
                if faults.last != fault { faults.append(fault) }
            }
        }
    }

    func report(allowsUnmatched: Bool) -> Report {
        let unmatched = match?.unmatched ?? []
        var report = Report { writer in
            if isDryRun { writer.member("dryRun", true) }
            if let answer {
                writer.member("billingUnit", answer.billingUnit)
                writer.member("period", answer.period)
            }
            if let property = match?.property {
                writer.member("propertyId", property.id)
                writer.member("property", property.name)
            }
            writer.member("imported", imported.count)
            writer.member("refused", refused)
            writer.member("unmatched", unmatched.count)
            if isDryRun { write(imported, to: &writer) }
            write(unmatched, to: &writer)
            writer.name("faults")
            writer.beginArray()
            for fault in faults { fault.write(to: &writer) }
            writer.endArray()
        }
        if !faults.isEmpty || !unmatched.isEmpty && !allowsUnmatched { report.exitCode = .data }
        return report
    }

    private func write(
        _ units: [(metered: ArgeAnswer.Unit, unit: Unit)], to writer: inout JSONWriter
    ) {
        writer.name("units")
        writer.beginArray()
        for (metered, unit) in units {
            writer.beginObject()
            writer.member("mscNumber", metered.mscNumber)
            writer.member("unitId", unit.id)
            writer.member("name", unit.name)
            writer.member(
                "consumptions", metered.consumptions.map(\.summary).joined(separator: ", "))
            writer.member("benchmarks", metered.benchmarks.count)
            writer.endObject()
        }
        writer.endArray()
    }

    private func write(
        _ units: [(unit: ArgeAnswer.Unit, reason: String)], to writer: inout JSONWriter
    ) {
        writer.name("unmatchedUnits")
        writer.beginArray()
        for (unit, reason) in units {
            writer.beginObject()
            writer.member("mscNumber", unit.mscNumber)
            if let number = unit.pmNumber { writer.member("pmNumber", number) }
            writer.member("unmatched", reason)
            writer.endObject()
        }
        writer.endArray()
    }
}

extension EedConsumption {
    /// In one line: `HEATING 99.03 KWH converted`.
    fileprivate var summary: String {
        var words = ["\(service.name)", amount.map { "\($0)" } ?? "-", "\(unitofmeasure.name)"]
        if converted == true { words.append("converted") }
        if estimated == true { words.append("estimated") }
        if errors == true { words.append("errors") }
        return words.joined(separator: " ")
    }
}
