#include "json.h"
#include "system.h"
#include "uapi.h"
#include "verbs.h"

#include <fcntl.h>

static const char kvm_path[] = "/dev/kvm";

/* What /dev/kvm returned; negative where it was not asked or refused. */
struct kvm_answers {
    int api_version;
    int ipa_size_bits;
    int cacheable_pfnmap;
};

/* An ioctl whose answer is its return value. */
static int ask(int descriptor, unsigned long request, unsigned long value, enum step step, struct failure *failure)
{
    int answer = system_ioctl_value(descriptor, request, value);
    if (answer < 0)
        fail_with_errno(failure, step, kvm_path);
    return answer;
}

static void ask_kvm(struct kvm_answers *answers, struct failure *failure)
{
    int kvm = system_open(kvm_path, O_RDWR);
    if (kvm < 0) {
        fail_with_errno(failure, STEP_KVM_OPEN, kvm_path);
        return;
    }
    /* KVM_GET_API_VERSION returns 12 since Linux 2.6.22; Documentation/virt/kvm/api.rst promises no other. */
    answers->api_version = ask(kvm, KVM_GET_API_VERSION, 0, STEP_KVM_VERSION, failure);

    /* KVM_CHECK_EXTENSION(KVM_CAP_ARM_VM_IPA_SIZE): the largest guest-physical address in bits; 0 off arm64. */
    answers->ipa_size_bits = ask(kvm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_VM_IPA_SIZE, STEP_KVM_IPA_SIZE, failure);

    /* KVM_CREATE_VM type 0: a VM with the default address size, which gets neither memory nor a CPU here. */
    int vm = ask(kvm, KVM_CREATE_VM, 0, STEP_KVM_CREATE_VM, failure);
    if (vm >= 0) {
        /* The capability is per VM: on /dev/kvm itself it is EINVAL. 0 where unsupported or before Linux 6.17. */
        answers->cacheable_pfnmap = ask(vm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED,
                                        STEP_KVM_CACHEABLE_PFNMAP, failure);
        system_close(vm);
    }
    system_close(kvm);
}

static void write_answer(FILE *out, const char *name, int answer)
{
    if (answer < 0)
        fprintf(out, "\"%s\":null", name);
    else
        fprintf(out, "\"%s\":%d", name, answer);
}

bool verb_kvm(FILE *out, int count, char **arguments)
{
    (void)count;
    (void)arguments;
    struct failure failure = {0};
    struct kvm_answers answers = {-1, -1, -1};
    ask_kvm(&answers, &failure);

    fprintf(out, "{\"schema\":%d,\"kvm\":{", PROTOCOL_SCHEMA);
    write_answer(out, "apiVersion", answers.api_version);
    fputc(',', out);
    write_answer(out, "ipaSizeBits", answers.ipa_size_bits);
    fputc(',', out);
    write_answer(out, "cacheablePfnmap", answers.cacheable_pfnmap);
    fputs("},\"error\":", out);
    json_failure(out, &failure);
    fputc('}', out);
    return true;
}
