#include "signaling/sip/sofia_root.h"

#include <sofia-sip/su.h>
#include <sofia-sip/su_glib.h>
#include <sofia-sip/su_log.h>
#include <sofia-sip/su_wait.h>

#include <array>
#include <cstdio>
#include <string>

#include "common/invariant.h"
#include "common/log.h"

namespace signaling {
namespace {

extern "C" void log_line(void* /*stream*/, const char* format, va_list arguments) {
    std::array<char, 512> text{};
    std::vsnprintf(text.data(), text.size(), format, arguments);
    std::string line(text.data());
    while (!line.empty() && line.back() == '\n') line.pop_back();
    if (!line.empty()) LOG_DEBUG("sofia {}", line);
}

}  // namespace

struct SofiaRoot::Impl {
    su_root_t* root = nullptr;
    GSource* source = nullptr;
};

SofiaRoot::SofiaRoot() : impl_(std::make_unique<Impl>()) {
    su_init();
    su_log_redirect(nullptr, log_line, nullptr);
    impl_->root = su_glib_root_create(nullptr);
    INVARIANT(impl_->root != nullptr);
    su_root_threading(impl_->root, 0);  // nua's own half on this thread too
    impl_->source = su_glib_root_gsource(impl_->root);
    GMainContext* context = g_main_context_ref_thread_default();
    g_source_attach(impl_->source, context);
    g_main_context_unref(context);
}

SofiaRoot::~SofiaRoot() {
    su_root_destroy(impl_->root);
    su_deinit();
}

void* SofiaRoot::get() const {
    return impl_->root;
}

}  // namespace signaling
