#include "CSimdjson.h"

#include <cstring>
#include <new>
#include <simdjson.h>

namespace {

/// Buffers are sized in powers of two from here on: simdjson's own growth is exact, so bodies that grow by
/// one byte each would reallocate each time.
constexpr size_t smallest_capacity = 4096;

int outcome(simdjson::error_code error) {
    switch (error) {
    case simdjson::SUCCESS: return CSIMDJSON_OK;
    case simdjson::CAPACITY:
    case simdjson::MEMALLOC: return CSIMDJSON_NO_MEMORY;
    case simdjson::DEPTH_ERROR: return CSIMDJSON_TOO_DEEP;
    case simdjson::UTF8_ERROR: return CSIMDJSON_BAD_UTF8;
    case simdjson::NUMBER_ERROR: return CSIMDJSON_BAD_NUMBER;
    default: return CSIMDJSON_MALFORMED;
    }
}

/// Whether a 64-bit integer or a double may not hold the number that begins here. 18 digits fit the one; 15
/// and an exponent of two digits the other. A byte that belongs to no number follows: there is padding.
bool is_long(const uint8_t *text) {
    size_t digits = 0;
    bool is_integer = true;
    for (;; text++) {
        if (uint8_t(*text - '0') < 10) {
            digits++;
        } else if (*text == '.') {
            is_integer = false;
        } else if ((*text | 0x20) == 'e') {
            size_t power = 0;
            while (uint8_t(*++text - '0') < 10 || *text == '-' || *text == '+') power += *text >= '0';
            return digits > 15 || power > 2;
        } else if (*text != '-') {
            return digits > (is_integer ? 18 : 15);
        }
    }
}

}  // namespace

struct csimdjson_parser {
    size_t max_depth;
    size_t capacity = 0;
    simdjson::dom::parser parser;
    simdjson::dom::document document;
    std::unique_ptr<uint8_t[]> padded;

    explicit csimdjson_parser(size_t depth) : max_depth(depth) {}

    bool grow(size_t count) {
        size_t wanted = smallest_capacity;
        while (wanted < count) wanted *= 2;
        if (wanted <= capacity) return true;
        capacity = 0;
        padded.reset(new (std::nothrow) uint8_t[wanted + simdjson::SIMDJSON_PADDING]);
        if (!padded) return false;
        if (parser.allocate(wanted, max_depth) != simdjson::SUCCESS) return false;
        if (document.allocate(wanted) != simdjson::SUCCESS) return false;
        capacity = wanted;
        return true;
    }

    /// simdjson keeps where every value begins: that is faster than to look for numbers once more.
    bool has_long_numbers() const {
        const auto &implementation = *parser.implementation;
        for (uint32_t index = 0; index < implementation.n_structural_indexes; index++) {
            const uint8_t *text = padded.get() + implementation.structural_indexes[index];
            if ((*text == '-' || uint8_t(*text - '0') < 10) && is_long(text)) return true;
        }
        return false;
    }
};

extern "C" {

csimdjson_parser *csimdjson_create(size_t max_depth) {
    return new (std::nothrow) csimdjson_parser(max_depth);
}

void csimdjson_free(csimdjson_parser *parser) { delete parser; }

int csimdjson_parse(
    csimdjson_parser *parser, const uint8_t *bytes, size_t count, csimdjson_tape *tape) {
    if (!parser->grow(count)) return CSIMDJSON_NO_MEMORY;
    if (count > 0) std::memcpy(parser->padded.get(), bytes, count);
    // The padding's content does not matter to simdjson, but zeroes keep runs alike and checkers quiet.
    std::memset(parser->padded.get() + count, 0, simdjson::SIMDJSON_PADDING);
    auto result = parser->parser.parse_into_document(
        parser->document, parser->padded.get(), count, false);
    if (result.error() == simdjson::SUCCESS) {
        tape->tape = parser->document.tape.get();
        tape->strings = parser->document.string_buf.get();
        tape->has_long_numbers = parser->has_long_numbers();
    }
    return outcome(result.error());
}

size_t csimdjson_capacity(const csimdjson_parser *parser) { return parser->capacity; }

void csimdjson_trim(csimdjson_parser *parser) {
    parser->parser = simdjson::dom::parser();
    parser->document = simdjson::dom::document();
    parser->padded.reset();
    parser->capacity = 0;
}

}  // extern "C"
