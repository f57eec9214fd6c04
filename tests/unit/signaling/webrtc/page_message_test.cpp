#include "signaling/webrtc/page_message.h"

#include <catch2/catch.hpp>

using namespace signaling;

namespace {

/// "4001 bad_message", or "0 too_long"; empty: taken.
std::string fault_of(const std::string& text) {
    const auto message = read_page_message(text);
    if (message) return "";
    return std::to_string(message.error().close) + " " + message.error().code;
}

std::string nested(int depth) {
    return R"({"type":"leave","n":1,"x":)" + std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']') + "}";
}

}  // namespace

TEST_CASE("A message of the page is read with its number, its ack and its members") {
    const auto message =
        read_page_message(R"({"type":"chat","n":8,"ack":3,"text":"Hello","key":"k1","more":[1]})");

    REQUIRE(message);
    CHECK(message->type == "chat");
    CHECK(message->n == 8);
    CHECK(message->ack == 3);
    CHECK(message->text("text") == "Hello");
    CHECK(message->has("more"));
    CHECK(message->text("more").empty());
    CHECK_FALSE(message->flag("text"));
}

TEST_CASE("An ack has no number") {
    const auto message = read_page_message(R"({"type":"ack","ack":64})");

    REQUIRE(message);
    CHECK(message->n == 0);
    CHECK(message->ack == 64);
}

TEST_CASE("A broken envelope breaks the connection") {
    for (const char* text :
         {"{", "7", "[]", "{}", R"({"type":7,"n":1})", R"({"type":"leave"})",
          R"({"type":"leave","n":0})", R"({"type":"leave","n":-1})", R"({"type":"leave","n":1.5})",
          R"({"type":"leave","n":9007199254740992})", R"({"type":"leave","n":1,"ack":"1"})",
          "{\"type\":\"leave\",\"n\":1,\"x\":\"\xff\"}"}) {
        INFO(text);
        CHECK(fault_of(text) == "4001 bad_message");
    }
}

TEST_CASE("Nesting is taken to a depth of sixteen, brackets in a text are none") {
    CHECK(fault_of(nested(15)).empty());
    CHECK(fault_of(nested(16)) == "4001 bad_message");
    CHECK(fault_of(nested(100'000)) == "4001 bad_message");
    CHECK(fault_of(R"({"type":"chat","n":1,"text":"[[[[[[[[[[[[[[[[[[[[[\"[["})").empty());
}

TEST_CASE("A member missing or of another type is told by its name, and breaks nothing") {
    for (const char* text : {R"({"type":"join","n":1,"room":"demo"})",
                             R"({"type":"join","n":1,"room":"demo","name":""})",
                             R"({"type":"join","n":1,"room":"demo","name":"A","device":"toaster"})",
                             R"({"type":"join","n":1,"room":"demo","name":"A","portrait":"yes"})",
                             R"({"type":"mute","n":1})", R"({"type":"mute","n":1,"audio":1})",
                             R"({"type":"layout","n":1,"scope":"all","name":null})",
                             R"({"type":"layout","n":1,"scope":"me"})",
                             R"({"type":"trickle","n":1,"ufrag":"EsAw","candidates":[7]})",
                             R"({"type":"answer","n":1,"sdp":"v=0"})",
                             R"({"type":"view","n":1,"self":"no"})", R"({"type":"hand","n":1})"}) {
        INFO(text);
        CHECK(fault_of(text) == "0 bad_message");
        CHECK(read_page_message(text).error().n == 1);
    }
    CHECK(read_page_message(R"({"type":"hand","n":1})").error().text == "hand: raised is missing");
}

TEST_CASE("An unknown type and a text that is too long are told as such") {
    CHECK(fault_of(R"({"type":"weather","n":4})") == "0 unknown_type");
    CHECK(read_page_message(R"({"type":"weather","n":4})").error().n == 4);
    const std::string letters = [] {
        std::string text;
        for (int i = 0; i < 2000; ++i) text += "\u00fc";
        return text;
    }();
    CHECK(fault_of(R"({"type":"chat","n":1,"text":")" + letters + "\"}").empty());
    CHECK(fault_of(R"({"type":"chat","n":1,"text":")" + letters + "x\"}") == "0 too_long");
}
