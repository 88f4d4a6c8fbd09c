#include "pattern.h"

/* Sixteen bytes, the widest access that every x86-64 and arm64 has; four of them are one block, and one line of a cache. */
typedef uint64_t pair __attribute__((vector_size(16)));
enum { PAIRS = 4, WORD = sizeof(uint64_t) };
/* How far ahead verifying fetches: 2 KiB were the fastest of 128 bytes to 2 KiB. A hint; it goes past the end unharmed. */
enum { PAIRS_AHEAD = 128 };

_Static_assert(PATTERN_BLOCK == PAIRS * sizeof(pair), "a block is four pairs");
_Static_assert(PATTERN_ALIGNMENT == sizeof(pair), "pairs are aligned to their size");

/* All patterns are sequences: word i is first + i * step. */
struct sequence {
    uint64_t first;
    uint64_t step;
};

static struct sequence sequence_of(enum pattern pattern, uint64_t address)
{
    switch (pattern) {
    case PATTERN_ADDRESS:
        return (struct sequence){address, WORD};
    case PATTERN_INVERTED:
        return (struct sequence){~address, -(uint64_t)WORD}; /* ~(a + 8) is ~a - 8 */
    case PATTERN_ZERO:
        break;
    }
    struct sequence zeros = {0, 0};
    /* A compiler that knew them would call memset, whose DC ZVA on arm64 is not meant for write-combined memory. */
    __asm__("" : "+r"(zeros.first), "+r"(zeros.step));
    return zeros;
}

static pair pair_of(struct sequence sequence, unsigned int position)
{
    uint64_t word = sequence.first + position * 2 * sequence.step;
    return (pair){word, word + sequence.step};
}

void pattern_fill(void *memory, size_t size, enum pattern pattern, uint64_t address)
{
    const struct sequence sequence = sequence_of(pattern, address);
    const uint64_t stride = 2 * PAIRS * sequence.step;
    const pair strides = {stride, stride};
    pair a = pair_of(sequence, 0), b = pair_of(sequence, 1), c = pair_of(sequence, 2), d = pair_of(sequence, 3);
    pair *to = __builtin_assume_aligned(memory, PATTERN_ALIGNMENT);
    for (const pair *end = to + size / sizeof(pair); to < end; to += PAIRS) {
        to[0] = a;
        to[1] = b;
        to[2] = c;
        to[3] = d;
        a += strides;
        b += strides;
        c += strides;
        d += strides;
    }
}

static void note_word(struct bit_errors *errors, uint64_t address, uint64_t expected, uint64_t actual)
{
    const uint64_t set = actual & ~expected;
    const uint64_t cleared = expected & ~actual;
    errors->set_bits += (uint64_t)__builtin_popcountll(set);
    errors->set_mask |= set;
    errors->cleared_bits += (uint64_t)__builtin_popcountll(cleared);
    errors->cleared_mask |= cleared;
    if (errors->words++ == 0 || address < errors->first_address) {
        errors->first_address = address;
        errors->first_expected = expected;
        errors->first_actual = actual;
    }
}

/* What was read is handed over, not read again: an error of the reading itself would not be there a second time. */
__attribute__((noinline, cold)) static void note_block(struct bit_errors *errors, uint64_t address,
                                                       const pair expected[PAIRS], const pair actual[PAIRS])
{
    for (unsigned int i = 0; i < 2 * PAIRS; i++) {
        if (expected[i / 2][i % 2] != actual[i / 2][i % 2])
            note_word(errors, address + i * WORD, expected[i / 2][i % 2], actual[i / 2][i % 2]);
    }
}

void pattern_verify(const void *memory, size_t size, enum pattern pattern, uint64_t address, struct bit_errors *errors)
{
    const struct sequence sequence = sequence_of(pattern, address);
    const uint64_t stride = 2 * PAIRS * sequence.step;
    const pair strides = {stride, stride};
    pair a = pair_of(sequence, 0), b = pair_of(sequence, 1), c = pair_of(sequence, 2), d = pair_of(sequence, 3);
    const pair *const begin = __builtin_assume_aligned(memory, PATTERN_ALIGNMENT);
    const pair *const end = begin + size / sizeof(pair);
    for (const pair *from = begin; from < end; from += PAIRS) {
        __builtin_prefetch(from + PAIRS_AHEAD);
        const pair read_a = from[0], read_b = from[1], read_c = from[2], read_d = from[3];
        const pair difference = (read_a ^ a) | (read_b ^ b) | (read_c ^ c) | (read_d ^ d);
        if (__builtin_expect((difference[0] | difference[1]) != 0, 0)) {
            const pair expected[PAIRS] = {a, b, c, d};
            const pair actual[PAIRS] = {read_a, read_b, read_c, read_d};
            note_block(errors, address + (uint64_t)((const char *)from - (const char *)begin), expected, actual);
        }
        a += strides;
        b += strides;
        c += strides;
        d += strides;
    }
}

void bit_errors_add(struct bit_errors *errors, const struct bit_errors *more)
{
    if (more->words == 0)
        return;
    if (errors->words == 0 || more->first_address < errors->first_address) {
        errors->first_address = more->first_address;
        errors->first_expected = more->first_expected;
        errors->first_actual = more->first_actual;
    }
    errors->words += more->words;
    errors->set_bits += more->set_bits;
    errors->set_mask |= more->set_mask;
    errors->cleared_bits += more->cleared_bits;
    errors->cleared_mask |= more->cleared_mask;
}
