// libsimdjson's DOM parser behind four C functions. simdjson is C++ and cannot be called from Swift directly;
// its tape is a documented, stable layout, so a parse hands out two pointers and every later read is Swift's own.
#ifndef RELAY_CSIMDJSON_H
#define RELAY_CSIMDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A reusable parser with its buffers.
typedef struct csimdjson_parser csimdjson_parser;

/// What a parse left behind: the tape of 64-bit words and the unescaped strings that it points into.
/// Valid until the parser's next parse, trim or free.
typedef struct {
    const uint64_t *tape;
    const uint8_t *strings;
    /// Whether some number has so many digits, or so large an exponent, that the tape may not hold it as it
    /// is written.
    bool has_long_numbers;
} csimdjson_tape;

/// Outcomes, in our own numbers so that no simdjson constant leaves this target.
enum {
    CSIMDJSON_OK = 0,
    CSIMDJSON_NO_MEMORY = 1,
    CSIMDJSON_TOO_DEEP = 2,
    CSIMDJSON_BAD_UTF8 = 3,
    CSIMDJSON_BAD_NUMBER = 4,
    CSIMDJSON_MALFORMED = 5,
};

/// NULL when there is no memory.
csimdjson_parser *csimdjson_create(size_t max_depth);
void csimdjson_free(csimdjson_parser *parser);

/// Parses one document. The bytes are copied into the parser's padded buffer: simdjson reads up to 64 bytes
/// past the end, which the caller's memory (a receive buffer, a map) need not own.
int csimdjson_parse(
    csimdjson_parser *parser, const uint8_t *bytes, size_t count, csimdjson_tape *tape);

/// Bytes of input the parser's buffers are sized for; they take about eleven times as much address space.
size_t csimdjson_capacity(const csimdjson_parser *parser);

/// Gives the buffers back. The next parse allocates anew.
void csimdjson_trim(csimdjson_parser *parser);

#ifdef __cplusplus
}
#endif

#endif
