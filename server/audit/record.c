#include "audit/record.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <zstd.h>

#include "base/wire.h"

/* In front of everything hashed, so that no other use of SHA-256 can collide
 * with ours and a later encoding has a name of its own. */
static const char domain[] = "caad audit record 1";

/* First octet of a body. */
enum { BODY_PLAIN = 0, BODY_ZSTD = 1 };

/* Level 1 is within a percent of 3 and 9 on records of 1 to 4 KiB. */
enum { ZSTD_LEVEL = 1 };

#define TAIL_MAX ((size_t)AUDIT_PAYLOAD_MAX + (64U << 20))

/* Grows, keeps its first failure; checked once at the end. */
struct octets {
    uint8_t *data;
    size_t len;
    size_t room;
    bool failed;
};

struct coder {
    struct octets head;
    struct octets tail;
    struct octets body;
    EVP_MD *sha256;
    EVP_MD_CTX *digest;
    ZSTD_CCtx *compress;
    ZSTD_DCtx *expand;
};

struct coder *coder_create(void)
{
    struct coder *coder = calloc(1, sizeof *coder);
    if (!coder)
        return NULL;
    /* Fetched once: looking the algorithm up costs as much as a small hash. */
    coder->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    coder->digest = EVP_MD_CTX_new();
    coder->compress = ZSTD_createCCtx();
    coder->expand = ZSTD_createDCtx();
    if (coder->sha256 && coder->digest && coder->compress && coder->expand)
        return coder;
    coder_destroy(coder);
    return NULL;
}

void coder_destroy(struct coder *coder)
{
    if (!coder)
        return;
    EVP_MD_free(coder->sha256);
    EVP_MD_CTX_free(coder->digest);
    ZSTD_freeCCtx(coder->compress);
    ZSTD_freeDCtx(coder->expand);
    free(coder->head.data);
    free(coder->tail.data);
    free(coder->body.data);
    free(coder);
}

/* --- octets --- */

static uint8_t *reserve(struct octets *out, size_t len)
{
    if (out->failed)
        return NULL;
    if (out->room - out->len < len) {
        size_t room = (out->len + len) * 2 + 256;
        uint8_t *grown = realloc(out->data, room);
        if (!grown) {
            out->failed = true;
            return NULL;
        }
        out->data = grown;
        out->room = room;
    }
    return out->data + out->len;
}

static void put_number(struct octets *out, uint64_t number, size_t len)
{
    uint8_t *at = reserve(out, len);
    for (size_t i = 0; at && i < len; i++)
        at[i] = (uint8_t)(number >> (8 * (len - 1 - i)));
    out->len += at ? len : 0;
}

static void put_bytes(struct octets *out, struct bytes bytes)
{
    put_number(out, bytes.len, 4);
    uint8_t *at = reserve(out, bytes.len);
    if (at && bytes.len)
        memcpy(at, bytes.data, bytes.len);
    out->len += at ? bytes.len : 0;
}

static void put_text(struct octets *out, const char *text)
{
    put_bytes(out, bytes_of(text ? text : ""));
}

static struct bytes octets_bytes(const struct octets *octets)
{
    return (struct bytes){octets->data, octets->len};
}

static void octets_reset(struct octets *octets)
{
    octets->len = 0;
    octets->failed = false;
}

/* --- the encoding --- */

static void put_head(struct octets *out, const struct audit_record *columns)
{
    octets_reset(out);
    put_text(out, domain);
    put_text(out, columns->stream);
    put_number(out, (uint64_t)columns->checked_at_ms, 8);
    put_text(out, columns->request_id);
    put_text(out, columns->order_id);
    put_text(out, columns->product);
    put_text(out, columns->caller);
    put_number(out, (uint32_t)columns->event, 4);
    put_number(out, (uint32_t)columns->decision, 4);
}

static void put_tail(struct octets *out, uint64_t sequence,
                     const struct audit_entry *entry)
{
    octets_reset(out);
    put_number(out, sequence, 8);
    put_number(out, entry->name_count, 4);
    for (size_t i = 0; i < entry->name_count; i++) {
        put_text(out, entry->names[i].ascii_name);
        put_number(out, (uint32_t)entry->names[i].verdict, 4);
        put_number(out, (uint32_t)entry->names[i].reason, 4);
    }
    put_bytes(out, entry->payload);
}

static bool digest(struct coder *coder, const uint8_t *previous_hash, struct bytes tail,
                   uint8_t *hash)
{
    EVP_MD_CTX *ctx = coder->digest;
    return !coder->head.failed && EVP_DigestInit_ex(ctx, coder->sha256, NULL) &&
           EVP_DigestUpdate(ctx, previous_hash, AUDIT_HASH_LEN) &&
           EVP_DigestUpdate(ctx, coder->head.data, coder->head.len) &&
           EVP_DigestUpdate(ctx, tail.data, tail.len) &&
           EVP_DigestFinal_ex(ctx, hash, NULL);
}

