#include "edges.h"
#include "json.h"
#include "system.h"

#include <errno.h>
#include <string.h>

static int try_to_map(const struct vfio_handle *handle, uint64_t length, uint64_t position)
{
    void *memory = system_mmap(handle->device, length, position);
    if (memory == NULL)
        return errno;
    system_munmap(memory, length);
    return 0;
}

static struct transfer transfer_of(ssize_t moved)
{
    return moved < 0 ? (struct transfer){.error = errno} : (struct transfer){.count = (size_t)moved};
}

static void probe_padding(const struct vfio_handle *handle, uint64_t position, size_t size,
                          struct padding_sample *sample)
{
    /* Zeros, because what is not there reads as ones. */
    static const unsigned char zeros[EDGES_SAMPLE];
    sample->read = transfer_of(system_pread(handle->device, sample->bytes, size, position));
    sample->written = transfer_of(system_pwrite(handle->device, zeros, size, position));
    sample->read_again = transfer_of(system_pread(handle->device, sample->bytes_again, size, position));
}

/* The first bytes of the padding, and the last. */
static void probe_all_padding(const struct area *area, const struct vfio_handle *handle, struct edges *edges)
{
    const uint64_t region_position = area->file_offset - area->offset;
    const uint64_t begin = area->offset + area->size;
    if (begin >= area->region_size)
        return;
    const uint64_t length = area->region_size - begin;
    const size_t size = length < EDGES_SAMPLE ? (size_t)length : EDGES_SAMPLE;
    const uint64_t offsets[EDGES_SAMPLES_MAX] = {begin, area->region_size - size};
    edges->padding_count = length >= 2 * EDGES_SAMPLE ? 2 : 1;
    for (size_t i = 0; i < edges->padding_count; i++) {
        edges->padding[i].offset = offsets[i];
        probe_padding(handle, region_position + offsets[i], size, &edges->padding[i]);
    }
}

void probe_edges(const struct area *area, const struct vfio_handle *handle, struct edges *edges)
{
    const uint64_t page = system_page_size();
    const uint64_t mapped_end = area->file_offset + area->mapped;
    const uint64_t next_page = mapped_end + (area->mapped < area->size ? page : 0);
    memset(edges, 0, sizeof(*edges));
    edges->map_beyond = try_to_map(handle, page, next_page);
    edges->map_across = area->mapped == 0 ? edges->map_beyond
                                          : try_to_map(handle, next_page - mapped_end + 2 * page, mapped_end - page);
    probe_all_padding(area, handle, edges);

    unsigned char bytes[EDGES_SAMPLE] = {0};
    const uint64_t region_end = area->file_offset - area->offset + area->region_size;
    edges->read_at_end = transfer_of(system_pread(handle->device, bytes, sizeof(bytes), region_end));
    edges->write_at_end = transfer_of(system_pwrite(handle->device, bytes, sizeof(bytes), region_end));
}

static void json_transfer(FILE *out, const char *name, const struct transfer *transfer)
{
    fprintf(out, "\"%s\":{\"bytes\":%zu,\"errno\":%d}", name, transfer->count, transfer->error);
}

static void json_sample(FILE *out, const struct padding_sample *sample)
{
    fprintf(out, "{\"offset\":\"0x%llx\",", (unsigned long long)sample->offset);
    json_transfer(out, "read", &sample->read);
    fputs(",\"data\":", out);
    json_hex(out, sample->bytes, sample->read.count);
    fputc(',', out);
    json_transfer(out, "write", &sample->written);
    fputc(',', out);
    json_transfer(out, "readAgain", &sample->read_again);
    fputs(",\"dataAgain\":", out);
    json_hex(out, sample->bytes_again, sample->read_again.count);
    fputc('}', out);
}

void json_edges(FILE *out, const struct edges *edges)
{
    fprintf(out, "{\"mapBeyond\":%d,\"mapAcross\":%d,\"padding\":[", edges->map_beyond, edges->map_across);
    for (size_t i = 0; i < edges->padding_count; i++) {
        fputs(i == 0 ? "" : ",", out);
        json_sample(out, &edges->padding[i]);
    }
    fputs("],", out);
    json_transfer(out, "readAtEnd", &edges->read_at_end);
    fputc(',', out);
    json_transfer(out, "writeAtEnd", &edges->write_at_end);
    fputc('}', out);
}
