#include "signaling/sip/sofia_nta.h"

#include <dlfcn.h>
#include <sofia-sip/msg.h>
#include <sofia-sip/nta.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/su_tagarg.h>
#include <sofia-sip/tport.h>

namespace signaling {
namespace {

nta_agent_t* made_last = nullptr;  // written by nua_create on the loop's thread
SipTraffic sent;                   // written by sofia on the loop's thread

void count_sent(msg_t* message) {
    const auto* sip = static_cast<const sip_t*>(static_cast<const void*>(msg_object(message)));
    if (sip == nullptr) return;
    if (sip->sip_request != nullptr && sip->sip_request->rq_method_name != nullptr) {
        sent.add_request(sip->sip_request->rq_method_name);
    } else if (sip->sip_status != nullptr) {
        sent.add_response(sip->sip_status->st_status);
    }
}

}  // namespace

nta_agent_t* last_nta_agent() {
    return made_last;
}

const SipTraffic& sip_sent() {
    return sent;
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

extern "C" __attribute__((visibility("default"))) tport_t* tport_tsend(tport_t* transport,
                                                                       msg_t* message,
                                                                       tp_name_t const* to,
                                                                       tag_type_t tag,
                                                                       tag_value_t value, ...) {
    using Send = tport_t*(tport_t*, msg_t*, tp_name_t const*, tag_type_t, tag_value_t, ...);
    static auto* const real = reinterpret_cast<Send*>(dlsym(RTLD_NEXT, "tport_tsend"));
    if (real == nullptr) return nullptr;
    ta_list tags;
    ta_start(tags, tag, value);
    tport_t* const used = real(transport, message, to, ta_tags(tags));
    ta_end(tags);
    if (used != nullptr) signaling::count_sent(message);
    return used;
}
