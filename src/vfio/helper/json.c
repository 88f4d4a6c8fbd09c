#include "json.h"

void json_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (const unsigned char *byte = (const unsigned char *)text; *byte != '\0'; byte++) {
        if (*byte == '"' || *byte == '\\')
            fprintf(out, "\\%c", *byte);
        else if (*byte < 0x20 || *byte > 0x7e)
            fprintf(out, "\\u%04x", *byte);
        else
            fputc(*byte, out);
    }
    fputc('"', out);
}

void json_string_or_null(FILE *out, const char *text)
{
    if (*text == '\0')
        fputs("null", out);
    else
        json_string(out, text);
}

void json_hex(FILE *out, const unsigned char *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";

    fputc('"', out);
    for (size_t i = 0; i < length; i++) {
        fputc(digits[bytes[i] >> 4], out);
        fputc(digits[bytes[i] & 0xf], out);
    }
    fputc('"', out);
}

void json_failure(FILE *out, const struct failure *failure)
{
    if (!failure->happened) {
        fputs("null", out);
        return;
    }
    fprintf(out, "{\"step\":\"%s\",\"errno\":%d,\"path\":", step_name(failure->step), failure->error);
    json_string_or_null(out, failure->path);
    fputc('}', out);
}
