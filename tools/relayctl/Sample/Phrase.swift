/// A sentence with gaps: "Die Firma {firma} kommt am {tag}."
struct Phrase: Sendable {
    /// What can stand in a gap.
    enum Slot: String, Sendable {
        /// The resident: Frau Özdemir, Herr Krause.
        case mieter
        /// The same in the dative: Herrn Krause.
        case mietern
        /// The flat with its number: WE 07, 3. OG links.
        case wohnung
        /// Where the flat is: 3. OG links.
        case lage
        /// The tradesman's company.
        case firma
        /// The appointment's date: Dienstag, 14. März.
        case tag
        /// The appointment's time: zwischen 8 und 10 Uhr.
        case zeit
        /// Who writes for the management.
        case verwalter
        /// An amount: 486,20 €.
        case betrag
        /// The resident's number.
        case telefon
    }

    private enum Part: Sendable {
        case text(String)
        case slot(Slot)
    }

    private let parts: [Part]

    init(_ pattern: Substring) {
        var parts: [Part] = []
        var rest = pattern
        while let open = rest.firstIndex(of: "{") {
            guard let close = rest[open...].firstIndex(of: "}"),
                let slot = Slot(rawValue: String(rest[rest.index(after: open)..<close]))
            else { preconditionFailure("no such gap in: \(pattern)") }
            if open > rest.startIndex { parts.append(.text(String(rest[..<open]))) }
            parts.append(.slot(slot))
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
        self.parts = parts
    }

    /// The vocabulary is written as text, one phrase a line.
    static func lines(_ text: String) -> [Phrase] { text.split(separator: "\n").map(Phrase.init) }

    /// The sentence with its gaps filled.
    func filled(with facts: Facts) -> String {
        if parts.count == 1, case .text(let text) = parts[0] { return text }
        var result = ""
        result.reserveCapacity(256)
        for part in parts {
            switch part {
            case .text(let text): result += text
            case .slot(let slot): result += facts[slot]
            }
        }
        return result
    }
}

/// What is known about one order when its texts are written.
struct Facts {
    var resident: Resident
    var unit: UnitPlace
    var company: String
    var day: String
    var hours: String
    var employee: String
    var amount: String

    subscript(slot: Phrase.Slot) -> String {
        switch slot {
        case .mieter: resident.salutation
        case .mietern: resident.salutationDative
        case .wohnung: unit.name
        case .lage: unit.floor
        case .firma: company
        case .tag: day
        case .zeit: hours
        case .verwalter: employee
        case .betrag: amount
        case .telefon: resident.phone
        }
    }
}
