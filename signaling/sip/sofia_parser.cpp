#include "signaling/sip/sofia_parser.h"

#include <sofia-sip/msg_mclass.h>
#include <sofia-sip/sip_extra.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>

#include "common/invariant.h"

namespace signaling {
namespace {

const msg_mclass_t* make_parser() {
    const msg_mclass_t* all = sip_default_mclass();
    msg_mclass_t* some = msg_mclass_clone(all, 0, msg_mclass_empty);
    INVARIANT(some != nullptr);
    for (int i = 0; i < all->mc_hash_size; ++i) {
        const msg_href_t& header = all->mc_hash[i];
        if (header.hr_class == nullptr || header.hr_class == sip_session_expires_class ||
            header.hr_class == sip_min_se_class) {
            continue;
        }
        const bool inserted = msg_mclass_insert(some, &header) >= 0;
        INVARIANT(inserted);
    }
    return some;
}

}  // namespace

const void* parser_without_session_timers() {
    static const msg_mclass_t* const parser = make_parser();
    return parser;
}

}  // namespace signaling
