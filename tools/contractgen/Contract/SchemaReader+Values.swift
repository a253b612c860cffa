/// Shapes of arrays and of texts.
extension SchemaReader {
    func array(
        _ tree: Tree, _ place: String, _ notes: [String]
    ) throws(GeneratorFault) -> Shape {
        try allow(tree, place, notes + ["items", "minItems", "maxItems", "uniqueItems"])
        guard let items = tree["items"] else { throw GeneratorFault("\(place): no items") }
        let count = try range(tree, place, "minItems", "maxItems")
        let isUnique = tree["uniqueItems"] == .boolean(true)
        // Each element is compared with all before it.
        guard !isUnique || count.map({ $0.upperBound <= 64 }) == true else {
            throw GeneratorFault("\(place): uniqueItems needs maxItems of at most 64")
        }
        let element = try shape(items, place)
        switch element {
        case .array, .freeObject, .id(form: "text", smallest: _):
            throw GeneratorFault("\(place): an array of such elements is not generated yet")
        default: return .array(element, count, isUnique: isUnique)
        }
    }

    /// 1 to 2⁵³−1 in digits.
    private static let idPattern =
        "([1-9][0-9]{0,14}|[1-8][0-9]{15}|900[0-6][0-9]{12}|90070[0-9]{11}|90071[0-8][0-9]{10}"
        + "|900719[0-8][0-9]{9}|9007199[01][0-9]{8}|90071992[0-4][0-9]{7}|900719925[0-3][0-9]{6}"
        + "|9007199254[0-6][0-9]{5}|90071992547[0-3][0-9]{4}|9007199254740[0-8][0-9]{2}"
        + "|90071992547409[0-8][0-9]|900719925474099[01])"

    func string(
        _ tree: Tree, _ place: String, _ notes: [String]
    ) throws(GeneratorFault) -> Shape {
        if tree["format"]?.string == "date-time" {
            try allow(tree, place, notes + ["format", "pattern"])
            return .time
        }
        // The pattern says as much of these as JSON Schema can.
        if tree["format"]?.string == "wall-time" {
            try allow(tree, place, notes + ["format", "pattern"])
            return .wallTime
        }
        if tree["format"]?.string == "month" {
            try allow(tree, place, notes + ["format", "pattern"])
            return .month
        }
        switch tree["pattern"]?.string {
        case nil:
            try allow(tree, place, notes + ["minLength", "maxLength", "contentEncoding"])
            return .string(try range(tree, place, "minLength", "maxLength"))
        case "^\(Self.idPattern)$":
            try allow(tree, place, notes + ["pattern"])
            return .id(form: "text", smallest: 1)
        case "^(0|\(Self.idPattern.dropFirst())$":
            try allow(tree, place, notes + ["pattern"])
            return .id(form: "text", smallest: 0)
        default: throw GeneratorFault("\(place): a pattern that is not understood")
        }
    }

    private func range(
        _ tree: Tree, _ place: String, _ low: String, _ high: String
    ) throws(GeneratorFault) -> ClosedRange<Int>? {
        guard let upper = tree[high]?.integer else {
            guard tree[low] == nil else { throw GeneratorFault("\(place): \(low) without \(high)") }
            return nil
        }
        return (tree[low]?.integer ?? 0)...upper
    }
}
