import HTTP2
import JSON
import RelayContract
import RelayRecords
import RelayStore

/// A document's PDF, which comes as base64 in a JSON body.
final class AttachmentUpload: Upload {
    private var splitter = ContentSplitter()
    private var base64 = Base64Reader()
    /// The first bytes of the file, where its kind has to be said.
    private var header: [UInt8] = []
    private var byteCount = 0
    private var contents = 0
    private var isInContent = false

    override func take(_ bytes: UnsafeRawBufferPointer) throws(Problem) -> Int {
        var position = 0
        while true {
            if isInContent, contents == 1, !drain() { return position }
            switch splitter.next(bytes, &position) {
            case .needsMore: return bytes.count
            case .begin: begin()
            case .content(let range):
                let end = min(range.upperBound, range.lowerBound + Limits.decodedCharacters)
                // SAFETY: a part of the piece, looked at during the call.
                try decode(UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound..<end]))
                position = end
            case .escaped(let character):
                // SAFETY: the bytes of a local value, read during the call.
                try withUnsafeBytes(of: character) { byte throws(Problem) in try decode(byte) }
            case .end: end()
            }
            if splitter.rest.count > Limits.attachmentMemberBytes {
                throw Problem(
                    .contentTooLarge,
                    "the members besides content have at most "
                        + "\(Limits.attachmentMemberBytes) bytes together")
            }
        }
    }

    /// The file and its metadata, once the file is durable.
    func finish(_ parser: JSONParser) throws(Problem) -> (UploadedFile, FreeObject?) {
        var found = Faults()
        let body: NewDocumentAttachment?
        do throws(JSONFault) {
            body = try parser.parse(splitter.rest) {
                NewDocumentAttachment(decoding: $0, into: &found)
            }
        } catch {
            throw Problem(error)
        }
        var name = ""
        if let body {
            do throws(FileName.Fault) {
                name = try FileName(body.name).text
            } catch {
                found.add(error == .tooLong ? .tooLong : .format, member: "name", error.detail)
            }
            // A name with escapes in it was not recognised, and its value taken for another's.
            if contents == 0 {
                found.add(
                    .format, member: "content",
                    "the member `content` is written with escapes: write its name plainly")
            }
        }
        if contents > 0, byteCount > 0 || base64.isWrong { checkContent(&found) }
        guard found.isEmpty, let body else { throw Problem(.validation, found) }
        return (file(0, name: name, type: "\(body.fileType.name)"), body.metadata)
    }

    private func checkContent(_ found: inout Faults) {
        if let fault = base64.fault {
            found.add(
                .format, member: "content",
                "expected base64 of the standard alphabet (A-Z a-z 0-9 + /) with its padding, "
                    + "without line breaks and `data:` prefix; \(fault.detail)")
        } else if !Self.isPDF(header) {
            found.add(
                .format, member: "content",
                "the file is not a PDF: its first \(Limits.pdfHeaderBytes) bytes have no `%PDF-`")
        }
    }

    private static func isPDF(_ header: [UInt8]) -> Bool {
        let mark = Array("%PDF-".utf8)
        guard header.count >= mark.count else { return false }
        return (0...header.count - mark.count).contains { header[$0...].starts(with: mark) }
    }
}

// MARK: Content

extension AttachmentUpload {
    private func begin() {
        contents += 1
        isInContent = true
        if contents == 1 { staging.begin() }
    }

    private func end() {
        isInContent = false
        guard contents == 1 else { return }
        base64.end()
        staging.end()
    }

    /// Decodes characters and stores what they come to. A second content is a fault, which the
    /// parser finds: its bytes are dropped.
    private func decode(_ characters: UnsafeRawBufferPointer) throws(Problem) {
        guard contents == 1, !base64.isWrong else { return }
        var bytes = [UInt8](repeating: 0, count: characters.count / 4 * 3 + 6)
        // SAFETY: three bytes for four characters, and those of a group that was open before.
        let count = bytes.withUnsafeMutableBytes {
            base64.decode(characters, into: $0.baseAddress!)
        }
        byteCount += count
        if byteCount > Limits.fileBytes {
            throw Problem(
                .contentTooLarge, "a document's file has at most \(Limits.fileBytes) bytes")
        }
        header += bytes[..<min(count, Limits.pdfHeaderBytes - header.count)]
        // SAFETY: the array's own bytes, copied during the call.
        _ = bytes[..<count].withUnsafeBytes { stage($0, carry: true) }
    }
}

extension Base64Reader.Fault {
    /// For people; characters are counted from 1.
    fileprivate var detail: String {
        switch self {
        case .character(let byte, let index):
            "character \(index + 1) is \(Self.phrase(byte))"
        case .padding(let index): "character \(index + 1) breaks the padding"
        case .leftOverBits(let index):
            "character \(index + 1), the last before the padding, has bits that encode no byte: "
                + "expected them to be zero"
        case .cutOff(let count):
            "\(count) characters are not a multiple of 4: the padding or the end is missing"
        }
    }

    private static func phrase(_ byte: UInt8) -> String {
        switch byte {
        // What `ContentSplitter` makes of an escape that stands for no character of base64.
        case 0: "an escape"
        case UInt8(ascii: "-"), UInt8(ascii: "_"):
            "`\(Unicode.Scalar(byte))`, which belongs to the URL alphabet"
        case 0x21...0x7E: "`\(Unicode.Scalar(byte))`"
        default: "the byte 0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16, uppercase: true))"
        }
    }
}
