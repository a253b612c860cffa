import Testing

/// Where files lie and what they are called.
@Suite struct RoomTests {
    /// Files of a folder: what can be seen at a glance.
    static let filesPerFolder = 15

    @Test("No folder has more than 15 written Swift files.")
    func folders() {
        var counts: [Substring: Int] = [:]
        for file in SourceTree.files where !file.isGenerated {
            counts[file.folder, default: 0] += 1
        }
        for (folder, count) in counts where count > Self.filesPerFolder {
            Issue.record("\(folder) has \(count) files")
        }
    }

    @Test("At the top of a module that has rooms lie its limits and its start, and nothing else.")
    func tops() {
        let folders = Set(SourceTree.programs.filter { !$0.isGenerated }.map(\.folder))
        for file in SourceTree.programs {
            let isTop = file.folder.filter { $0 == "/" }.count == 1
            let hasRooms = folders.contains { $0.hasPrefix("\(file.folder)/") }
            if !isTop || !hasRooms { continue }
            let isStart = file.name == "main.swift" || file.lines.contains("@main")
            #expect(file.name == "Limits.swift" || isStart, "\(file.path)")
        }
    }

    @Test("A file is named after a type or function of its own, or after what it extends.")
    func names() {
        for file in SourceTree.files where !file.isGenerated && file.name != "main.swift" {
            let words = file.name.dropLast(".swift".count).split(separator: "+")
            #expect(words.count <= 2, "\(file.path)")
            let isTrue = words.count == 1 ? file.declares(words[0]) : file.extends(words[0])
            #expect(isTrue, "\(file.path)")
        }
    }
}

extension SourceTree.File {
    var folder: Substring { path.dropLast(name.count + 1) }

    /// Whether a type or function of this name is declared in it.
    func declares(_ name: Substring) -> Bool {
        lines.contains { line in
            let words = line.code.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
            return zip(words, words.dropFirst()).contains {
                $1 == name && Self.declarations.contains($0)
            }
        }
    }

    /// Whether it has an extension of this type, or of pointers to it.
    func extends(_ name: Substring) -> Bool {
        lines.indices.contains { index in
            // The condition of an extension may stand on the next line.
            let head = lines[index...].prefix(2).map(\.code).joined(separator: " ")
            guard lines[index].contains("extension ") else { return false }
            let words = head.split { !$0.isLetter && !$0.isNumber }
            let start = words.firstIndex(of: "extension").map { words[($0 + 1)...] } ?? []
            if start.first == name { return true }
            return start.first == "UnsafeMutablePointer" && start.prefix(4).last == name
        }
    }

    private static let declarations: Set<Substring> = [
        "struct", "class", "enum", "protocol", "actor", "typealias", "func",
    ]
}
