import CivilTime
import HTTP2
import JSON
import RelayContract
import RelayRecords
import RelayStore

/// GET of energy data: what was delivered for a unit, and for which units nothing was.
extension RelayAPI {
    /// The answer is put together from documents as they are stored: nothing is parsed.
    mutating func getEed(_ input: GetEedInput, _ exchange: inout RelayExchange) {
        if let problem = Problem(futureMonth: input.period) { return exchange.reject(problem) }
        let account = exchange.account
        do throws(StoreError) {
            guard Resource.isStorable(input.unitId),
                try reader.document(Resource.unit.key(account, input.unitId)) != nil
            else {
                return exchange.reject(
                    Problem(.notFound, "the account has no unit \(input.unitId)"))
            }
            let counter = try reader.view.counter(
                account: account, resource: Resource.eedMonth.rawValue)
            let tag = EntityTag(epoch: epoch, version: counter.changeSequence, isWeak: true)
            if exchange.isSettled(by: tag) { return }
            exchange.http.answer(200, json: try report(input, account))
            exchange.setTag(tag)
        } catch {
            fail(error, exchange)
        }
    }

    /// An EedReport.
    private func report(_ input: GetEedInput, _ account: UInt32) throws(StoreError) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("unitId", input.unitId)
        writer.member("period", input.period)
        let view = reader.view
        let months: [(StaticString, Int)] = [
            ("month", 0), ("monthBefore", -1), ("yearBefore", -12),
        ]
        for (name, distance) in months {
            let month = input.period.advanced(by: distance)
            let document = try view.eedMonth(ofUnit: input.unitId, month, account: account)
            guard let document else { continue }
            writer.name(name)
            // SAFETY: copied while the view is borrowed.
            document.json.withUnsafeBytes { writer.raw($0) }
        }
        if let document = try view.eedMonth(ofUnit: input.unitId, input.period, account: account) {
            writer.name("benchmarks")
            // SAFETY: copied while the view is borrowed.
            document.privateBytes.withUnsafeBytes { writer.raw($0) }
        }
        writer.endObject()
        return writer.bytes
    }

    mutating func getUnitsWithoutEed(
        _ input: GetUnitsWithoutEedInput, _ exchange: inout RelayExchange
    ) {
        if let problem = Problem(futureMonth: input.period) { return exchange.reject(problem) }
        let units = UnitsWithoutEed(account: exchange.account, input.period)
        answerSelection(.unitsWithoutEed(units), input.page, &exchange)
    }
}

extension Problem {
    /// 400 for a month in the future; nil for any other.
    fileprivate init?(futureMonth month: CalendarMonth) {
        let present = CalendarMonth(of: .now)
        if month <= present { return nil }
        var faults = Faults()
        faults.add(
            .outOfRange, parameter: "period",
            "expected a month up to the present one, \(present)")
        self.init(.badQuery, faults)
    }
}
