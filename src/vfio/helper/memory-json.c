#include "json.h"
#include "memory-job.h"
#include "verbs.h"

static const char *const pattern_names[] = {"address", "inverted", "zero"};

void json_progress(void *context, uint64_t bytes)
{
    const struct job *job = context;
    printf("{\"progress\":{\"region\":%u,\"pattern\":\"%s\",\"operation\":\"%s\",\"doneBytes\":%llu,"
           "\"totalBytes\":%llu,\"seconds\":%.3f}}\n",
           job->area->region, pattern_names[job->pattern], job->writes ? "write" : "verify",
           (unsigned long long)(job->bytes_before + bytes), (unsigned long long)job->bytes_in_all,
           seconds_now() - job->start);
    fflush(stdout);
}

static void json_errors(FILE *out, const struct bit_errors *errors, uint64_t area_address)
{
    fprintf(out, "{\"words\":%llu,\"setBits\":%llu,\"setMask\":\"0x%llx\",\"clearedBits\":%llu,\"clearedMask\":\"0x%llx\",",
            (unsigned long long)errors->words, (unsigned long long)errors->set_bits,
            (unsigned long long)errors->set_mask, (unsigned long long)errors->cleared_bits,
            (unsigned long long)errors->cleared_mask);
    if (errors->words == 0)
        fputs("\"first\":null}", out);
    else
        fprintf(out, "\"first\":{\"offset\":\"0x%llx\",\"expected\":\"0x%llx\",\"actual\":\"0x%llx\"}}",
                (unsigned long long)(errors->first_address - area_address),
                (unsigned long long)errors->first_expected, (unsigned long long)errors->first_actual);
}

static void json_swept(FILE *out, const char *name, const struct swept *swept)
{
    fprintf(out, "\"%s\":{\"bytes\":%llu,\"seconds\":%.6f,\"threads\":%u}", name, (unsigned long long)swept->bytes,
            swept->seconds, swept->threads);
}

static void json_bus_error(FILE *out, const struct area *area)
{
    for (size_t i = 0; i < area->round_count; i++) {
        const struct swept *both[] = {&area->rounds[i].written, &area->rounds[i].verified};
        for (size_t j = 0; j < 2; j++) {
            if (both[j]->bus_error.happened) {
                fprintf(out, "{\"offset\":\"0x%llx\",\"code\":%d}",
                        (unsigned long long)(both[j]->bus_error_address - area->file_offset + area->offset),
                        both[j]->bus_error.code);
                return;
            }
        }
    }
    fputs("null", out);
}

static void json_area(FILE *out, const struct job *job, size_t number)
{
    const struct area *area = &job->arguments->areas[number];
    const uint64_t region_address = area->file_offset - area->offset;
    fprintf(out, "{\"region\":%u,\"offset\":\"0x%llx\",\"bytes\":%llu,\"mappedBytes\":%llu,\"fileOffset\":\"0x%llx\","
                 "\"regionBytes\":%llu,\"rounds\":[",
            area->region, (unsigned long long)area->offset, (unsigned long long)area->size,
            (unsigned long long)area->mapped, (unsigned long long)area->file_offset,
            (unsigned long long)area->region_size);
    for (size_t i = 0; i < area->round_count; i++) {
        const struct round *round = &area->rounds[i];
        fprintf(out, "%s{\"pattern\":\"%s\",", i == 0 ? "" : ",", pattern_names[round->pattern]);
        json_swept(out, "written", &round->written);
        fputc(',', out);
        json_swept(out, "verified", &round->verified);
        fputs(",\"errors\":", out);
        json_errors(out, &round->verified.errors, region_address);
        fputc('}', out);
    }
    fputs("],\"busError\":", out);
    json_bus_error(out, area);
    fputs(",\"edges\":", out);
    if (number < job->edges_count) {
        json_edges(out, &job->edges[number]);
        fputs(",\"after\":", out);
        json_errors(out, &job->after[number], region_address);
    } else {
        fputs("null,\"after\":null", out);
    }
    fputc('}', out);
}

void json_memory(FILE *out, const struct job *job, const char *via)
{
    const struct memory_arguments *arguments = job->arguments;
    fprintf(out, "{\"schema\":%d,\"address\":", PROTOCOL_SCHEMA);
    json_string(out, arguments->address);
    fprintf(out, ",\"via\":\"%s\",\"mode\":\"%s\",\"command\":", via, mode_name(arguments->mode));
    if (job->enable.command < 0)
        fputs("null", out);
    else
        fprintf(out, "%d", job->enable.command);
    fputs(",\"areas\":[", out);
    for (size_t i = 0; i < arguments->area_count; i++) {
        fputs(i == 0 ? "" : ",", out);
        json_area(out, job, i);
    }
    fputs("],\"error\":", out);
    json_failure(out, job->failure);
    fputc('}', out);
}
