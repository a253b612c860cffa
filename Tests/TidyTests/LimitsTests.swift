import Testing

/// Where the numbers are that somebody may want to change: in the `Limits.swift` of their module.
@Suite("Limits")
struct LimitsTests {
    /// Constants that are no limits. What is changed here changes bytes on disk or on the wire, what a
    /// calculation means, or a drawing; each has its place beside the code that it belongs to.
    static let others: [String: Set<String>] = [
        // Formats on disk.
        "DocumentBlock.swift": ["headerBytes", "entryBytes", "format", "segmentedFormat"],
        "DocumentSegment.swift": ["storedBytes", "trailerBytes"],
        "CountedKey.swift": ["headerBytes", "totalBytes"],
        "HintTable.swift": ["lineBits", "pageHeaderBytes"],
        "BlobDigest.swift": ["byteCount"],
        "UniqueKey.swift": ["headBytes"],
        "BlobRecord.swift": ["storedBytes", "checksumBytes"],
        "KeyLimits.swift": ["storedBytes"],
        "CommandReader.swift": ["headBytes"],
        "RememberedAnswer.swift": ["headerBytes", "timeBytes"],
        "RequestFingerprint.swift": ["byteCount"],
        "ChangeView.swift": ["headerBytes"],
        "UploadedFile.swift": ["storedBytes", "sizes"],
        "IdempotentRequest.swift": ["headerBytes", "successes"],
        "RecordLoader.swift": ["changeKind"],
        "DumpWriter.swift": ["version"],
        "RecordTransaction+Appointments.swift": ["secondBits", "idBits", "classShift"],
        "Manifest.swift": ["checksumBytes"],
        "KeyRecord.swift": ["version"],
        "SecretKey.swift": ["byteCount", "saltBytes"],
        "SecretStream.swift": ["headerBytes"],
        "PackIndex.swift": [
            "headerBytes", "trailerBytes", "hashBytes", "frameBytes", "countBytes",
        ],
        "PageMap.swift": ["headerBytes", "pageSizes"],
        "LockTable.swift": ["headBytes", "slotBytes"],
        "DataClaim.swift": ["serverPlace", "firstPlace", "placeCount"],
        "LogControl.swift": [
            "version", "magic", "slotBytes", "slotOffsets", "metaOffset", "sumOffset",
        ],
        "LogRecord.swift": ["headBytes", "blockBytes", "magic", "commandHeadBytes"],
        "LogMessage.swift": ["headBytes", "magic"],
        "MessageTarget.swift": ["clock"],
        "HostBeat.swift": ["headBytes", "magic", "format", "words"],
        "LogSegments.swift": ["headBytes", "nextOffset", "magic"],
        "MetaPage.swift": ["byteCount", "knownVersion", "numberOffset"],
        "PageNodes.swift": ["headerBytes", "nodeHeader"],
        "PageWalk.swift": ["rootOffset"],
        // Formats on the wire, and descriptors that a starting process is handed.
        "FrameHead.swift": ["bytes"],
        "FrameType.swift": [
            "data", "headers", "priority", "resetStream", "settings", "pushPromise", "ping",
            "goAway", "windowUpdate", "continuation", "priorityUpdate", "endStream",
            "acknowledgement", "endHeaders", "padded",
        ],
        "FrameInput.swift": ["methodBytes"],
        "FieldText.swift": [
            "indexed", "toBeIndexed", "tableSize", "notIndexed", "staticEntries", "entryBytes",
            "fixedBytes",
        ],
        "HuffmanCode.swift": ["end", "longest", "shortest", "shortBits"],
        "FieldTable.swift": ["headBytes"],
        "MessageRules.swift": ["method", "scheme", "path", "authority", "regular"],
        "RequestTemplate.swift": ["pathIndex"],
        "EntityTag.swift": ["maxBytes"],
        "PositionText.swift": ["maxBytes"],
        "PageCursor.swift": ["rawBytes"],
        "SelectionCursor.swift": ["rawBytes"],
        "Systemd.swift": ["firstDescriptor"],
        // What memory and calculations are made of.
        "BLAKE2b.swift": ["stateAlignment"],
        "WriteScratch.swift": ["pieceCapacity"],
        "Resource.swift": ["names"],
        "SessionMemory.swift": ["headerBytes", "unpooled", "pageBytes"],
        "PageSketch.swift": ["windowBytes"],
        "DecimalValue.swift": ["largestExponent"],
        "StreamConfiguration.swift": ["nanoseconds"],
        "WallTime.swift": ["end", "daysBefore1970"],
        "Timestamp.swift": ["writtenCount"],
        "CalendarMonth.swift": ["numbers"],
        "Timestamp+Berlin.swift": ["millisecondsPerHour"],
        "RetentionPolicy.swift": ["daySeconds"],
        // The sample's calendar, a drawing, generated source.
        "World+Metering.swift": ["months"],
        "WorkClock.swift": ["millisecondsPerDay", "firstDay", "weeks", "opens", "hours"],
        "ChartDrawing.swift": ["bottomMargin", "character"],
        "Source.swift": ["width"],
    ]

