import HTTP2
import JSON
import RelayContract
import RelayRecords
import RelayStore

/// A comment that comes as a form, with its files.
final class CommentUpload: Upload {
    /// What the bytes of the present part are for.
    private enum Part {
        case none
        /// A member of the comment; bytes beyond a limit are not kept, since it is refused anyway.
        case member(String, [UInt8])
        case file
        /// A file input that was left empty: browsers send a part without a name and bytes.
        case noFile
    }

    private var reader: MultipartReader
    private var part = Part.none
    private var members: [(name: String, value: [UInt8])] = []
    private var files: [(name: String, type: String)] = []
    private var fileBytes = 0
    private var hasBegun = false

    init(
        contentType: UnsafeRawBufferPointer, _ writing: WriteAccess, _ token: ExchangeToken,
        _ places: [UploadPlace]
    ) throws(MultipartFault) {
        reader = try MultipartReader(contentType: contentType)
        super.init(writing, token, places)
    }

    override func take(_ bytes: UnsafeRawBufferPointer) throws(Problem) -> Int {
        var position = 0
        hasBegun = true
        while true {
            if case .file = part, !drain() { return position }
            switch try next(bytes, &position) {
            case .needsMore: return bytes.count
            case .part(let head): try begin(head)
            case .bytes(let range):
                // SAFETY: a part of the piece, looked at during the call.
                let data = UnsafeRawBufferPointer(rebasing: bytes[range])
                position = range.lowerBound + (try add(data, carry: false))
            case .heldBack(let count):
                let held = reader.delimiter[..<count]
                // SAFETY: the array's own bytes, copied during the call.
                _ = try held.span.bytes.withUnsafeBytes { (data) throws(Problem) in
                    try add(data, carry: true)
                }
            case .partEnd: endPart()
            }
        }
    }

    private func next(
        _ bytes: UnsafeRawBufferPointer, _ position: inout Int
    ) throws(Problem) -> MultipartReader.Event {
        do throws(MultipartFault) {
            return try reader.next(bytes, &position)
        } catch {
            throw Problem(.badRequest, error.description)
        }
    }

    /// The comment and its files, once all of them are durable.
    func finish(_ parser: JSONParser) throws(Problem) -> (NewComment, [UploadedFile]) {
        // A body without a byte is a form without parts: say which are missing.
        guard reader.isAtEnd || !hasBegun else {
            throw Problem(.badRequest, MultipartFault.cutOff.description)
        }
        let comment = try Self.decode(members, faults, parser)
        let uploaded = files.indices.map {
            file($0, name: files[$0].name, type: files[$0].type)
        }
        return (comment, uploaded)
    }

    /// What is wrong with a form that has no parts.
    static func emptyForm(_ parser: JSONParser) -> Problem {
        do throws(Problem) {
            _ = try decode([], Faults(), parser)
        } catch {
            return error
        }
        preconditionFailure("a comment has required members")
    }

    /// Reads the parts that are no files by the rules of the JSON body.
    private static func decode(
        _ members: [(name: String, value: [UInt8])], _ faults: Faults, _ parser: JSONParser
    ) throws(Problem) -> NewComment {
        var faults = faults
        var json: [UInt8] = [UInt8(ascii: "{")]
        for (index, member) in members.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            if String(validating: member.value, as: UTF8.self) == nil {
                faults.add(.format, "the part \(member.name) is not UTF-8")
            }
            json += quoted(member.name) + [UInt8(ascii: ":")]
            json += quoted(String(decoding: member.value, as: UTF8.self))
        }
        json.append(UInt8(ascii: "}"))
        let comment: NewComment?
        do throws(JSONFault) {
            comment = try parser.parse(json) { NewComment(decoding: $0, into: &faults) }
        } catch {
            throw Problem(error)
        }
        guard faults.isEmpty, let comment else { throw Problem(.validation, faults) }
        return comment
    }

    private static func quoted(_ text: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.value(text)
        return writer.bytes
    }
}

// MARK: Parts

extension CommentUpload {
    private func begin(_ head: PartHead) throws(Problem) {
        guard head.name == "files" || head.name == "files[]" else {
            if members.count == Limits.formMembers {
                throw Problem(.badRequest, "a form has at most \(Limits.formMembers) parts")
            }
            part = .member(head.name, [])
            return
        }
        if head.fileName == "" {
            part = .noFile
            return
        }
        if files.count == Limits.filesPerComment {
            throw Problem(
                .contentTooLarge, "a comment has at most \(Limits.filesPerComment) files")
        }
        var name = ""
        do throws(FileName.Fault) {
            name = try FileName(head.fileName ?? "").text
        } catch {
            fault(error == .tooLong ? .tooLong : .format, error.detail)
        }
        let type = head.contentType ?? "application/octet-stream"
        if !MediaType.isType(type) {
            fault(
                .format,
                "the part's Content-Type is wrong: expected a media type of at most "
                    + "\(Limits.mediaTypeBytes) bytes"
            )
        }
        files.append((name, type))
        staging.begin()
        part = .file
    }

    private func fault(_ code: FaultCode, _ detail: String) {
        let index = files.count
        faults.at("files") { $0.at(index: index) { $0.add(code, detail) } }
    }

    private func add(_ data: UnsafeRawBufferPointer, carry: Bool) throws(Problem) -> Int {
        switch part {
        case .none: break
        case .noFile:
            fault(
                .required,
                "the part has no filename: expected `filename=\"…\"` in Content-Disposition")
        case .member(let name, var value):
            part = .none
            value += data.prefix(max(0, Limits.formMemberBytes - value.count))
            part = .member(name, value)
        case .file:
            let taken = stage(data, carry: carry)
            fileBytes += taken
            if fileBytes > Limits.fileBytes {
                throw Problem(
                    .contentTooLarge,
                    "a comment's files have at most \(Limits.fileBytes) bytes together")
            }
            return taken
        }
        return data.count
    }

    private func endPart() {
        switch part {
        case .none, .noFile: break
        case .member(let name, let value): members.append((name, value))
        case .file: staging.end()
        }
        part = .none
    }
}