static bool pack(struct coder *coder)
{
    octets_reset(&coder->body);
    size_t bound = ZSTD_compressBound(coder->tail.len);
    uint8_t *at = reserve(&coder->body, bound + 1);
    if (!at)
        return false;
    size_t packed = ZSTD_compressCCtx(coder->compress, at + 1, bound, coder->tail.data,
                                      coder->tail.len, ZSTD_LEVEL);
    if (ZSTD_isError(packed) || packed >= coder->tail.len) {
        at[0] = BODY_PLAIN;
        memcpy(at + 1, coder->tail.data, coder->tail.len);
        packed = coder->tail.len;
    } else {
        at[0] = BODY_ZSTD;
    }
    coder->body.len = packed + 1;
    return true;
}

bool record_seal(struct coder *coder, const char *stream, uint64_t sequence,
                 const uint8_t *previous_hash, const struct audit_entry *entry,
                 uint8_t *hash, struct bytes *body)
{
    const struct audit_record columns = {.stream = stream,
                                         .request_id = entry->request_id,
                                         .order_id = entry->order_id,
                                         .product = entry->product,
                                         .caller = entry->caller,
                                         .event = entry->event,
                                         .decision = entry->decision,
                                         .checked_at_ms = entry->checked_at_ms};
    put_head(&coder->head, &columns);
    put_tail(&coder->tail, sequence, entry);
    if (coder->tail.failed || !pack(coder) ||
        !digest(coder, previous_hash, octets_bytes(&coder->tail), hash))
        return false;
    *body = octets_bytes(&coder->body);
    return true;
}

bool record_hash(struct coder *coder, const struct audit_record *columns,
                 const struct record_tail *tail, uint8_t *hash)
{
    put_head(&coder->head, columns);
    return digest(coder, columns->previous_hash, tail->whole, hash);
}

/* --- reading --- */

static uint64_t take_number(struct wire *wire, size_t len)
{
    struct bytes octets = wire_take(wire, len);
    uint64_t number = 0;
    for (size_t i = 0; i < octets.len; i++)
        number = number << 8 | octets.data[i];
    return number;
}

static struct bytes take_bytes(struct wire *wire)
{
    return wire_take(wire, (size_t)take_number(wire, 4));
}

bool record_is_intact(struct coder *coder, const struct audit_record *columns,
                      const struct record_tail *tail)
{
    uint8_t hash[AUDIT_HASH_LEN];
    return record_hash(coder, columns, tail, hash) &&
           memcmp(hash, columns->hash, sizeof hash) == 0;
}

static struct bytes take_name(struct wire *wire)
{
    struct bytes name = take_bytes(wire);
    wire_take(wire, 8); /* verdict, reason */
    return name;
}

static bool expand(struct coder *coder, struct bytes packed, struct bytes *out)
{
    unsigned long long size = ZSTD_getFrameContentSize(packed.data, packed.len);
    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR ||
        size > TAIL_MAX)
        return false;
    octets_reset(&coder->tail);
    uint8_t *at = reserve(&coder->tail, (size_t)size);
    if (!at)
        return false;
    size_t len =
        ZSTD_decompressDCtx(coder->expand, at, (size_t)size, packed.data, packed.len);
    if (ZSTD_isError(len) || len != size)
        return false;
    *out = (struct bytes){at, len};
    return true;
}

bool record_open(struct coder *coder, struct bytes body, struct record_tail *tail)
{
    struct wire packed = wire_of(body);
    uint8_t form = wire_u8(&packed);
    struct bytes whole = packed.rest;
    if (packed.failed || form > BODY_ZSTD)
        return false;
    if (form == BODY_ZSTD && !expand(coder, packed.rest, &whole))
        return false;

    struct wire wire = wire_of(whole);
    tail->whole = whole;
    tail->sequence = take_number(&wire, 8);
    tail->name_count = (size_t)take_number(&wire, 4);
    tail->names = wire.rest;
    for (size_t i = 0; i < tail->name_count && !wire.failed; i++)
        take_name(&wire);
    tail->payload = take_bytes(&wire);
    return !wire.failed && wire.rest.len == 0;
}

bool record_next_name(struct record_tail *tail, struct bytes *name)
{
    if (tail->name_count == 0)
        return false;
    struct wire wire = wire_of(tail->names);
    *name = take_name(&wire);
    tail->names = wire.rest;
    tail->name_count--;
    return !wire.failed;
}

struct bytes record_index_key(struct bytes name)
{
    if (name.len <= AUDIT_NAME_MAX)
        return name;
    size_t len = AUDIT_NAME_MAX;
    while (len > 0 && (name.data[len] & 0xc0) == 0x80) /* inside a character */
        len--;
    return (struct bytes){name.data, len};
}
