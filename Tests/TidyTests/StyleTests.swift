import Testing

/// What `swift format` cannot see of the style that this repository has agreed on.
@Suite struct StyleTests {
    /// Lines of a file: what a reader can hold in mind, and about five screens.
    static let linesPerFile = 300
    /// Lines of a function: one screen.
    static let linesPerFunction = 70

    @Test("The tree is found and not empty.")
    func tree() {
        #expect(SourceTree.files.count > 20)
        #expect(SourceTree.files.contains { $0.path == "Tests/TidyTests/StyleTests.swift" })
    }

    @Test("No written file has more than 300 lines.")
    func fileLength() {
        for file in SourceTree.files where !file.isGenerated {
            #expect(file.lines.count <= Self.linesPerFile + 1, "\(file.path)")
        }
    }

    @Test("No written function has more than 70 lines.")
    func functionLength() {
        for file in SourceTree.files where !file.isGenerated {
            for body in file.bodies where body.count > Self.linesPerFunction {
                Issue.record("\(file.path):\(body.lowerBound + 1) has \(body.count) lines")
            }
        }
    }

    @Test("No file is named after what a thing is not.")
    func names() {
        for file in SourceTree.files {
            for word in ["Utils", "Common", "Helper", "Manager"] {
                #expect(!file.name.contains(word), "\(file.path)")
            }
        }
    }

    @Test("The programs do without Foundation.")
    func foundation() {
        for file in SourceTree.programs {
            #expect(!file.lines.contains { $0.hasPrefix("import Foundation") }, "\(file.path)")
        }
    }

    @Test(
        "Each C library has one seam, and so have clocks and threads.",
        arguments: [
            ("mdb_", ["Sources/LMDB/"]), ("nghttp2_", ["Sources/HTTP2/"]),
            ("csimdjson_", ["Sources/JSON/"]), ("import CLMDB", ["Sources/LMDB/"]),
            ("relay_nats", ["Sources/RelayLog/"]), ("import CNats", ["Sources/RelayLog/"]),
            ("import CNghttp2", ["Sources/HTTP2/"]), ("import CSimdjson", ["Sources/JSON/"]),
            ("import CSodium", ["Sources/RelayStore/"]),
            ("import CXXHash", ["Sources/RelayStore/"]), ("ZSTD_", ["Sources/Zstd/"]),
            ("clock_gettime", ["Sources/System/"]), ("pthread_create", ["Sources/System/"]),
        ])
    func seams(symbol: String, homes: [String]) {
        for file in SourceTree.programs where !homes.contains(where: file.path.hasPrefix) {
            for (number, line) in file.lines.enumerated() where line.code.contains(symbol) {
                Issue.record("\(file.path):\(number + 1) uses \(symbol)")
            }
        }
    }

    /// What takes the compiler's guarantee about a lifetime away.
    static let unsafe = [
        "withUnsafe", "withContiguousStorage", "UnsafePointer(", "UnsafeMutablePointer(",
        "UnsafeRawPointer(", "UnsafeMutableRawPointer(", "UnsafeBufferPointer(",
        "UnsafeMutableBufferPointer(", "UnsafeRawBufferPointer(",
        "UnsafeMutableRawBufferPointer(", "Unmanaged.", "unsafeBitCast", "assumingMemoryBound",
        "bindMemory", ".allocate(", "_overrideLifetime", "_unsafeElements",
    ]

    @Test("Whoever takes a lifetime into his own hands says who keeps the memory alive.")
    func safety() {
        for file in SourceTree.programs where !file.isGenerated {
            for (number, line) in file.lines.enumerated() {
                let code = line.code
                // A pointer to nothing points to nobody's memory.
                if code.contains("start: nil") { continue }
                guard let word = Self.unsafe.first(where: { code.contains($0) }),
                    !file.explains(number)
                else { continue }
                Issue.record("\(file.path):\(number + 1): \(word) without // SAFETY:")
            }
        }
    }
}

extension SourceTree.File {
    /// The line ranges of functions and the like. The formatter indents strictly, so a body ends
    /// at the first closing brace that stands as far left as its beginning.
    var bodies: [Range<Int>] {
        lines.indices.filter { lines[$0].beginsBody }.compactMap { start in
            let indent = lines[start].indentation
            // A requirement of a protocol has no body: something follows at the same depth first.
            for end in lines.indices[start...].dropFirst() {
                let line = lines[end]
                guard line.indentation <= indent, !line.isEmpty else { continue }
                if line.dropFirst(indent).hasPrefix(")") { continue }
                return line.dropFirst(indent).hasPrefix("}") ? start..<end + 1 : nil
            }
            return nil
        }
    }

    /// Whether a SAFETY comment stands close to a line: in the innermost body around it (or the
    /// comment above that body) but not more than three lines below; outside of any body, within
    /// the ten lines above.
    /// A comment "SAFETY (all …):" speaks for its whole file.
    func explains(_ number: Int) -> Bool {
        if lines.contains(where: { $0.contains("// SAFETY (all ") }) { return true }
        let around = bodies.filter { $0.contains(number) }.max { $0.lowerBound < $1.lowerBound }
        var start = around?.lowerBound ?? max(0, number - 10)
        while around != nil, start > 0, lines[start - 1].isCommentOrAttribute { start -= 1 }
        let end = min(number + 4, lines.count)
        return lines[start..<end].contains { $0.contains("SAFETY:") }
    }
}

extension Substring {
    fileprivate var isCommentOrAttribute: Bool {
        let rest = drop { $0 == " " }
        return rest.hasPrefix("//") || rest.hasPrefix("@")
    }
}