    @Test("Every number that bounds something is in its module's Limits.swift.")
    func places() {
        var limits = 0
        for file in SourceTree.programs where !file.isGenerated {
            for (number, line) in file.lines.enumerated() {
                guard let name = line.numericConstant else { continue }
                if file.holdsLimits {
                    limits += 1
                } else if Self.others[String(file.name)]?.contains(name) != true {
                    Issue.record(
                        """
                        \(file.path):\(number + 1): \(name) is a number outside Limits.swift; if it \
                        is a format and no limit, say so in LimitsTests
                        """)
                }
            }
        }
        // The rule has found what it is about.
        #expect(limits > 150)
    }

    @Test("Every limit says what it counts and why it is so much.")
    func reasons() {
        for file in SourceTree.programs where file.holdsLimits {
            for (number, line) in file.lines.enumerated() where line.isConstant {
                let before = file.lines[..<number].last { !$0.isConstant } ?? ""
                #expect(
                    before.drop { $0 == " " }.hasPrefix("///"),
                    "\(file.path):\(number + 1) has no comment")
            }
        }
    }

    @Test(
        "A number is told from what only looks like one.",
        arguments: [
            ("    private static let slots = 64", "slots"),
            ("    public static let end: UInt64 = 315_569_520_000", "end"),
            ("    static let sizes = 16_384...slotBytes", "sizes"),
            ("    static let bytes = 16 << 20", "bytes"),
            ("    static let queued = 4 * perSecond", "queued"),
            ("    static let least = -1", "least"),
            ("    private static let mark: UInt64 = 1 << 63", nil),
            ("    private static let branch: UInt16 = 0x01", nil),
            ("    static let name = \"7\"", nil),
            ("    let slots = 64", nil),
            ("    // static let slots = 64", nil),
        ] as [(String, String?)])
    func constants(line: String, name: String?) {
        #expect(line[...].numericConstant == name)
    }
}

extension Substring {
    /// Whether it declares a constant of a type.
    fileprivate var isConstant: Bool {
        let words = code.split(separator: " ").prefix(4)
        return words.contains("static") && words.contains("let")
    }

    /// The name of a constant of a type whose value begins with a decimal number; nil for flags, which
    /// are hexadecimal or a single bit.
    fileprivate var numericConstant: String? {
        guard isConstant, let equals = code.firstRange(of: " = ") else { return nil }
        let value = code[equals.upperBound...]
        guard value.drop(while: { "-(".contains($0) }).first?.isNumber == true,
            !value.hasPrefix("0x"), !isFlag(value)
        else { return nil }
        let name = code[..<equals.lowerBound].split(separator: ":")[0].split(separator: " ").last
        return name.map(String.init)
    }

    /// A single bit of a word of flags: named a mark.
    private func isFlag(_ value: Substring) -> Bool {
        value.hasPrefix("1 << ") && code.lowercased().contains("mark")
    }
}

extension SourceTree.File {
    /// `Limits.swift`, or a part of it: `Limits+Log.swift`.
    fileprivate var holdsLimits: Bool {
        name == "Limits.swift" || name.hasPrefix("Limits+") && name.hasSuffix(".swift")
    }
}
