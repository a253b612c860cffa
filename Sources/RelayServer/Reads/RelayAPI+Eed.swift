import CivilTime
import HTTP2
import JSON
import RelayContract
import RelayRecords
import RelayStore

/// GET of energy data: what was delivered for a unit or all of a property, and for which units
/// nothing was.
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

    private func report(_ input: GetEedInput, _ account: UInt32) throws(StoreError) -> [UInt8] {
        var writer = JSONWriter()
        try reader.writeEedReport(
            ofUnit: input.unitId, input.period, account: account, namesEmptyPeriod: true,
            to: &writer)
        return writer.bytes
    }

    mutating func getEedOfProperty(
        _ input: GetEedOfPropertyInput, _ exchange: inout RelayExchange
    ) {
        if let problem = Problem(futureMonth: input.period) { return exchange.reject(problem) }
        do throws(StoreError) {
            guard Resource.isStorable(input.propertyId),
                try reader.document(
                    Resource.property.key(exchange.account, input.propertyId)) != nil
            else {
                return exchange.reject(
                    Problem(.notFound, "the account has no property \(input.propertyId)"))
            }
        } catch {
            return fail(error, exchange)
        }
        let units = EedOfProperty(
            account: exchange.account, property: input.propertyId, input.period)
        answerSelection(.eedOfProperty(units), input.page, &exchange)
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
        let present = CalendarMonth(inBerlin: .now)
        if month <= present { return nil }
        var faults = Faults()
        faults.add(
            .outOfRange, parameter: "period",
            "expected a month up to the present one in Europe/Berlin, \(present)")
        self.init(.badQuery, faults)
    }
}
