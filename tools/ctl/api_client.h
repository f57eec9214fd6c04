#pragma once

#include <string>

#include "common/result.h"

namespace ctl {

/// Asks tessera-signald's API. Blocks, at most ten seconds a request.
class ApiClient {
  public:
    /// `base`: "http://127.0.0.1:8060"; `token`: as in signald's token file.
    ApiClient(std::string base, std::string token)
        : base_(std::move(base)), token_(std::move(token)) {}

    /// The body of a 2xx answer. Fails with Unavailable when nobody answers; else with the API's
    /// own sentence, NotFound for 404.
    [[nodiscard]] common::Result<std::string> get(const std::string& path) const;
    [[nodiscard]] common::Result<std::string> post(const std::string& path,
                                                   const std::string& json) const;

    /// One segment of a path, percent-encoded.
    [[nodiscard]] static std::string segment(const std::string& text);

  private:
    [[nodiscard]] common::Result<std::string> send(const char* method, const std::string& path,
                                                   const std::string& body) const;
    std::string base_;
    std::string token_;
};

}  // namespace ctl
