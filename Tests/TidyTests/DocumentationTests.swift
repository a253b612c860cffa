import Testing

/// Documentation that names what no longer exists misleads: README and the pages under tools/docs
/// are held to the source.
@Suite struct DocumentationTests {
    @Test("README is short enough to be read to its end.")
    func readmeLength() {
        #expect(Page.named("README.md").lines.count <= 130)
    }

    @Test("The glossary has at most 40 lines.")
    func glossaryLength() {
        #expect(Page.named("tools/docs/glossary.md").lines.count <= 40)
    }

    @Test(
        "Every function that a life in the architecture names exists.",
        arguments: ["Life of a GET", "Life of a write", "Life of a snapshot"])
    func lives(title: String) {
        let symbols = Page.named("tools/docs/architecture.md").section(title).compactMap(
            Self.member)
        #expect(symbols.count >= 4, "\(title) names too little of the code")
        for (type, member) in symbols {
            #expect(Self.declares(type: type), "\(title): no type \(type)")
            #expect(Self.declares(member: member), "\(title): no \(type).\(member) in Sources")
        }
    }

    @Test("Every file that a page links to or names exists.", arguments: Page.all)
    func files(page: Page) {
        for target in page.links where !target.hasPrefix("http") && !target.hasPrefix("#") {
            let path = page.resolve(target.prefix { $0 != "#" })
            #expect(SourceTree.exists(path), "\(page.path) links to \(target)")
        }
        let places = ["Sources/", "tools/", "Tests/", "proto-json/"]
        for span in page.spans where places.contains(where: span.hasPrefix) {
            let path = String(span.prefix { $0 != " " })
            #expect(SourceTree.exists(path), "\(page.path) names \(span)")
        }
    }

    @Test("Every option that a page names is declared.", arguments: Page.all)
    func options(page: Page) {
        for span in page.spans + page.commands {
            for option in span.options where !Self.foreignOptions.contains(option) {
                let isDeclared = Vocabulary.options.contains(option)
                #expect(isDeclared, "\(page.path) names \(option)")
            }
        }
    }

    /// Options of other programs, which the pages show beside ours.
    static let foreignOptions: Set<Substring> = [
        "--http2-prior-knowledge", "--unix-socket", "--build-tests", "--skip-build", "--filter",
        "--strict", "--allow-downgrades", "--now",
    ]

    @Test("Every message that the page of messages has in a heading is one of the source.")
    func messages() {
        let page = Page.named("tools/docs/troubleshooting.md")
        let headings = page.lines.filter { $0.hasPrefix("### `") && $0.hasSuffix("`") }
        #expect(headings.count > 30)
        for heading in headings {
            // An ellipsis stands for what differs from case to case.
            let pieces = heading.dropFirst(5).dropLast().split(separator: "…")
                .map { $0.trimmed(of: " :") }.filter { $0.contains(" ") }
            #expect(!pieces.isEmpty, "\(heading)")
            for piece in pieces where !Vocabulary.messages.contains(piece) {
                Issue.record("\(heading): nothing in the source says '\(piece)'")
            }
        }
    }

    @Test("Every word of ours in a page's code stands in the tree.", arguments: Page.all)
    func words(page: Page) {
        for span in page.spans {
            for word in span.words where !Vocabulary.words.contains(word) {
                if Self.foreignWords.contains(word) { continue }
                Issue.record("\(page.path): `\(span)`: nothing in the tree is called \(word)")
            }
        }
    }

    /// Words of other programs and of standards, which the pages put in code.
    static let foreignWords: Set<Substring> = [
        "Topic", "mdb_", "nghttp2_", "imperative", "runuser", "adduser", "dmesg", "smartctl",
        "fuser", "Restart", "gocode", "DialContext",
    ]

    // MARK: What the source declares

    /// `Type.member`, when a span is one.
    static func member(_ span: Substring) -> (type: Substring, member: Substring)? {
        let name = span.prefix { $0 != "(" }
        guard !name.contains(where: { !$0.isLetter && !$0.isNumber && !"._".contains($0) }) else {
            return nil
        }
        let parts = name.split(separator: ".")
        guard parts.count == 2, parts[0].first!.isUppercase else { return nil }
        return (parts[0], parts[1])
    }

    static func declares(type: Substring) -> Bool {
        ["struct", "class", "enum", "protocol", "extension", "actor"].contains { keyword in
            Vocabulary.declarations.contains("\(keyword) \(type)")
        }
    }

    static func declares(member: Substring) -> Bool {
        ["func", "var", "let", "case"].contains { keyword in
            Vocabulary.declarations.contains("\(keyword) \(member)")
        }
    }
}
