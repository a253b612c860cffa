import Glibc

/// A response as it was given, to be given again: its status, its fields, and where the pieces of
/// its body lie.
///
/// Plain old data. Whoever keeps one must know that the pieces are still what they were: the
/// store's map under the same commit.
public struct RecordedResponse {
    fileprivate struct Field {
        var field = ResponseField.contentType
        var offset: UInt16 = 0
        var length: UInt16 = 0
    }

    fileprivate var status = 0
    fileprivate var fieldCount = 0
    fileprivate var valueBytes = 0
    fileprivate var pieceCount = 0
    /// Bytes of the body: who does not read is not given them at once, see `Exchange.portionBytes`.
    public fileprivate(set) var bodyBytes = 0
    fileprivate var fields = Limits.RecordedFields<Field>(repeating: Field())
    /// The fields' values, one behind the other: as many bytes as a slot has for them.
    fileprivate var values = Limits.ResponseValues(repeating: 0)
    fileprivate var pieces = Limits.RecordedPieces<Piece>(repeating: Piece())

    /// Nothing yet.
    public init() {}
}

/// A recorded response where its owner keeps it.
private struct Recording: Handle {
    let pointer: UnsafeMutablePointer<RecordedResponse>
}

extension Exchange {
    /// Bytes of this exchange's body if it is whole and attached; nil for any other.
    public var attachedBytes: Int? {
        let body = stream.body
        return body.retained != nil || body.hasMore || body.isBroken ? nil : body.remaining
    }

    /// Copies what `attachedBytes` counts.
    public func copyAttached(to memory: UnsafeMutableRawPointer) {
        var end = memory
        for index in 0..<stream.body.pieceCount {
            let piece = stream.connection!.loop.attached.piece(index, of: stream)
            memcpy(end, piece.start!, piece.length)
            end += piece.length
        }
    }

    /// Takes down this exchange's response, which is whole: all but the position that it says.
    ///
    /// - Parameter copy: where its body was copied to; without it, the pieces are noted where they are.
    /// - Returns: false when it cannot be given again: its body goes on, or lies in the heap, or
    ///   there are more pieces or fields than there is room for.
    public func record(
        in recording: UnsafeMutablePointer<RecordedResponse>, copy: UnsafeRawPointer? = nil
    ) -> Bool {
        let recording = Recording(pointer: recording)
        let pieceCount = copy == nil ? stream.body.pieceCount : 1
        guard let bodyBytes = attachedBytes, pieceCount <= recording.pieces.count,
            stream.fieldsUsed <= recording.fields.count
        else { return false }
        var valueBytes = 0
        var fieldCount = 0
        for index in 0..<stream.fieldsUsed {
            let slice = stream.fields[index]
            // It says which commit an answer shows: each says its own.
            if slice.field == .relaySeq { continue }
            guard let value = slice.value, valueBytes + slice.length <= Limits.responseValueBytes
            else { return false }
            // SAFETY: the value lives as long as the exchange, and there is room for it.
            withUnsafeMutableBytes(of: &recording.values) {
                _ = memcpy($0.baseAddress! + valueBytes, value, slice.length)
            }
            recording.fields[fieldCount] = RecordedResponse.Field(
                field: slice.field, offset: UInt16(valueBytes), length: UInt16(slice.length))
            fieldCount += 1
            valueBytes += slice.length
        }
        let loop = stream.connection!.loop
        for index in 0..<pieceCount {
            recording.pieces[index] =
                copy.map { Piece(start: $0, length: bodyBytes) }
                ?? loop.attached.piece(index, of: stream)
        }
        recording.status = stream.status
        recording.fieldCount = fieldCount
        recording.valueBytes = valueBytes
        recording.pieceCount = pieceCount
        recording.bodyBytes = bodyBytes
        return true
    }

    /// Answers with a response that was taken down, all of whose pieces are still what they were.
    public func respond(with recording: UnsafeMutablePointer<RecordedResponse>) {
        let recording = Recording(pointer: recording)
        respond(recording.status)
        // The values go where the exchange's own would be: they are read when the HEADERS frame is
        // written, which may be after this recording was replaced.
        let space = reserveValue(recording.valueBytes)
        // SAFETY: both have `valueBytes`.
        withUnsafeBytes(of: &recording.values) {
            _ = memcpy(space, $0.baseAddress!, recording.valueBytes)
        }
        for index in 0..<recording.fieldCount {
            let field = recording.fields[index]
            commit(field.field, space + Int(field.offset), Int(field.length))
        }
        let loop = stream.connection!.loop
        for index in 0..<recording.pieceCount {
            let piece = recording.pieces[index]
            loop.attached.attach(piece.start, piece.length, to: stream)
        }
    }
}
