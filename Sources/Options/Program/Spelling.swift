/// Finds the word that was probably meant.
enum Spelling {
    /// The candidate with the fewest edits, if they are few for a word of that length. The first
    /// one wins a tie, so that the order of a description decides and not chance.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        let typed = Array(word)
        let allowed = max(1, typed.count / Limits.charactersPerEdit)
        var best: (word: String, edits: Int)?
        for candidate in candidates {
            let edits = distance(typed, Array(candidate))
            if edits <= allowed, edits < best?.edits ?? .max { best = (candidate, edits) }
        }
        return best?.word
    }

    /// Damerau–Levenshtein distance in its optimal-string-alignment form: insertions, deletions,
    /// substitutions and swaps of neighbours, the four slips that fingers make.
    static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...b.count)
        for i in 0..<a.count {
            var current = [i + 1]
            for j in 0..<b.count {
                var edits = min(previous[j + 1] + 1, current[j] + 1)
                edits = min(edits, previous[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    edits = min(edits, beforePrevious[j - 1] + 1)
                }
                current.append(edits)
            }
            beforePrevious = previous
            previous = current
        }
        return previous[b.count]
    }
}
