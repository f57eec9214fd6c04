#include "signaling/auth/digest_credentials.h"

#include <catch2/catch.hpp>

using namespace signaling;

TEST_CASE("The example of RFC 7616 is answered as the RFC says, by both algorithms") {
    // RFC 7616 3.9.1
    const std::string common =
        "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", "
        "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, "
        "cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, "
        "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", ";
    const auto md5 =
        parse_digest(common + "response=\"8ca523f5e9506fed4657c9700eebdbec\", algorithm=MD5");
    const auto sha = parse_digest(
        common +
        "response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\", "
        "algorithm=SHA-256");

    REQUIRE((md5 && sha));
    for (const auto& said : {*md5, *sha}) {
        const std::string secret =
            digest_secret(said.algorithm, "Mufasa", "http-auth@example.org", "Circle of Life");
        CHECK(expected_response(said, "GET", secret) == said.response);
        CHECK(expected_response(said, "POST", secret) != said.response);
    }
}

TEST_CASE("The example of RFC 2069 without qop is answered, too") {
    // RFC 2069 2.4, with the erratum's response.
    const auto said = parse_digest(
        "Digest username=\"Mufasa\",realm=\"testrealm@host.com\","
        "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\",uri=\"/dir/index.html\","
        "response=\"1949323746fe6a43ef61f9606e7febea\"");

    REQUIRE(said);
    CHECK(expected_response(*said, "GET",
                            digest_secret(DigestAlgorithm::Md5, "Mufasa", "testrealm@host.com",
                                          "CircleOfLife")) == said->response);
}

TEST_CASE("Names and quotations are read as the grammar allows") {
    const auto said = parse_digest(
        "  dIgEsT  Username = \"a \\\"b\\\" c\" ,, realm=r,nonce=\"n\"\r\n\t, uri=\"sip:x@y\", "
        "response=\"0123456789ABCDEF0123456789abcdef\"");

    REQUIRE(said);
    CHECK(said->username == "a \"b\" c");
    CHECK(said->response == "0123456789abcdef0123456789abcdef");
}

TEST_CASE("What is not whole is nothing") {
    const std::string good =
        "Digest username=\"a\",nonce=\"n\",uri=\"u\",response=\"0123456789abcdef0123456789abcdef\"";
    REQUIRE(parse_digest(good));
    for (const std::string& header :
         {std::string(), std::string("Digest"), std::string("Basic YTpi"), std::string("Digest "),
          std::string("Digestusername=\"a\""), good + ",qop=auth",
          good + ",qop=auth-int,cnonce=\"x\",nc=00000001", good + ",qop=auth,cnonce=\"x\",nc=1",
          good + ",qop=auth,cnonce=\"x\",nc=0000000g", good + ",algorithm=SHA-512-256",
          good + ",algorithm=SHA-256", good + ",nonce=\"m\"", good + ",x", good + ",x=\"y",
          good + ",x=\"y\\",
          "Digest username=\"\"" + good.substr(std::string_view("Digest username=\"a\"").size()),
          "Digest " + good.substr(good.find("nonce"))}) {
        INFO(header);
        CHECK_FALSE(parse_digest(header));
    }
}
