import HTTP2
import JSON
import RelayContract
import RelayRecords
import RelayStore

/// GET of a file: its bytes straight from the map, in portions. A blob never changes as long as it has
/// its owner, so the portions may be of different commits; one that is deleted meanwhile breaks off.
extension RelayAPI {
    mutating func getAttachment(_ input: GetAttachmentInput, _ exchange: inout RelayExchange) {
        do throws(StoreError) {
            guard Resource.isStorable(input.attachmentId) else {
                return exchange.rejectAttachment(input.attachmentId)
            }
            let key = Resource.attachment.key(exchange.account, input.attachmentId)
            guard let document = try reader.intactDocument(key) else {
                return exchange.rejectAttachment(input.attachmentId)
            }
            guard let content = AttachmentContent(privateBytes: document.privateBytes) else {
                throw .corrupted(what: "attachment \(input.attachmentId)")
            }
            // SAFETY: the map's bytes are read while the reader is borrowed.
            let attachment = document.json.withUnsafeBytes {
                Attachment(stored: $0, parser: parser)
            }
            guard let attachment else {
                throw .corrupted(what: "attachment \(input.attachmentId)")
            }
            try answer(attachment, content, &exchange)
        } catch {
            fail(error, exchange)
        }
    }

    private func answer(
        _ attachment: Attachment, _ content: AttachmentContent, _ exchange: inout RelayExchange
    ) throws(StoreError) {
        let tag = content.tag
        if exchange.isSettled(by: tag) { return }
        var range = RangeRequest.whole
        // Range means something for GET only (RFC 9110 §14.2), and not of another version.
        if exchange.http.method == .get,
            exchange.http.field(.ifRange)?.elementsEqual(tag.utf8) ?? true
        {
            range = RangeRequest(exchange.http.field(.range), byteCount: content.byteCount)
        }
        var bytes = 0..<content.byteCount
        switch range {
        case .whole: break
        case .part(let part): bytes = part
        case .unsatisfiable:
            exchange.reject(
                Problem(.rangeNotSatisfiable, "the file has \(content.byteCount) bytes"))
            return exchange.http.set(.contentRange, copying: "bytes */\(content.byteCount)")
        }
        let owner = Resource.attachment.key(exchange.account, exchange.request.id)
        var next = BlobContinuation(
            blob: content.content, owner: owner.rawValue, bytes: bytes)
        // Before the status: a chunk that is damaged at the start is a problem like any other.
        let isHead = exchange.http.method == .head
        let pieces = isHead ? 0 : try check(next, exchange.http.portionBytes)
        exchange.http.respond(range == .whole ? 200 : 206)
        exchange.setFields(attachment, tag)
        if range != .whole {
            exchange.http.set(
                .contentRange,
                copying: "bytes \(bytes.lowerBound)-\(bytes.upperBound - 1)/\(content.byteCount)")
        }
        if isHead || pieces < bytes.count {
            exchange.http.set(.contentLength, bytes.count)
            exchange.http.expectMore(true, isFitted: true)
        }
        if !isHead { try append(&next, exchange.http) }
    }

    /// Appends the next portion of a file.
    mutating func continueBlob(_ next: BlobContinuation, _ http: HTTP2.Exchange) {
        var next = next
        do throws(StoreError) {
            // Its record may have been deleted since, and its number be another file's by now.
            guard try reader.view.blob(next.blob)?.owner.rawValue == next.owner else {
                return http.abort()
            }
            try append(&next, http)
        } catch {
            fail(error, http)
        }
    }

    /// Reads what the first portion will have, which verifies its checksums; `append` finds them known.
    ///
    /// - Returns: bytes of the portion.
    private func check(
        _ next: BlobContinuation, _ portion: Int
    ) throws(StoreError) -> Int {
        let end = min(next.bytes.upperBound, next.bytes.lowerBound + portion)
        if next.bytes.isEmpty { return 0 }
        for number in next.chunk...(end - 1) / RelayStore.Limits.chunkBytes {
            _ = try reader.chunk(next.blob, number)
        }
        return end - next.bytes.lowerBound
    }

    /// Appends chunks, or the parts of them that are asked for, up to a portion.
    private func append(
        _ next: inout BlobContinuation, _ http: HTTP2.Exchange
    ) throws(StoreError) {
        var room = http.portionBytes
        while room > 0, !next.bytes.isEmpty {
            let chunk = try reader.chunk(next.blob, next.chunk)
            let start = next.bytes.lowerBound % RelayStore.Limits.chunkBytes
            let length = min(chunk.byteCount - start, next.bytes.count, room)
            guard length > 0 else { throw .corrupted(what: "content \(next.blob)") }
            // SAFETY: the map's bytes are sent or copied before the reader is renewed.
            chunk.withUnsafeBytes {
                http.appendAttached(UnsafeRawBufferPointer(rebasing: $0[start..<start + length]))
            }
            next.bytes = next.bytes.lowerBound + length..<next.bytes.upperBound
            room -= length
        }
        http.continuation = .blob(next)
        http.expectMore(!next.bytes.isEmpty, isFitted: true)
    }
}

extension AttachmentContent {
    /// A strong entity tag, made of the bytes.
    var tag: String { "\"\(digest.hexadecimal.prefix(32))\"" }
}

extension RelayExchange {
    fileprivate mutating func rejectAttachment(_ id: UInt64) {
        reject(Problem(.notFound, "the account has no attachment \(id)"))
    }

    /// What an answer says of a file, whatever part of it is sent.
    fileprivate func setFields(_ attachment: Attachment, _ tag: String) {
        // The one value that may be long goes first: see `reserveValue`.
        let disposition = FileName.disposition(attachment.name)
        let space = http.reserveValue(max(disposition.count, Limits.longFieldBytes))
        disposition.withUnsafeBytes {
            // SAFETY: the room is at least as long as the value.
            space.copyMemory(from: $0.baseAddress!, byteCount: $0.count)
        }
        http.commit(.contentDisposition, space, disposition.count)
        http.set(.contentType, copying: attachment.itemType)
        http.set(.etag, copying: tag)
        http.set(.acceptRanges, "bytes")
        // What it says it is may not be what a browser would make of it.
        http.set(.contentTypeOptions, "nosniff")
    }
}
