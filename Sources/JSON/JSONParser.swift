import CSimdjson
import Glibc

/// A reusable parser: one per event loop or thread, because its buffers hold the last document.
///
/// simdjson does the work. It says little about *what* is wrong, so when it refuses a document a plain scanner
/// walks the bytes again and finds the place: the slow path belongs to whoever sent the broken body.
public final class JSONParser {
    private let parser: OpaquePointer
    private let depth: Int

    /// Allocates nothing but the handle; buffers come with the first document.
    ///
    /// - Parameter depth: levels of nesting that are read, the document itself being one.
    public init(depth: Int = Limits.depth) {
        guard let parser = csimdjson_create(depth) else {
            preconditionFailure("no memory for a JSON parser")
        }
        self.parser = parser
        self.depth = depth
    }

    deinit {
        csimdjson_free(parser)
    }

    /// Parses one document and gives its root.
    ///
    /// The bytes are copied and may go away. The value, and everything reached through it, is valid until this
    /// parser's next `parse` and no longer than the parser itself.
    public func parse(_ bytes: UnsafeRawBufferPointer) throws(JSONFault) -> JSONValue {
        if bytes.count <= Limits.retainedInput { shrink() }
        let (root, outcome, hasLongNumbers) = fill(bytes)
        guard let root else { return try parseLongNumbers(bytes, outcome) }
        if hasLongNumbers {
            root.setNumbers(try JSONScanner.longNumbers(in: bytes, depth: depth))
        } else if JSONScanner.mayHoldSurrogates(bytes),
            // simdjson 3.0 turns a lone low surrogate into three bytes that are not UTF-8. Such escapes are
            // rare enough that their mere possibility may cost a second walk.
            let fault = JSONScanner.firstFault(in: bytes, depth: depth)
        {
            throw fault
        }
        return root
    }

    /// Gives the buffers of a large document back; its values are no longer valid. Those of a small one stay.
    public func shrink() {
        if csimdjson_capacity(parser) > Limits.retainedInput { csimdjson_trim(parser) }
    }

    /// Has simdjson parse; there is a root if the outcome is `CSIMDJSON_OK`.
    private func fill(
        _ bytes: UnsafeRawBufferPointer
    ) -> (root: JSONValue?, outcome: Int32, hasLongNumbers: Bool) {
        var document = csimdjson_tape()
        // SAFETY: the caller keeps the bytes alive during this call; csimdjson_parse copies them.
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let outcome = csimdjson_parse(parser, start, bytes.count, &document)
        guard outcome == Int32(CSIMDJSON_OK), let tape = document.tape,
            let strings = document.strings
        else { return (nil, outcome, false) }
        return (
            JSONValue(tape: tape, strings: strings, index: 1), outcome, document.has_long_numbers
        )
    }

    /// Parses one document and lends its root: the safe way where an array holds the text.
    public func parse<Result>(
        _ text: [UInt8], _ read: (JSONValue) -> Result
    ) throws(JSONFault) -> Result {
        // SAFETY: the array's bytes, during this call; parse copies them.
        let outcome: Swift.Result<JSONValue, JSONFault> = text.withUnsafeBytes { bytes in
            Swift.Result { () throws(JSONFault) in try parse(bytes) }
        }
        return read(try outcome.get())
    }

    /// What simdjson refuses is JSON all the same if nothing is wrong but numbers that it has no room for. Those
    /// are parsed as zeros and set afterwards, so that whoever reads them can refuse them where they stand.
    private func parseLongNumbers(
        _ bytes: UnsafeRawBufferPointer, _ outcome: Int32
    ) throws(JSONFault) -> JSONValue {
        if outcome == Int32(CSIMDJSON_NO_MEMORY) { throw JSONFault(.outOfMemory, at: 0, in: bytes) }
        let numbers = try JSONScanner.longNumbers(in: bytes, depth: depth)
        var text = Array(bytes)
        for number in numbers {
            for index in number.place { text[index] = UInt8(ascii: " ") }
            text.replaceSubrange(number.place.prefix(3), with: Array("0.0".utf8))
        }
        // SAFETY: the array's own bytes, during this call; fill copies them.
        guard !numbers.isEmpty, let root = text.withUnsafeBytes({ fill($0).root }) else {
            // The scanner accepts what simdjson refuses only if the two read the grammar differently.
            assertionFailure("simdjson refused (\(outcome)) what the scanner accepts")
            throw JSONFault(.unexpectedByte, at: 0, in: bytes)
        }
        root.setNumbers(numbers)
        return root
    }
}
