#include "signaling/sip/sofia_nta.h"

#include <dlfcn.h>
#include <sofia-sip/nta.h>
#include <sofia-sip/su_tagarg.h>

namespace signaling {
namespace {

nta_agent_t* made_last = nullptr;  // written by nua_create on the loop's thread

}  // namespace

nta_agent_t* last_nta_agent() {
    return made_last;
}

}  // namespace signaling

extern "C" __attribute__((visibility("default"))) nta_agent_t* nta_agent_create(
    su_root_t* root, url_string_t const* name, nta_message_f* callback, nta_agent_magic_t* magic,
    tag_type_t tag, tag_value_t value, ...) {
    using Create = nta_agent_t*(su_root_t*, url_string_t const*, nta_message_f*, nta_agent_magic_t*,
                                tag_type_t, tag_value_t, ...);
    auto* const real = reinterpret_cast<Create*>(dlsym(RTLD_NEXT, "nta_agent_create"));
    if (real == nullptr) return nullptr;
    ta_list tags;
    ta_start(tags, tag, value);
    signaling::made_last = real(root, name, callback, magic, ta_tags(tags));
    ta_end(tags);
    return signaling::made_last;
}
