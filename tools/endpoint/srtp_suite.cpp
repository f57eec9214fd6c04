#include "tools/endpoint/srtp_suite.h"

#include <gst/gst.h>

#include <array>
#include <random>
#include <sstream>

namespace endpoint {
namespace {

constexpr std::array kSuites = {
    SrtpSuite{"AES_CM_128_HMAC_SHA1_80", 30, "aes-128-icm", "hmac-sha1-80"},
    SrtpSuite{"AEAD_AES_128_GCM", 28, "aes-128-gcm", "null"},
    SrtpSuite{"AEAD_AES_256_GCM", 44, "aes-256-gcm", "null"},
};

GstBuffer* buffer_of(const SrtpKey& key) {
    GstBuffer* buffer = gst_buffer_new_allocate(nullptr, key.size(), nullptr);
    gst_buffer_fill(buffer, 0, key.data(), key.size());
    return buffer;
}

}  // namespace

std::span<const SrtpSuite> srtp_suites() {
    return kSuites;
}

const SrtpSuite* srtp_suite_named(std::string_view name) {
    for (const SrtpSuite& suite : kSuites) {
        if (name == suite.name) return &suite;
    }
    return nullptr;
}

SrtpKey SrtpSuite::make_key() const {
    std::random_device random;
    SrtpKey key(key_bytes);
    for (std::uint8_t& byte : key) byte = static_cast<std::uint8_t>(random());
    return key;
}

std::string SrtpSuite::crypto(const SrtpKey& key) const {
    gchar* text = g_base64_encode(key.data(), key.size());
    std::string value = std::string("1 ") + name + " inline:" + text;
    g_free(text);
    return value;
}

SrtpKey SrtpSuite::key_of(std::string_view crypto) const {
    std::istringstream words{std::string(crypto)};
    std::string tag, suite, parameters;
    words >> tag >> suite >> parameters;
    constexpr std::string_view kInline = "inline:";
    if (suite != name || !parameters.starts_with(kInline)) return {};
    // Behind the key may stand a lifetime.
    const std::string text =
        parameters.substr(kInline.size(), parameters.find('|') - kInline.size());
    gsize bytes = 0;
    guchar* decoded = g_base64_decode(text.c_str(), &bytes);
    SrtpKey key(decoded, decoded + bytes);
    g_free(decoded);
    return key.size() == key_bytes ? key : SrtpKey{};
}

void SrtpSuite::set_up_sender(GstElement* srtpenc, const SrtpKey& key) const {
    for (const char* property : {"rtp-cipher", "rtcp-cipher"}) {
        gst_util_set_object_arg(G_OBJECT(srtpenc), property, cipher);
    }
    for (const char* property : {"rtp-auth", "rtcp-auth"}) {
        gst_util_set_object_arg(G_OBJECT(srtpenc), property, authentication);
    }
    GstBuffer* buffer = buffer_of(key);
    // A packet that is sent again is the same packet: it meets the same key stream.
    g_object_set(srtpenc, "key", buffer, "allow-repeat-tx", TRUE, nullptr);
    gst_buffer_unref(buffer);
}

GstCaps* SrtpSuite::receiver_caps(const SrtpKey& key) const {
    GstBuffer* buffer = buffer_of(key);
    GstCaps* caps = gst_caps_new_simple(
        "application/x-srtp", "srtp-key", GST_TYPE_BUFFER, buffer, "srtp-cipher", G_TYPE_STRING,
        cipher, "srtp-auth", G_TYPE_STRING, authentication, "srtcp-cipher", G_TYPE_STRING, cipher,
        "srtcp-auth", G_TYPE_STRING, authentication, nullptr);
    gst_buffer_unref(buffer);
    return caps;
}

}  // namespace endpoint
