/* What memory is filled with and held against, wherever the memory comes from. */
#ifndef GHPASS_VFIO_PATTERN_H
#define GHPASS_VFIO_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* Memory comes in multiples of this, aligned to PATTERN_ALIGNMENT: whole, naturally aligned vector accesses and no other. */
#define PATTERN_BLOCK 64
#define PATTERN_ALIGNMENT 16

/* A word is its own address, that address inverted, or 0. Both patterns together give each bit of each word both values. */
enum pattern { PATTERN_ADDRESS, PATTERN_INVERTED, PATTERN_ZERO };

/* What was not read as it was written. */
struct bit_errors {
    uint64_t words;
    uint64_t set_bits; /* bits that were written as 0 and read as 1: how many, and in which places */
    uint64_t set_mask;
    uint64_t cleared_bits; /* bits that were written as 1 and read as 0 */
    uint64_t cleared_mask;
    uint64_t first_address; /* the lowest address of a wrong word; this and the next two only where words > 0 */
    uint64_t first_expected;
    uint64_t first_actual;
};

/* Writes the pattern; the first word counts as being at `address`. */
void pattern_fill(void *memory, size_t size, enum pattern pattern, uint64_t address);

/* Reads each word once, and adds to `errors` what differs from the pattern. */
void pattern_verify(const void *memory, size_t size, enum pattern pattern, uint64_t address, struct bit_errors *errors);

/* Adds what another worker found. */
void bit_errors_add(struct bit_errors *errors, const struct bit_errors *more);

#endif
