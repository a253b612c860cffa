// parsebench: CPU per document of what a write does with its body and a read-back with a record: parse,
// decode by the rules, write again. `swift run -c release parsebench`.
import CivilTime
import Glibc
import JSON
import RelayContract
import System

/// CPU time of this process in microseconds.
func cpuMicroseconds() -> Double {
    Double(SystemClock.processCPU.nanoseconds) / 1e3
}

/// The fastest of five rounds: what is slower was disturbed.
func fastest(of count: Int, _ work: () throws -> Void) rethrows -> Double {
    var best = Double.infinity
    for _ in 0..<5 {
        let start = cpuMicroseconds()
        for _ in 0..<count { try work() }
        best = min(best, (cpuMicroseconds() - start) / Double(count))
    }
    return best
}

/// Measures one document, as it is when `model` has been written.
func measure(_ name: String, _ model: some ContractModel, count: Int) throws {
    func run<Model: ContractModel>(_ model: Model) throws {
        let parser = JSONParser()
        let text = model.json
        let parse = try fastest(of: count) { try parser.parse(text) { _ in } }
        let both = try fastest(of: count) {
            try parser.parse(text) { value in
                var faults = Faults()
                let read = Model(decoding: value, into: &faults)
                precondition(read != nil && faults.isEmpty, "the document is right")
            }
        }
        var writer = JSONWriter()
        let write = fastest(of: count) {
            writer.reset()
            model.write(to: &writer)
        }
        let parts = [("parse", parse), ("decode", both - parse), ("write", write)]
        let figures = parts.map { "\($0.0) \(rounded($0.1))" }.joined(separator: ", ")
        print("\(name), \(text.count) bytes: \(figures), in all \(rounded(both + write)) µs")
    }
    try run(model)
}

/// Two digits behind the point.
func rounded(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }

let address = Address(
    id: 9, streetAddress: "Ahornweg 103–107", postalCode: "45138", locality: "Essen",
    country: Country("DE")!, accountId: 1)
let time = Timestamp(milliseconds: 1_770_375_600_000)
let order = Order(
    id: 4711, title: "Wasserhahn tropft, WE 04, 1. OG rechts", status: .inProgress,
    address: address, dueDate: time, followUpDate: time, createdAt: time, updatedAt: time,
    internalId: "2026-0004711", isInternal: false, type: "REPAIR", taskId: "T-323162",
    propertyId: 8,
    fields: (1...4).map {
        OrderField(id: $0, position: Int($0), name: "Gewerk", content: "Sanitär, Küche und Bad")
    }, attachments: [], comments: [],
    contactPersons: (1...2).map {
        ContactPerson(
            type: "TENANT", name: "Ayşe Krüger", id: $0, telephone: "+49 201 5550188",
            mobile: "+49 151 5550188", emailAddress: "a.krueger@example.org")
    }, customerId: 12)
let properties = (1...10_000).map { number in
    PropertyInput(
        name: "WEG Lindenstraße \(number)",
        address: AddressInput(
            streetAddress: "Lindenstraße \(number)", postalCode: "80331", locality: "München",
            country: Country("DE")),
        mscNumber: "00\(number)", internalId: "WEG-\(number)", externalId: UInt64(number),
        customerId: 1)
}
try measure("an order", order, count: 20_000)
try measure("10 000 properties", PropertyUpsert(properties: properties), count: 10)
