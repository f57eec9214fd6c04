#include "signaling/sip/caller_names.h"

#include <catch2/catch.hpp>

using signaling::caller_name;
using signaling::percent_decoded;
using signaling::uri_parameter;

TEST_CASE("A caller is called by the display name, without quotes and escapes") {
    CHECK(caller_name("\"Anna \\\"A\\\" Test\" ", "anna", "example.org") == "Anna \"A\" Test");
    CHECK(caller_name("Anna Test", "anna", "example.org") == "Anna Test");
    CHECK(caller_name("\"Zoë Ångström 山田\"", "z", "h") == "Zoë Ångström 山田");
}

TEST_CASE("Without a display name the user part serves, then the host") {
    CHECK(caller_name("", "anna%20b", "example.org") == "anna b");
    CHECK(caller_name("\"\"", "anna", "example.org") == "anna");
    CHECK(caller_name("\"  \"", "", "example.org") == "example.org");
    CHECK(caller_name("", "", "") == "anonymous");
}

TEST_CASE("A name is valid UTF-8 without control characters") {
    CHECK(caller_name("\"a\tb\x7f"
                      "c\"",
                      "", "") == "a b c");
    CHECK(caller_name("\"a\xc2\x85z\"", "", "") == "a z");
    CHECK(caller_name("\"\xff"
                      "a\"",
                      "", "") ==
          "\xef\xbf\xbd"
          "a");
    CHECK(caller_name("\"\xc0\xaf\"", "", "") == "\xef\xbf\xbd\xef\xbf\xbd");
    CHECK(caller_name("\"\xed\xa0\x80\"", "", "") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    CHECK(caller_name("\"\xe2\x82\"", "", "") == "\xef\xbf\xbd\xef\xbf\xbd");
    CHECK(caller_name("\"\xf0\x9f\x98\x80\"", "", "") == "\xf0\x9f\x98\x80");
    CHECK(caller_name("\"\xf5\x80\"", "", "") == "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST_CASE("A name ends after 64 characters, never inside one") {
    std::string umlauts = "\"";
    for (int i = 0; i < 100; ++i) umlauts += "ü";

    CHECK(caller_name(umlauts + "\"", "", "").size() == 128);
}

TEST_CASE("Percent escapes are undone and broken ones stay") {
    CHECK(percent_decoded("a%20b%41") == "a bA");
    CHECK(percent_decoded("100%") == "100%");
    CHECK(percent_decoded("%zz%4") == "%zz%4");
    CHECK(percent_decoded("") == "");
}

TEST_CASE("A parameter of a URI is found in any case, and the first counts") {
    CHECK(uri_parameter("user=phone;LAYOUT=1%2B5;layout=grid", "layout") == "1+5");
    CHECK(uri_parameter("layout=a=b", "layout") == "a=b");
    CHECK(uri_parameter("layout", "layout").empty());
    CHECK(uri_parameter("layouts=x;xlayout=y;;", "layout").empty());
    CHECK(uri_parameter("layout=;layout=x", "layout").empty());
    CHECK(uri_parameter("", "layout").empty());
    CHECK(uri_parameter("layout=" + std::string(255, 'a'), "layout").size() == 255);
    CHECK(uri_parameter("layout=" + std::string(256, 'a'), "layout").empty());
}
