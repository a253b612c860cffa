// Reads images of a store and says which orders are in them. powercut.py asks: a path per line on
// standard input; the answer is "ok" and "id=internalId" of each order that a torture wrote, or
// "bad" and why. Every entry of every database is read, and every document's checksum compared
// (FORMAT.md). An image that makes LMDB trap ends this process.
#include <inttypes.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { HEADER = 16, ENTRY = 32, RESOURCE_BITS = 6, ID_BITS = 38, TEXT = 11 };

static char *answer;
static size_t answered, room;

static void say(const char *text, size_t length) {
    if (answered + length + 1 > room) {
        room = 2 * (answered + length + 1);
        answer = realloc(answer, room);
        if (!answer) abort();
    }
    memcpy(answer + answered, text, length);
    answered += length;
    answer[answered] = 0;
}

static uint64_t word(const unsigned char *at) {
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static uint32_t half(const unsigned char *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

// One document of a block: its checksum, and what a torture wrote into it.
static const char *read_document(const unsigned char *entry, const char *json, size_t length,
                                 const char *hidden, size_t hidden_length) {
    uint64_t words[4] = {word(entry), word(entry + 8), XXH3_64bits(json, length),
                         XXH3_64bits(hidden, hidden_length)};
    if (XXH3_64bits(words, sizeof words) != word(entry + 16)) return "a document's checksum";
    static const char member[] = "\"internalId\":\"w-";
    const char *found = memmem(json, length, member, sizeof member - 1);
    if (!found || found + sizeof member - 3 + TEXT > json + length) return NULL;
    char text[64];
    uint64_t id = words[0] & ((UINT64_C(1) << ID_BITS) - 1);
    const char *begin = found + sizeof member - 3;
    int size = snprintf(text, sizeof text, " %" PRIu64 "=%.*s", id, TEXT, begin);
    say(text, (size_t)size);
    return NULL;
}

// A block of documents (FORMAT.md).
static const char *read_block(const MDB_val *value) {
    const unsigned char *bytes = value->mv_data;
    if (value->mv_size < HEADER) return "a short block";
    size_t count = bytes[0] | bytes[1] << 8, json_size = half(bytes + 4);
    size_t hidden_size = half(bytes + 8), start = HEADER + ENTRY * count;
    if (start + json_size + hidden_size > value->mv_size) return "a block's lengths";
    const char *json = (const char *)bytes + start, *hidden = json + json_size;
    size_t from = 0, hidden_from = 0;
    for (size_t i = 0; i < count; i++) {
        const unsigned char *entry = bytes + HEADER + ENTRY * i;
        size_t to = half(entry + 24), hidden_to = half(entry + 28);
        if (to <= from || to > json_size || hidden_to < hidden_from || hidden_to > hidden_size)
            return "a document's lengths";
        const char *wrong = read_document(entry, json + from, to - from - 1, hidden + hidden_from,
                                          hidden_to - hidden_from);
        if (wrong) return wrong;
        from = to;
        hidden_from = hidden_to;
    }
    return NULL;
}

// Every entry of one database; of `documents` also what is in it.
static const char *read_database(MDB_txn *transaction, const char *name) {
    MDB_dbi database;
    MDB_cursor *cursor;
    MDB_val key, value;
    int code = mdb_dbi_open(transaction, name, 0, &database);
    if (code) return mdb_strerror(code);
    code = mdb_cursor_open(transaction, database, &cursor);
    if (code) return mdb_strerror(code);
    const char *wrong = NULL;
    volatile unsigned char sink = 0;
    int documents = strcmp(name, "documents") == 0;
    while (!wrong && (code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        for (size_t i = 0; i < value.mv_size; i += 512) sink ^= ((unsigned char *)value.mv_data)[i];
        if (documents) wrong = read_block(&value);
    }
    mdb_cursor_close(cursor);
    if (!wrong && code != MDB_NOTFOUND) wrong = mdb_strerror(code);
    return wrong;
}

static const char *read_all(MDB_txn *transaction) {
    MDB_dbi names;
    MDB_cursor *cursor;
    MDB_val key, value;
    int code = mdb_dbi_open(transaction, NULL, 0, &names);
    if (!code) code = mdb_cursor_open(transaction, names, &cursor);
    if (code) return mdb_strerror(code);
    const char *wrong = NULL;
    while (!wrong && (code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)key.mv_size, (char *)key.mv_data);
        wrong = read_database(transaction, name);
    }
    mdb_cursor_close(cursor);
    if (!wrong && code != MDB_NOTFOUND) wrong = mdb_strerror(code);
    return wrong;
}

static const char *read_image(const char *path) {
    MDB_env *environment;
    MDB_txn *transaction = NULL;
    int code = mdb_env_create(&environment);
    if (!code) code = mdb_env_set_maxdbs(environment, 32);
    if (!code)
        code = mdb_env_open(environment, path, MDB_RDONLY | MDB_NOLOCK | MDB_NOSUBDIR, 0600);
    if (!code) code = mdb_txn_begin(environment, NULL, MDB_RDONLY, &transaction);
    const char *wrong = code ? mdb_strerror(code) : read_all(transaction);
    if (transaction) mdb_txn_abort(transaction);
    mdb_env_close(environment);
    return wrong;
}

int main(void) {
    char path[4096];
    while (fgets(path, sizeof path, stdin)) {
        path[strcspn(path, "\n")] = 0;
        answered = 0;
        say("", 0);
        const char *wrong = read_image(path);
        if (wrong)
            printf("bad %s\n", wrong);
        else
            printf("ok%s\n", answer);
        fflush(stdout);
    }
    return 0;
}
