/// A file of options: one in a line, by its name without dashes.
///
///     # who may connect
///     socket = /run/relay/relay.sock
///     loops = 2
///     warm = true
///     allow-uid = 1000
///     allow-uid = 1001
///
/// Empty lines and lines that begin with # say nothing. A value is all that stands behind the equals
/// sign, without the spaces around it; it needs no quotes, and has none.
struct SettingsFile {
    /// An option that a line gives.
    struct Entry: Equatable {
        let name: String
        let value: String
        /// Counted from 1.
        let line: Int
    }

    let path: String
    let entries: [Entry]

    init(path: String) throws(UsageError) {
        try self.init(path: path, text: try Self.text(of: path))
    }

    init(path: String, text: String) throws(UsageError) {
        self.path = path
        var entries: [Entry] = []
        var number = 0
        // A carriage return and a line feed are one character.
        let isEnd = { (character: Character) in character == "\n" || character == "\r\n" }
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: isEnd) {
            number += 1
            let words = line.trimmed
            if words.isEmpty || words.first == "#" { continue }
            let parts = words.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = parts[0].trimmed
            guard parts.count == 2, !name.isEmpty, !name.contains(where: \.isWhitespace) else {
                throw .inSettings(.file(path: path, line: number), .notASetting(String(words)))
            }
            let value = parts[1].trimmed
            if value.count > 1, let mark = value.first, mark == value.last, "\"'".contains(mark) {
                throw .inSettings(.file(path: path, line: number), .quoted(String(name)))
            }
            entries.append(Entry(name: String(name), value: String(value), line: number))
        }
        self.entries = entries
    }

    private static func text(of path: String) throws(UsageError) -> String {
        let bytes: [UInt8]
        do throws(WholeFileError) {
            bytes = try WholeFile.read(path, atMost: Limits.settingsBytes)
        } catch {
            throw .settingsFile("\(error)")
        }
        guard let text = String(validating: bytes, as: UTF8.self), !text.contains("\0") else {
            throw .settingsFile("\(path) is not text in UTF-8")
        }
        return text
    }
}

extension Substring {
    /// Without the spaces around it; a carriage return is one of them.
    fileprivate var trimmed: Substring {
        let isSpace = { (character: Character) in character.isWhitespace }
        guard let last = lastIndex(where: { !isSpace($0) }) else { return "" }
        return self[...last].drop(while: isSpace)
    }
}
