#include "area.h"
#include "system.h"
#include "uapi.h"

/* Two for each power of two below 2^64, and the last page. */
#define PAGES_MAX 130
/* The caches of two Grace processors have 228 MiB together; what is further from the end than this is in memory. */
#define FLUSHED_AT_THE_END ((uint64_t)512 << 20)
/* The largest page of arm64: what is left behind the whole pages is smaller. */
#define TAIL_MAX 65536

bool area_map(struct area *area, const struct vfio_handle *handle, struct failure *failure)
{
    struct vfio_region_info info;
    if (!ask_region(handle, area->region, &info, failure))
        return false;
    area->file_offset = info.offset + area->offset;
    area->region_size = info.size;

    /* nvgrace_gpu_mmap refuses whatever goes past the memory, and that need not end with a page. */
    const uint64_t mapped = area->size - area->size % system_page_size();
    if (mapped == 0)
        return true;
    area->memory = system_mmap(handle->device, mapped, area->file_offset);
    if (area->memory == NULL)
        return fail_with_errno(failure, STEP_AREA_MAP, handle->path);
    area->mapped = mapped;
    return true;
}

void area_unmap(struct area *area)
{
    if (area->memory != NULL)
        system_munmap(area->memory, area->mapped);
    area->memory = NULL;
}

static struct span span_of(const struct area *area, uint64_t offset, uint64_t size, uint64_t flushed)
{
    return (struct span){.memory = area->memory + offset,
                         .size = size,
                         .address = area->file_offset + offset,
                         .flushed = !area->cached ? 0 : flushed < size ? flushed : size};
}

/* A page that comes behind all that are there already. */
static size_t add_page(struct span *pages, size_t count, const struct area *area, uint64_t offset, uint64_t page)
{
    if (offset >= area->mapped || (count > 0 && pages[count - 1].address >= area->file_offset + offset))
        return count;
    pages[count] = span_of(area, offset, page, page);
    return count + 1;
}

/* An address line that is stuck, or tied to another, makes two of these pages one. */
static size_t boundary_pages(const struct area *area, struct span pages[PAGES_MAX])
{
    const uint64_t page = system_page_size();
    size_t count = add_page(pages, 0, area, 0, page);
    for (uint64_t boundary = page; boundary != 0 && boundary < area->mapped; boundary <<= 1) {
        count = add_page(pages, count, area, boundary - page, page);
        count = add_page(pages, count, area, boundary, page);
    }
    return area->mapped == 0 ? 0 : add_page(pages, count, area, area->mapped - page, page);
}

static size_t spans_of(const struct area *area, bool whole, struct span spans[PAGES_MAX])
{
    if (!whole)
        return boundary_pages(area, spans);
    spans[0] = span_of(area, 0, area->mapped, FLUSHED_AT_THE_END);
    return area->mapped == 0 ? 0 : 1;
}

uint64_t area_covered(const struct area *area, bool whole)
{
    struct span spans[PAGES_MAX];
    const size_t count = spans_of(area, whole, spans);
    uint64_t covered = area->size - area->mapped;
    for (size_t i = 0; i < count; i++)
        covered += spans[i].size;
    return covered;
}

static void sweep_tail(const struct area *area, const struct vfio_handle *handle, const struct area_work *work,
                       struct swept *swept, struct failure *failure)
{
    _Alignas(PATTERN_BLOCK) unsigned char bytes[TAIL_MAX];
    const size_t size = (size_t)(area->size - area->mapped);
    const size_t blocks = (size + PATTERN_BLOCK - 1) / PATTERN_BLOCK * PATTERN_BLOCK;
    const uint64_t position = area->file_offset + area->mapped;
    /* Verifying begins with what is expected, so that what fills up the last block is not an error. */
    pattern_fill(bytes, blocks, work->pattern, position);
    const ssize_t moved = work->writes ? system_pwrite(handle->device, bytes, size, position)
                                       : system_pread(handle->device, bytes, size, position);
    if (moved < 0)
        fail_with_errno(failure, STEP_AREA_TAIL, handle->path);
    else if ((size_t)moved != size)
        fail_without_errno(failure, STEP_AREA_TAIL, handle->path);
    else
        swept->bytes += size;
    if (!work->writes && !failure->happened)
        pattern_verify(bytes, blocks, work->pattern, position, &swept->errors);
}

struct swept area_sweep(const struct area *area, const struct vfio_handle *handle, const struct area_work *work,
                        struct failure *failure)
{
    struct span spans[PAGES_MAX];
    const struct sweep sweep = {.spans = spans,
                                .span_count = spans_of(area, work->whole, spans),
                                .pattern = work->pattern,
                                .writes = work->writes,
                                .threads = work->whole ? work->threads : 0,
                                .stop = work->stop,
                                .progress = work->progress,
                                .context = work->context};
    struct swept swept = sweep_memory(&sweep);
    if (swept.bus_error.happened)
        fail_without_errno(failure, STEP_MEMORY_ACCESS, handle->path);
    if (area->mapped < area->size && !failure->happened && !atomic_load(work->stop))
        sweep_tail(area, handle, work, &swept, failure);
    return swept;
}
