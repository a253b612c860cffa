/// A trade, with the cases that it is called for.
struct Trade: Sendable {
    /// As it stands in an order's field "Gewerk".
    let name: String
    /// What companies of the trade call themselves after the owner's name.
    let company: String
    /// Happens in the building and not in a flat.
    let isShared: Bool
    let cases: [Case]

    /// One story: what the order is called, what the resident reports, what the company finds, what
    /// it does about it, and the files that somebody attaches.
    struct Case: Sendable {
        let title: Phrase
        let report: Phrase
        let finding: Phrase
        let work: Phrase
        let files: [String]
        /// The first of them that a resident's telephone could have taken.
        let photo: String?
    }

    /// The cases are written as text: five lines each, see `Phrase` for the gaps.
    init(_ name: String, company: String, shared: Bool = false, cases text: String) {
        self.name = name
        self.company = company
        isShared = shared
        let lines = text.split(separator: "\n")
        precondition(lines.count.isMultiple(of: 5), "\(name): a case is not five lines")
        var cases: [Case] = []
        for start in stride(from: 0, to: lines.count, by: 5) {
            let files = lines[start + 4].split(separator: " ").map { String($0) }
            cases.append(
                Case(
                    title: Phrase(lines[start]), report: Phrase(lines[start + 1]),
                    finding: Phrase(lines[start + 2]), work: Phrase(lines[start + 3]),
                    files: files, photo: files.first { $0.hasSuffix(".jpg") }))
        }
        self.cases = cases
    }

    /// All trades; heating and water twice, because every second call is about them.
    static let all = [
        heating, heating, plumbing, plumbing, waterDamage, electrical, lighting, lift, roof, locks,
        windows, intercom, garden, cleaning, pests, painting, smokeDetectors, garage, mould,
        drains,
    ]
}
