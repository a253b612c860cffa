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

extension Exchange {
    /// Takes down this exchange's response, which is whole.
    ///
    /// - Returns: false when it cannot be given again: its body goes on, or lies in the heap, or
    ///   there are more pieces or fields than there is room for.
    public func record(in recording: UnsafeMutablePointer<RecordedResponse>) -> Bool {
        let pieceCount = stream.pointee.body.pieceCount
        let fieldCount = stream.pointee.fieldsUsed
        guard stream.pointee.body.retained == nil, !stream.pointee.body.hasMore,
            !stream.pointee.body.isBroken, pieceCount <= recording.pointee.pieces.count,
            fieldCount <= recording.pointee.fields.count
        else { return false }
        var valueBytes = 0
        for index in 0..<fieldCount {
            let slice = stream.pointee.fields[index]
            guard let value = slice.value, valueBytes + slice.length <= Limits.responseValueBytes
            else { return false }
            // SAFETY: the value lives as long as the exchange, and there is room for it.
            withUnsafeMutableBytes(of: &recording.pointee.values) {
                _ = memcpy($0.baseAddress! + valueBytes, value, slice.length)
            }
            recording.pointee.fields[index] = RecordedResponse.Field(
                field: slice.field, offset: UInt16(valueBytes), length: UInt16(slice.length))
            valueBytes += slice.length
        }
        let state = stream.pointee.connection!.pointee.state
        for index in 0..<pieceCount {
            recording.pointee.pieces[index] = state.pointee.piece(index, of: stream)
        }
        recording.pointee.status = stream.pointee.status
        recording.pointee.fieldCount = fieldCount
        recording.pointee.valueBytes = valueBytes
        recording.pointee.pieceCount = pieceCount
        recording.pointee.bodyBytes = stream.pointee.body.remaining
        return true
    }

    /// Answers with a response that was taken down, all of whose pieces are still what they were.
    public func respond(with recording: UnsafeMutablePointer<RecordedResponse>) {
        respond(recording.pointee.status)
        // The values go where the exchange's own would be: nghttp2 reads them when it packs the
        // HEADERS frame, which may be after this recording was replaced.
        let space = reserveValue(recording.pointee.valueBytes)
        // SAFETY: both have `valueBytes`.
        withUnsafeBytes(of: &recording.pointee.values) {
            _ = memcpy(space, $0.baseAddress!, recording.pointee.valueBytes)
        }
        for index in 0..<recording.pointee.fieldCount {
            let field = recording.pointee.fields[index]
            commit(field.field, space + Int(field.offset), Int(field.length))
        }
        let state = stream.pointee.connection!.pointee.state
        for index in 0..<recording.pointee.pieceCount {
            let piece = recording.pointee.pieces[index]
            state.pointee.attach(piece.start, piece.length, to: stream)
        }
    }
}
