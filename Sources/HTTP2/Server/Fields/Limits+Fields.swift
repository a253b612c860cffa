/// Limits of field sections, either way.
extension Limits {
    /// Bytes of the dynamic tables that field sections are compressed with, either way (RFC 7541 §4.2): what
    /// HTTP/2 begins with. A client may ask for a smaller one of ours.
    static let headerTableBytes = 4_096

    /// CONTINUATION frames in a field section (CVE-2024-28182): of 16 KiB each they are eight times as much as
    /// is answered.
    static let continuations = 8

    /// Bytes of the field section that they make up with its HEADERS: what is kept of one at most.
    static let fieldSectionBytes = (1 + continuations) * frameBytes

    /// Bytes of a name or value in a field section, coded or not, and of what a coded one stands for. Far past
    /// what is answered; nghttp2 takes as many.
    static let codedStringBytes = 64 * 1024
    static let decodedStringBytes = HuffmanCode.bound(codedStringBytes)

    /// Bytes of a coded value that is compared with the last one before it is decoded: from where that pays, to
    /// what a key in `authorization` takes.
    static let leastRepeatedBytes = 24
    static let mostRepeatedBytes = 256

    /// The place of an integer's last seven bits in a field section: no integer of five bytes is larger than
    /// what is allowed (RFC 7541 §5.1).
    static let integerShift = 28

    /// Bytes that the fields of a client's table lie in: at first as many as a few fields of a small client have;
    /// at most twice the table, so that all may stay while one comes that drives them out.
    static let leastTableBytes = 512
    static let mostTableBytes = 2 * headerTableBytes

    /// Response fields whose newest values an encoder knows: all of them, 20.
    typealias KeptFields<Element> = InlineArray<20, Element>
    /// Bytes of the longest value that is worth a place in the client's table: 40, a media type or a method
    /// list.
    typealias KeptValue<Element> = InlineArray<40, Element>

    /// Fields of a client's table: 128, for each counts 32 bytes besides its own (RFC 7541 §4.1).
    typealias TablePlaces<Element> = InlineArray<128, Element>
}
