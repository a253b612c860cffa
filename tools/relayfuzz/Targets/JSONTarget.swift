import JSON
import RelayContract

/// The first byte chooses a type of the contract. What it accepts is written and read again as the same.
enum JSONTarget {
    nonisolated(unsafe) private static let parser = JSONParser()

    private static let checks: [@Sendable ([UInt8]) -> Void] = [
        { check(NewOrder.self, $0) },
        { check(OrderPatch.self, $0) },
        { check(NewAddress.self, $0) },
        { check(CustomerUpsert.self, $0) },
        { check(PropertyUpsert.self, $0) },
        { check(UnitUpsert.self, $0) },
        { check(EedDelivery.self, $0) },
        { check(NewDocument.self, $0) },
        { check(NewDocumentAttachment.self, $0) },
        { check(NewAppointment.self, $0) },
        { check(AppointmentPatch.self, $0) },
        { check(NewComment.self, $0) },
        { check(NewOrderField.self, $0) },
        { check(NewContactPerson.self, $0) },
        { check(Order.self, $0) },
        { check(Document.self, $0) },
        { check(Attachment.self, $0) },
        { check(Customer.self, $0) },
    ]

    static func run(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        checks[Int(first) % checks.count](Array(bytes.dropFirst()))
    }

    private static func check<Model: ContractModel>(_ type: Model.Type, _ text: [UInt8]) {
        guard let model = decode(type, text) else { return }
        let written = model.json
        guard let again = decode(type, written) else {
            fatalError(
                "broken: \(type) refuses what it wrote: \(String(decoding: written, as: UTF8.self))"
            )
        }
        Target.require(again == model, "\(type) reads what it wrote as something else")
        Target.require(again.json == written, "\(type) writes the same in two ways")
    }

    private static func decode<Model: ContractModel>(_ type: Model.Type, _ text: [UInt8]) -> Model?
    {
        let read = try? parser.parse(text) { value -> Model? in
            var faults = Faults()
            let model = Model(decoding: value, into: &faults)
            Target.require(model != nil || !faults.isEmpty, "\(type) says no fault")
            return faults.isEmpty ? model : nil
        }
        return read ?? nil
    }
}
