import Glibc
import JSON
import RelayContract
import RelayStore

/// The comments of an order as they lie in its JSON, each followed by a comma.
struct CommentTexts {
    private let bytes: [UInt8]
    /// Where each ends behind its comma.
    private let ends: [Int]

    init(_ comments: [Comment]) {
        var writer = JSONWriter()
        var ends: [Int] = []
        ends.reserveCapacity(comments.count)
        writer.beginArray()
        for comment in comments {
            comment.write(to: &writer)
            ends.append(writer.bytes.count + 1)
        }
        writer.endArray()
        bytes = writer.bytes
        self.ends = ends
    }

    var count: Int { ends.count }

    /// Bytes of some neighbours, with a comma behind each.
    func byteCount(_ comments: Range<Int>) -> Int {
        comments.isEmpty ? 0 : ends[comments.upperBound - 1] - start(comments.lowerBound)
    }

    /// The text of some neighbours, without the last comma.
    func text(_ comments: Range<Int>) -> ArraySlice<UInt8> {
        comments.isEmpty
            ? [] : bytes[start(comments.lowerBound)..<ends[comments.upperBound - 1] - 1]
    }

    private func start(_ index: Int) -> Int { index == 0 ? 1 : ends[index - 1] }
}

/// Which comments of an order stay in segments, which go into new ones, and which are in its head.
struct CommentLayout {
    enum Run: Equatable {
        /// As the order has it already.
        case kept(DocumentSegment)
        /// To be written.
        case new(Range<Int>)
    }

    private(set) var runs: [Run] = []
    /// The comments of the head: the newest, and at least one if there is any.
    private(set) var inline: Range<Int>

    /// Lays out the comments that come behind segments, which all stay.
    init(_ texts: CommentTexts, behind segments: [DocumentSegment]) {
        runs = segments.map { .kept($0) }
        inline = 0..<texts.count
        moveFromHead(texts)
    }

    /// Lays out all comments of an order: a segment stays if it has what some of them are.
    init(
        _ texts: CommentTexts, keeping old: [DocumentSegment], in view: borrowing StoreView
    ) throws(StoreError) {
        inline = 0..<texts.count
        // Comments behind the last segment that stays, and those of segments that do not.
        var next = 0
        var missed = 0
        for segment in old {
            var place: Int?
            // A comment before it was changed, or one was deleted.
            for start in [next + missed, next + missed - 1] {
                let range = start..<start + segment.count
                guard place == nil, start >= next, range.upperBound <= texts.count,
                    texts.byteCount(range) == segment.byteCount + 1
                else { continue }
                if try view.holds(segment, texts.text(range)) { place = start }
            }
            guard let place, !absorbs(segment, next..<place, texts) else {
                missed += segment.count
                continue
            }
            add(next..<place, texts)
            runs.append(.kept(segment))
            next = place + segment.count
            missed = 0
        }
        // The head has the newest comment: the list needs no comma behind it.
        if next == texts.count, case .kept(let last)? = runs.last {
            runs.removeLast()
            next -= last.count
        }
        inline = next..<texts.count
        moveFromHead(texts)
    }

    /// Whether so few comments are left before a segment that they are written with its own.
    private func absorbs(
        _ segment: DocumentSegment, _ before: Range<Int>, _ texts: CommentTexts
    ) -> Bool {
        !before.isEmpty && texts.byteCount(before) < Limits.leastSegmentBytes
            && segment.byteCount <= Limits.segmentBytes
    }

    /// Spreads comments over as few new segments as hold them, evenly.
    private mutating func add(_ comments: Range<Int>, _ texts: CommentTexts) {
        var rest = comments
        while !rest.isEmpty {
            let bytes = texts.byteCount(rest)
            let segments = (bytes + Limits.segmentBytes - 1) / Limits.segmentBytes
            var end = rest.lowerBound + 1
            while end < rest.upperBound,
                texts.byteCount(rest.lowerBound..<end) < bytes / segments,
                texts.byteCount(rest.lowerBound..<end + 1) <= Limits.segmentBytes
            {
                end += 1
            }
            runs.append(.new(rest.lowerBound..<end))
            rest = end..<rest.upperBound
        }
    }

