// What each field of an answer costs nghttp2's HPACK encoder, in nanoseconds and in bytes.
//
//   gcc -O2 tools/bench.d/fields.c -o fields -lnghttp2 && ./fields
//
// With libnghttp2.a in place of -lnghttp2 the same for static linking. Each row adds a field to
// :status, content-type and content-length. Printed are medians of rounds in turns.
#include <nghttp2/nghttp2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ANSWERS = 50000, ROUNDS = 21, ROWS = 7 };
enum index { FREE, NEVER };  // whether the encoder may choose, or must not put it into its table

struct row {
    const char *what, *name, *value;  // %u in the value is another number in each answer
    enum index index;
} rows[ROWS] = {
    {"these three", NULL, NULL, FREE},
    {"cache-control, the same each time", "cache-control", "no-store", FREE},
    {"relay-seq, the same for many", "relay-seq", "8cf211df07cc6ceb-30", FREE},
    {"relay-seq, never indexed", "relay-seq", "8cf211df07cc6ceb-30", NEVER},
    {"etag, another each time", "etag", "\"8cf211df07cc6ceb-%u\"", FREE},
    {"etag, never indexed", "etag", "\"8cf211df07cc6ceb-%u\"", NEVER},
    {"a name of its own, another value each time", "x-version", "8cf211df07cc6ceb-%u", FREE},
};

static nghttp2_nv field(const char *name, const char *value, enum index index) {
    nghttp2_nv pair = {(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value),
                       index == NEVER ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE};
    return pair;
}

static double cpu_nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

// Values are made beforehand: their making is not to be measured.
static char values[ROWS][ANSWERS][32];

static double encode(int number, double *bytes) {
    nghttp2_hd_deflater *deflater;
    if (nghttp2_hd_deflate_new(&deflater, 4096) != 0) abort();
    uint8_t block[512];
    size_t total = 0;
    double before = cpu_nanoseconds();
    for (int i = 0; i < ANSWERS; i++) {
        nghttp2_nv fields[] = {
            field(":status", "200", FREE), field("content-type", "application/json", FREE),
            field("content-length", "1097", NEVER),
            field(number ? rows[number].name : "", values[number][i], rows[number].index)};
        ssize_t length =
            nghttp2_hd_deflate_hd(deflater, block, sizeof block, fields, number ? 4 : 3);
        if (length < 0) abort();
        total += length;
    }
    double spent = cpu_nanoseconds() - before;
    nghttp2_hd_deflate_del(deflater);
    *bytes = (double)total / ANSWERS;
    return spent / ANSWERS;
}

static int ascending(const void *a, const void *b) {
    return *(double *)a < *(double *)b ? -1 : *(double *)a > *(double *)b;
}

int main(void) {
    static double costs[ROWS][ROUNDS];
    double bytes[ROWS];
    for (int row = 1; row < ROWS; row++) {
        for (int i = 0; i < ANSWERS; i++) {
            snprintf(values[row][i], sizeof values[row][i], rows[row].value, i);
        }
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (int row = 0; row < ROWS; row++) costs[row][round] = encode(row, &bytes[row]);
    }
    for (int row = 0; row < ROWS; row++) qsort(costs[row], ROUNDS, sizeof(double), ascending);
    for (int row = 0; row < ROWS; row++) {
        printf("%-45s %5.0f ns %5.1f bytes", rows[row].what, costs[row][ROUNDS / 2], bytes[row]);
        printf(row ? "  (+%.0f ns, +%.1f bytes)\n" : "\n",
               costs[row][ROUNDS / 2] - costs[0][ROUNDS / 2], bytes[row] - bytes[0]);
    }
}
