import CivilTime
import JSON
import RelayContract

/// An answer of the consumption data interface of ARGE HeiWaKo (now bved), versions 1.0 to 1.2.1: what the
/// residential units of one billing unit consumed in one month. Published as OpenAPI, as the answer to
/// `GET /billingunits/{billingunit}/consumptions/periods/{period}`.
struct ArgeAnswer {
    /// A residential unit.
    struct Unit {
        /// The metering company's number of it.
        let mscNumber: String
        /// The property manager's number of it, if the metering company knows one.
        let pmNumber: String?
        let consumptions: [EedConsumption]
        let benchmarks: [EedBenchmark]
        /// Where it stands, as a JSON Pointer.
        let pointer: String
    }

    /// Where the month stands, as a JSON Pointer.
    static let periodPointer = "/billingunit/period"

    /// The metering company's number of the billing unit.
    let billingUnit: String
    let period: CalendarMonth
    let units: [Unit]
}

/// Reads an answer and finds all of its faults. Members that it does not know are passed over, because
/// later versions of the interface may have more; a null is taken for a member that is absent.
struct ArgeReader {
    /// With JSON Pointers into the answer.
    private(set) var faults: [Fault] = []

    /// nil when there is a fault.
    mutating func read(_ root: JSONValue) -> ArgeAnswer? {
        let place = "/billingunit"
        guard let billingUnit = object(root, "billingunit", in: "") else { return nil }
        let number = mscNumber(billingUnit, place)
        let period = period(billingUnit, place)
        var numbers: Set<String> = []
        var units: [ArgeAnswer.Unit] = []
        for (unit, place) in list(billingUnit, "residentialunits", in: place) {
            guard let unit = self.unit(unit, place) else { continue }
            if !numbers.insert(unit.mscNumber).inserted {
                add(.notUnique, place, "an earlier unit has the same mscnumber: expected it once")
            }
            units.append(unit)
        }
        guard let number, let period, faults.isEmpty else { return nil }
        return ArgeAnswer(billingUnit: number, period: period, units: units)
    }

    private mutating func unit(_ unit: JSONValue, _ place: String) -> ArgeAnswer.Unit? {
        let number = mscNumber(unit, place)
        let consumptions: [EedConsumption] = models(unit, "consumptions", in: place)
        let benchmarks: [EedBenchmark] =
            member(unit, "benchmarks") == nil ? [] : models(unit, "benchmarks", in: place)
        guard let number else { return nil }
        return ArgeAnswer.Unit(
            mscNumber: number, pmNumber: unit["reference"]?["pmnumber"]?.string.map { String($0) },
            consumptions: consumptions, benchmarks: benchmarks, pointer: place)
    }

    // MARK: Members

    private mutating func add(_ code: FaultCode, _ pointer: String, _ detail: String) {
        faults.append(Fault(pointer: pointer, code: code, detail: detail))
    }

    /// A member that is there and is not null.
    private func member(_ value: JSONValue, _ name: StaticString) -> JSONValue? {
        guard value.kind == .object, let member = value[name], member.kind != .null else {
            return nil
        }
        return member
    }

    private mutating func required(
        _ value: JSONValue, _ name: StaticString, in place: String
    ) -> JSONValue? {
        if let member = member(value, name) { return member }
        add(.required, "\(place)/\(name)", "\(name) is missing")
        return nil
    }

    private mutating func object(
        _ value: JSONValue, _ name: StaticString, in place: String
    ) -> JSONValue? {
        guard let object = required(value, name, in: place) else { return nil }
        if object.kind == .object { return object }
        add(.type, "\(place)/\(name)", "expected an object")
        return nil
    }

    private mutating func text(
        _ value: JSONValue, _ name: StaticString, in place: String
    ) -> JSONString? {
        guard let member = required(value, name, in: place) else { return nil }
        if let text = member.string, text.count > 0 { return text }
        add(.type, "\(place)/\(name)", "expected a string that is not empty")
        return nil
    }

    private mutating func mscNumber(_ value: JSONValue, _ place: String) -> String? {
        guard let reference = object(value, "reference", in: place) else { return nil }
        return text(reference, "mscnumber", in: place + "/reference").map { String($0) }
    }

    private mutating func period(_ value: JSONValue, _ place: String) -> CalendarMonth? {
        guard let text = text(value, "period", in: place) else { return nil }
        if let month = CalendarMonth(text.bytes) { return month }
        add(
            .pattern, ArgeAnswer.periodPointer,
            "expected a month as YYYY-MM, got \"\(String(text))\"")
        return nil
    }

    // MARK: Lists

    /// The objects of a list, each with its place.
    private mutating func list(
        _ value: JSONValue, _ name: StaticString, in place: String
    ) -> [(JSONValue, String)] {
        guard let list = required(value, name, in: place) else { return [] }
        guard list.kind == .array else {
            add(.type, "\(place)/\(name)", "expected an array")
            return []
        }
        var elements: [(JSONValue, String)] = []
        for (index, element) in list.elements.enumerated() {
            let place = "\(place)/\(name)/\(index)"
            if element.kind == .object {
                elements.append((element, place))
            } else {
                add(.type, place, "expected an object")
            }
        }
        return elements
    }

    /// The models of a list, by the rules of Relay's contract, which has the terms of this interface.
    private mutating func models<Model: ContractModel>(
        _ value: JSONValue, _ name: StaticString, in place: String
    ) -> [Model] {
        var models: [Model] = []
        for (element, place) in list(value, name, in: place) {
            var own = Faults()
            if let model = Model(decoding: element, into: &own) { models.append(model) }
            for fault in own.listed where !Self.isTolerated(fault) {
                add(fault.code, place + fault.pointer, fault.detail)
            }
        }
        if models.count > Limits.eedValues {
            add(.tooMany, "\(place)/\(name)", "expected at most \(Limits.eedValues) elements")
        }
        return models
    }

    /// Whether a fault is none here: a member that the contract does not know, or a null that stands for
    /// an absent member.
    private static func isTolerated(_ fault: Fault) -> Bool {
        let optional = ["/amount", "/converted", "/estimated", "/errors", "/remarkcodes"]
        return fault.code == .unknownMember
            || fault.code == .nullValue && optional.contains(fault.pointer)
    }
}