    /// Moves the oldest comments of the head into segments as long as it has too many.
    private mutating func moveFromHead(_ texts: CommentTexts) {
        while inline.count > 1, texts.byteCount(inline) > Limits.segmentBytes {
            var end = inline.lowerBound + 1
            while end < inline.upperBound - 1,
                texts.byteCount(inline.lowerBound..<end + 1) <= Limits.segmentBytes
            {
                end += 1
            }
            runs.append(.new(inline.lowerBound..<end))
            inline = end..<inline.upperBound
        }
    }
}

// MARK: - Orders

extension Order {
    /// Its JSON with the text of some comments in place of its own, and where that text begins.
    func head(_ comments: ArraySlice<UInt8>) -> (json: [UInt8], seam: Int) {
        var frame = self
        frame.comments = []
        var writer = JSONWriter()
        frame.write(to: &writer)
        var json = writer.bytes
        // A text has no quotes, and what follows has no such member: the last is the order's own.
        let mark = Array(#""comments":[]"#.utf8)
        var place = json.count - mark.count
        while !json[place...].starts(with: mark) { place -= 1 }
        let seam = place + mark.count - 1
        json.insert(contentsOf: comments, at: seam)
        return (json, seam)
    }
}

extension StoreTransaction {
    /// Writes the document of an order of which all comments are known: the older ones of many go into
    /// segments, and those that have not changed stay where they are.
    mutating func putOrder(
        _ order: Order, json: [UInt8], account: UInt32
    ) throws(StoreError) {
        let key = Resource.order.key(account, order.id)
        guard json.count > Limits.segmentBytes else { return try putWhole(order, json, key) }
        let texts = CommentTexts(order.comments)
        let layout = try layout(texts, key)
        if layout.runs.isEmpty { return try putWhole(order, json, key) }
        try put(order, texts, layout, key)
    }

    /// Writes the document of an order of which only the comments of its head are known; those before
    /// stay in their segments.
    mutating func putOrder(
        _ order: Order, behind segments: [DocumentSegment], account: UInt32
    ) throws(StoreError) {
        let texts = CommentTexts(order.comments)
        try put(
            order, texts, CommentLayout(texts, behind: segments),
            Resource.order.key(account, order.id))
    }

    /// The layout of all comments of an order, over the one that it has.
    private func layout(
        _ texts: CommentTexts, _ key: DocumentKey
    ) throws(StoreError) -> CommentLayout {
        let view = view
        var old: [DocumentSegment] = []
        if let document = try view.document(key) { old = document.segments }
        return try CommentLayout(texts, keeping: old, in: view)
    }

    private mutating func putWhole(
        _ order: Order, _ json: [UInt8], _ key: DocumentKey
    ) throws(StoreError) {
        try putDocument(
            key, json: json.span.bytes, privateBytes: order.facts.span.bytes, version: sequence)
    }

    private mutating func put(
        _ order: Order, _ texts: CommentTexts, _ layout: CommentLayout, _ key: DocumentKey
    ) throws(StoreError) {
        var segments: [DocumentSegment] = []
        for run in layout.runs {
            switch run {
            case .kept(let segment): segments.append(segment)
            case .new(let comments):
                let kind = Resource.commentSegment
                let id = try nextID(account: key.account, resource: kind.rawValue)
                segments.append(
                    try putSegment(
                        kind.key(key.account, id), json: texts.text(comments).span.bytes,
                        elements: comments.count, version: sequence))
            }
        }
        let (json, seam) = order.head(texts.text(layout.inline))
        try putDocument(
            key, json: json.span.bytes, seam: seam, segments,
            privateBytes: order.facts.span.bytes, version: sequence)
    }
}

extension StoreView {
    /// Whether a segment has this text.
    fileprivate func holds(
        _ segment: DocumentSegment, _ text: ArraySlice<UInt8>
    ) throws(StoreError) -> Bool {
        guard let document = try document(segment.key) else { return false }
        // SAFETY: compared while the view is borrowed, and neither is longer than the other.
        return document.json.withUnsafeBytes { mine in
            text.withUnsafeBytes { bytes in
                mine.count == bytes.count && !bytes.isEmpty
                    && memcmp(mine.baseAddress!, bytes.baseAddress!, bytes.count) == 0
            }
        }
    }
}
